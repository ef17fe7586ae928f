"""Stories of positions that are no trade's, and of a command to close the whole account."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from autoscalper.broker import foreign, journal
from autoscalper.broker.book import Book
from autoscalper.broker.commands import CancelOrder, Command, PlaceForeign
from autoscalper.broker.events import (
    CommandArrived,
    Event,
    Fill,
    FillReported,
    Holding,
    OrderErrored,
    OrderReport,
    PositionReported,
    Snapshot,
)
from autoscalper.broker.foreign_orders import ForeignOrder
from autoscalper.broker.journal import Journal
from autoscalper.domain.identity import (
    ClientOrderId,
    CommandId,
    ConId,
    ExecId,
    IbOrderId,
    PermId,
)
from autoscalper.domain.order import OrderStatus, Purpose, Side
from autoscalper.links import any_to_alert
from autoscalper.links.alert_to_broker import CloseTrades, NamedPosition, Scope
from autoscalper.links.any_to_alert import CommandAnswered, CommandState
from autoscalper.runtime.log import Log
from autoscalper.runtime.store import Store
from tests.fakes.posts import FixedClock
from tests.unit.broker.model_gateway import ModelGateway
from tests.unit.broker.story import CALL, SETTINGS, Story, entry

SHARES = ConId(501)
SHORT_PUT = ConId(502)
FUTURE = ConId(503)
NAMES = {
    SHARES: ("STK", "KO"),
    SHORT_PUT: ("OPT", "F 11P 2026-12-18"),
    FUTURE: ("FUT", "MES 2026-12-18"),
}


class AccountGateway(ModelGateway):
    """A gateway whose account holds more than AutoScalper's trades."""

    def __init__(self) -> None:
        super().__init__()
        self.foreign: dict[ClientOrderId, ForeignOrder] = {}
        #: Every order of these that ever came, in order.
        self.sent: list[ForeignOrder] = []
        #: Working orders of others.
        self.others: list[OrderReport] = []
        #: Whether what comes is lost on its way.
        self.loses = False
        self.refuses = False
        #: Whether it lists what it was sent as inactive.
        self.is_inactive = False

    def hold(self, con_id: ConId, qty: int) -> None:
        self.positions[con_id] = qty

    def snapshot(self, number: int) -> Snapshot:
        for con_id, qty in self.positions.items():
            self.tell_position(con_id, qty)
        taken = super().snapshot(number)
        theirs = tuple(self.report(each) for each in self.foreign.values() if each.is_live)
        return replace(taken, open_orders=(*taken.open_orders, *theirs, *self.others))

    def tell_position(self, con_id: ConId, qty: int) -> None:
        kind, name = NAMES.get(con_id, ("OPT", str(CALL)))
        holding = Holding(
            con_id=con_id, kind=kind, name=name, symbol="X", currency="USD", qty=Decimal(qty)
        )
        self.outbox.append(PositionReported(con_id=con_id, position=qty, holding=holding))

    def report(self, order: ForeignOrder) -> OrderReport:
        status = OrderStatus.IN_DOUBT if self.is_inactive else OrderStatus.NEW
        return OrderReport(
            ib_order_id=order.ib_order_id,
            client_order_id=order.client_order_id,
            perm_id=PermId(order.ib_order_id + 800_000),
            status=status,
            order_qty=order.order_qty,
            con_ids=(order.holding.con_id,),
            side=order.side,
        )

    def _carry_out(self, command: Command) -> None:
        if not isinstance(command, PlaceForeign):
            super()._carry_out(command)
        elif not self.loses:
            self._accept_foreign(command.order)

    def _accept_foreign(self, order: ForeignOrder) -> None:
        assert order.ib_order_id >= self.next_order_id, "an order id was given out twice"
        assert order.client_order_id not in self.foreign, "an order was sent twice"
        self.next_order_id = IbOrderId(order.ib_order_id + 1)
        self.sent.append(order)
        if self.refuses:
            refusal = OrderErrored(ib_order_id=order.ib_order_id, code=201, text="no shorting")
            self.outbox.append(refusal)
            return
        self.foreign[order.client_order_id] = replace(order, status=OrderStatus.NEW)
        self.say(self.report(order))

    def fill_foreign(self, con_id: ConId, qty: int, price: str) -> None:
        (order,) = [each for each in self.foreign.values() if each.holding.con_id == con_id]
        cum_qty = order.cum_qty + qty
        is_full = cum_qty == order.order_qty
        status = OrderStatus.FILLED if is_full else OrderStatus.NEW
        self.foreign[order.client_order_id] = replace(order, cum_qty=cum_qty, status=status)
        sign = 1 if order.side is Side.BUY else -1
        self.positions[con_id] += sign * qty
        fill = Fill(
            exec_id=ExecId(f"f.{order.ib_order_id}.{cum_qty}.01"),
            client_order_id=order.client_order_id,
            ib_order_id=order.ib_order_id,
            perm_id=PermId(order.ib_order_id + 800_000),
            con_id=con_id,
            side=order.side,
            last_qty=qty,
            last_price=Decimal(price),
            executed_at=self.now,
        )
        self.fills.append(fill)
        self.outbox.append(FillReported(fill=fill))
        self.tell_position(con_id, self.positions[con_id])


def fill_of(con_id: ConId, qty: int, executed_at: datetime) -> Fill:
    return Fill(
        exec_id=ExecId("hand.1.01"),
        client_order_id=ClientOrderId(""),
        ib_order_id=IbOrderId(0),
        perm_id=PermId(1),
        con_id=con_id,
        side=Side.SELL,
        last_qty=qty,
        last_price=Decimal(1),
        executed_at=executed_at,
    )


class AccountStory(Story):
    """A story at an account that holds other things."""

    gateway: AccountGateway

    def __init__(self, gateway: AccountGateway | None = None) -> None:
        super().__init__(SETTINGS, gateway or AccountGateway())

    def shown(self) -> list[tuple[str, int]]:
        found = foreign.positions(self.book, self.now)
        return [(holding.name, qty) for holding, qty in found]

    def close_account(self, number: int = 1) -> None:
        """Confirm the closing of everything that is shown now."""
        positions = tuple(
            NamedPosition(con_id=holding.con_id, name=holding.name, qty=qty)
            for holding, qty in foreign.positions(self.book, self.now)
        )
        self.command(positions, number)

    def command(self, positions: tuple[NamedPosition, ...], number: int = 1) -> None:
        self.given = CloseTrades(
            command_id=CommandId(f"button {number}"),
            given_at=self.now,
            scope=Scope.ACCOUNT,
            positions=positions,
        )
        self.give()

    def give(self) -> None:
        self.hear(CommandArrived(command=self.given))
        self._flow()

    def fill_foreign(self, con_id: ConId, qty: int, price: str = "1.00") -> None:
        self.gateway.now = self.now
        self.gateway.fill_foreign(con_id, qty, price)
        self._flow()

    def answer(self) -> tuple[CommandState, tuple[str, ...]]:
        given = [each for each in self.notices if isinstance(each, CommandAnswered)]
        return given[-1].state, given[-1].lines

    def sent(self) -> list[tuple[str, str, int]]:
        return [(each.holding.name, each.side.value, each.order_qty) for each in self.gateway.sent]


def account(**held: int) -> AccountStory:
    """Return a connected story in which the account holds 100 shares and is short two puts."""
    story = AccountStory()
    story.gateway.hold(SHARES, held.get("shares", 100))
    story.gateway.hold(SHORT_PUT, held.get("puts", -2))
    story.connect()
    return story


def three_more_than_ours(shares: int = 0) -> AccountStory:
    """Two contracts of a trade, and three of somebody's beside them."""
    story = account(shares=shares, puts=0)
    story.post(entry())
    story.fill(Purpose.ENTRY)
    story.gateway.positions[story.con_id] += 3
    story.gateway.tell_position(story.con_id, 5)
    story.wait(6)
    return story


def test_what_no_trade_explains_is_shown() -> None:
    story = account()
    story.post(entry())
    story.fill(Purpose.ENTRY)
    story.wait(6)
    assert story.shown() == [("KO", 100), ("F 11P 2026-12-18", -2)]


def test_more_of_a_contract_than_its_trade_holds_is_shown() -> None:
    story = three_more_than_ours()
    assert story.shown() == [(str(CALL), 3)]


def test_closing_the_account_sells_what_is_long_and_buys_back_what_is_short() -> None:
    story = account()
    story.close_account()
    assert story.sent() == [("KO", "sell", 100), ("F 11P 2026-12-18", "buy", 2)]
    state, lines = story.answer()
    assert state is CommandState.UNDER_WAY
    assert lines == (
        "KO: selling 100 at the market",
        "F 11P 2026-12-18: buying back 2 at the market",
    )
    story.fill_foreign(SHARES, 40, "61.20")
    assert story.answer()[1][0] == "KO: selling 60 at the market, sold 40 at 61.20 so far"
    story.fill_foreign(SHARES, 60, "61.30")
    story.fill_foreign(SHORT_PUT, 2, "0.35")
    assert story.answer() == (
        CommandState.DONE,
        ("KO: sold 100 at 61.26", "F 11P 2026-12-18: bought 2 at 0.35"),
    )
    story.wait(30)
    assert len(story.sent()) == 2
    assert story.gateway.positions == {SHARES: 0, SHORT_PUT: 0}


def test_closing_only_our_own_leaves_the_rest_alone() -> None:
    story = account()
    story.given = CloseTrades(command_id=CommandId("button 1"), given_at=story.now)
    story.give()
    assert story.answer() == (CommandState.DONE, ("Nothing is open.",))
    story.wait(10)
    assert story.sent() == []


def test_our_own_trade_is_closed_first_and_what_is_left_of_its_contract_after_it() -> None:
    story = three_more_than_ours()
    story.close_account()
    story.wait(2)
    assert story.sent() == []
    story.fill(Purpose.EXIT)
    assert story.sent() == []
    story.wait(foreign.SETTLED.total_seconds() + 2)
    assert story.sent() == [(str(CALL), "sell", 3)]
    story.fill_foreign(story.con_id, 3)
    assert story.answer()[0] is CommandState.DONE
    assert story.held == 0


def test_what_is_ordered_is_not_ordered_again_while_another_position_waits() -> None:
    story = three_more_than_ours(shares=100)
    story.close_account()
    story.wait(3)
    assert story.sent() == [("KO", "sell", 100)]
    assert not any("left alone" in line for line in story.answer()[1])


def test_what_was_closed_by_hand_while_the_gateway_was_away_is_not_shown() -> None:
    story = account(puts=0)
    story.lose()
    del story.gateway.positions[SHARES]
    story.connect()
    assert story.shown() == []


def test_never_more_is_closed_than_was_named() -> None:
    story = account()
    story.command((NamedPosition(con_id=SHARES, name="KO", qty=30),))
    assert story.sent() == [("KO", "sell", 30)]
    assert story.answer()[1][1] == (
        "F 11P 2026-12-18: left alone, it was not named in what you confirmed"
    )


def test_never_more_is_closed_than_is_held_by_then() -> None:
    story = account()
    named = NamedPosition(con_id=SHARES, name="KO", qty=100)
    story.gateway.positions[SHARES] = 25
    story.command((named,))
    assert story.sent() == [("KO", "sell", 25)]


def test_a_position_that_is_not_held_any_more_is_no_failure() -> None:
    story = account(puts=0)
    named = NamedPosition(con_id=SHARES, name="KO", qty=100)
    story.gateway.positions[SHARES] = 0
    story.command((named,))
    assert story.sent() == []
    assert story.answer() == (CommandState.DONE, ("KO: not held any more",))


def test_a_position_that_turned_around_is_left_alone() -> None:
    story = account(puts=0)
    named = NamedPosition(con_id=SHARES, name="KO", qty=100)
    story.gateway.positions[SHARES] = -100
    story.command((named,))
    assert story.sent() == []
    expected = ("KO: left alone, it was 100 and is -100 now",)
    assert story.answer() == (CommandState.PARTLY, expected)


def working(
    side: Side, qty: int, *con_ids: ConId, ib_order_id: int = 0, ref: str | None = "by hand"
) -> OrderReport:
    return OrderReport(
        ib_order_id=IbOrderId(ib_order_id),
        client_order_id=None if ref is None else ClientOrderId(ref),
        status=OrderStatus.NEW,
        order_qty=qty,
        con_ids=con_ids,
        side=side,
    )


def test_what_a_working_order_of_somebody_else_would_sell_is_not_sold_as_well() -> None:
    story = account(puts=0)
    story.gateway.others = [working(Side.SELL, 70, SHARES), working(Side.BUY, 900, SHARES)]
    story.close_account()
    assert story.sent() == [("KO", "sell", 30)]
    story.fill_foreign(SHARES, 30)
    assert story.answer() == (
        CommandState.PARTLY,
        ("KO: sold 30 at 1.00, 70 left to other working orders",),
    )


def test_an_order_of_another_client_with_the_same_number_is_not_taken_for_ours() -> None:
    story = account(puts=0)
    story.command((NamedPosition(con_id=SHARES, name="KO", qty=10),), 1)
    (ours,) = story.gateway.sent
    theirs = working(Side.SELL, 60, SHARES, ib_order_id=ours.ib_order_id, ref=None)
    story.gateway.others = [theirs]
    story.command((NamedPosition(con_id=SHARES, name="KO", qty=100),), 2)
    assert story.sent() == [("KO", "sell", 10), ("KO", "sell", 30)]


def test_an_order_that_is_lost_is_not_found_in_another_clients_with_the_same_number() -> None:
    story = account(puts=0)
    story.gateway.loses = True
    story.command((NamedPosition(con_id=SHARES, name="KO", qty=10),))
    (ours,) = story.book.requests[story.given.command_id].foreign
    theirs = working(Side.SELL, 60, SHARES, ib_order_id=ours.ib_order_id, ref=None)
    story.gateway.others = [theirs]
    story.wait(15)
    assert story.answer()[0] is CommandState.PARTLY


def test_a_position_that_somebody_just_traded_waits_until_the_account_shows_it() -> None:
    story = account(puts=0)
    story.gateway.now = story.now
    # Sold at a terminal a moment ago; the account does not show it yet.
    story.gateway.fills.append(fill_of(SHARES, 100, story.now))
    story.command((NamedPosition(con_id=SHARES, name="KO", qty=100),))
    story.wait(3)
    assert story.sent() == []
    story.gateway.positions[SHARES] = 0
    story.wait(5)
    assert story.sent() == []
    assert story.answer() == (CommandState.DONE, ("KO: not held any more",))


def test_a_position_that_is_being_sold_wholly_by_somebody_else_is_left_alone() -> None:
    story = account(puts=0)
    story.gateway.others = [working(Side.SELL, 60, SHARES), working(Side.SELL, 60, SHARES)]
    story.close_account()
    assert story.sent() == []
    assert story.answer()[1] == ("KO: left alone, a working order takes all of it already",)


def test_the_leg_of_a_working_combination_is_left_alone() -> None:
    story = account(shares=0)
    story.gateway.others = [working(Side.BUY, 1, ConId(0), SHORT_PUT, ConId(9))]
    story.close_account()
    assert story.sent() == []
    expected = "F 11P 2026-12-18: left alone, a combination order works on it"
    assert story.answer()[1] == (expected,)


def test_what_cannot_be_closed_for_certain_is_left_alone_and_said() -> None:
    story = account(shares=0, puts=0)
    story.gateway.hold(FUTURE, 1)
    story.wait(1)
    story.command((NamedPosition(con_id=FUTURE, name="MES 2026-12-18", qty=1),))
    assert story.sent() == []
    expected = "MES 2026-12-18: left alone, FUT cannot be closed from here, use IBKR's own app"
    assert story.answer() == (CommandState.PARTLY, (expected,))


def test_twice_in_a_row_closes_once() -> None:
    story = account()
    story.close_account(1)
    story.close_account(2)
    story.wait(3)
    assert story.sent() == [("KO", "sell", 100), ("F 11P 2026-12-18", "buy", 2)]
    story.fill_foreign(SHARES, 100)
    story.close_account(3)
    story.wait(10)
    assert len(story.sent()) == 2
    assert story.gateway.positions[SHARES] == 0


def test_a_position_that_lags_behind_its_fill_is_not_closed_again() -> None:
    story = account(puts=0)
    named = (NamedPosition(con_id=SHARES, name="KO", qty=100),)
    story.command(named, 1)
    story.fill_foreign(SHARES, 100)
    # The account still shows what was sold.
    story.gateway.positions[SHARES] = 100
    story.command(named, 2)
    story.wait(3)
    assert len(story.sent()) == 1
    story.gateway.positions[SHARES] = 0
    story.wait(10)
    assert len(story.sent()) == 1


def test_a_command_while_the_gateway_is_away_is_carried_out_when_it_is_back() -> None:
    story = account(puts=0)
    story.lose()
    story.close_account()
    assert story.answer()[0] is CommandState.UNDER_WAY
    assert story.sent() == []
    story.wait(120, step=10)
    story.connect()
    assert story.sent() == [("KO", "sell", 100)]


def test_a_gateway_that_is_away_for_too_long_closes_nothing_any_more() -> None:
    story = account(puts=0)
    story.lose()
    story.close_account()
    story.wait(foreign.ORDERED_WITHIN.total_seconds() + 10, step=60)
    story.connect()
    assert story.sent() == []
    expected = ("KO: left alone, too late, command again",)
    assert story.answer() == (CommandState.PARTLY, expected)


def test_an_order_that_never_arrived_is_given_up_and_not_sent_again() -> None:
    story = account(puts=0)
    story.gateway.loses = True
    story.close_account()
    story.wait(15)
    assert story.answer() == (
        CommandState.PARTLY,
        ("KO: nothing sold: the gateway knows nothing of the order",),
    )
    story.gateway.loses = False
    story.wait(15)
    assert story.sent() == []
    story.close_account(2)
    assert story.sent() == [("KO", "sell", 100)]


def test_an_order_that_arrives_late_is_found_before_it_is_given_up() -> None:
    story = account(puts=0)
    story.gateway.loses = True
    story.close_account()
    story.wait(2.8)
    (order,) = story.book.requests[story.given.command_id].foreign
    assert (order.status, order.missed) == (OrderStatus.IN_DOUBT, True)
    story.gateway.foreign[order.client_order_id] = replace(order, status=OrderStatus.NEW)
    story.wait(5)
    story.fill_foreign(SHARES, 100)
    assert story.answer() == (CommandState.DONE, ("KO: sold 100 at 1.00",))


def test_an_order_that_is_listed_and_does_not_work_is_given_up_and_canceled() -> None:
    story = account(puts=0)
    story.gateway.is_inactive = True
    story.close_account()
    story.wait(10)
    assert story.answer()[0] is CommandState.PARTLY
    canceled = [each for each in story.commands if isinstance(each, CancelOrder)]
    assert {each.ib_order_id for each in canceled} == {story.gateway.sent[0].ib_order_id}


def test_an_order_that_shows_up_after_it_was_given_up_is_canceled() -> None:
    story = account(puts=0)
    story.gateway.loses = True
    story.close_account()
    story.wait(15)
    (order,) = story.book.requests[story.given.command_id].foreign
    story.gateway.foreign[order.client_order_id] = replace(order, status=OrderStatus.NEW)
    before = len(story.commands)
    story.close_account(2)
    story.settle()
    cancels = [each for each in story.commands[before:] if isinstance(each, CancelOrder)]
    assert [each.ib_order_id for each in cancels] == [order.ib_order_id]
    assert story.sent() == []


def test_a_refused_order_is_told_with_the_reason_and_not_repeated() -> None:
    story = account(shares=0)
    story.gateway.refuses = True
    story.close_account()
    expected = ("F 11P 2026-12-18: nothing bought: refused, 201 no shorting",)
    assert story.answer() == (CommandState.PARTLY, expected)
    story.wait(20)
    assert len(story.sent()) == 1


@pytest.mark.parametrize("arrived", [True, False])
def test_a_death_between_intent_and_answer_closes_nothing_twice(
    tmp_path: Path, arrived: bool
) -> None:
    store = Store(tmp_path / "broker.db", durable=True, schema=journal.SCHEMA)
    memory = Journal(store, Log(store, any_to_alert.FROM_BROKER, FixedClock()))

    def keep(book: Book) -> None:
        with store.transaction():
            memory.keep(book.changes)

    story = account(puts=0)
    story.keep = keep
    story.flows = False
    story.close_account()
    while not any(isinstance(each, PlaceForeign) for each in story.gateway.inbox):
        story.gateway.take_in()
        said: list[Event] = story.gateway.outbox
        story.gateway.outbox = []
        story.hear(*said)
    if arrived:
        story.gateway.take_in()
    story.gateway.inbox, story.gateway.outbox = [], []

    again = AccountStory(story.gateway)
    memory.load(again.book, story.now)
    again.now = story.now + timedelta(seconds=2)
    again.given = story.given
    again.connect()
    again.give()
    again.wait(15)
    store.close()
    assert len(again.sent()) == int(arrived)
    if arrived:
        again.fill_foreign(SHARES, 100, "61.00")
        assert again.answer() == (CommandState.DONE, ("KO: sold 100 at 61.00",))
    else:
        expected = "KO: nothing sold: the gateway knows nothing of the order"
        assert again.answer() == (CommandState.PARTLY, (expected,))
