"""Ours against theirs, after every connection."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from autoscalper.broker import reconcile
from autoscalper.broker.commands import CancelOrder
from autoscalper.broker.events import (
    Fill,
    LinkDegraded,
    LinkRestored,
    OrderReport,
    PositionReported,
    Snapshot,
)
from autoscalper.broker.orders import Terms
from autoscalper.domain.identity import ClientOrderId, ConId, ExecId, IbOrderId, PermId
from autoscalper.domain.instruction import AddToTrade, CloseTrade
from autoscalper.domain.order import OrderStatus, Purpose, Side
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.domain.settings import BrokerSettings
from tests.unit.broker.model_gateway import Held, ModelGateway
from tests.unit.broker.story import Story, entry, opened

NOTHING = Snapshot(
    open_orders=(),
    fills=(),
    completed=(),
    positions={},
    next_order_id=IbOrderId(1),
    number=0,
)


def sent(arrives: int | None = None) -> Story:
    """An entry that was sent; the connection ended before anything was heard of it.

    Args:
        arrives: how many of the commands that are on the way still arrive.
    """
    story = Story()
    story.connect()
    story.flows = False
    story.post(entry())
    for _ in range(2):
        story.gateway.take_in()
        story.hear(*story.gateway.outbox)
        story.gateway.outbox.clear()
    assert story.order(Purpose.ENTRY).status is OrderStatus.IN_DOUBT
    story.gateway.take_in(arrives)
    story.lose()
    story.flows = True
    return story


def test_an_order_that_arrived_is_adopted() -> None:
    story = sent()
    story.connect()

    order = story.order(Purpose.ENTRY)
    assert order.status is OrderStatus.NEW
    assert order.perm_id == story.at_gateway(Purpose.ENTRY).perm_id
    assert len(story.gateway.accepted) == 4


def test_an_entry_that_filled_meanwhile_is_adopted_and_its_post_answered() -> None:
    story = sent()
    story.fill(Purpose.ENTRY)
    story.connect()
    story.wait(2)

    (outcome,) = story.outcomes.values()
    assert str(outcome).startswith("traded: bought 2 at 0.40")
    assert story.gateway.stops(story.con_id) == 2


def test_an_entry_that_never_arrived_is_given_up_after_two_looks_and_stays_so() -> None:
    story = sent(arrives=0)
    story.connect()
    assert story.order(Purpose.ENTRY).status is OrderStatus.IN_DOUBT
    assert not story.outcomes

    story.wait(4)
    assert story.order(Purpose.ENTRY).status is OrderStatus.ABANDONED
    (outcome,) = story.outcomes.values()
    assert outcome.kind is OutcomeKind.EXPIRED
    assert "never reached the gateway" in outcome.detail
    assert not story.trade.is_open

    story.wait(60)
    assert story.gateway.accepted == {}


def test_giving_up_takes_time_however_often_the_gateway_is_asked() -> None:
    story = sent(arrives=0)
    for _ in range(5):
        story.wait(0.1)
        story.connect()
        story.lose()
    assert story.order(Purpose.ENTRY).missed
    assert story.order(Purpose.ENTRY).status is OrderStatus.IN_DOUBT


def test_what_is_given_up_is_also_canceled_at_the_gateway() -> None:
    story = sent(arrives=0)
    story.connect()
    story.wait(4)

    canceled = {each.ib_order_id for each in story.commands if isinstance(each, CancelOrder)}
    assert canceled == {order.ib_order_id for order in story.book.orders.values()}


def test_an_entry_that_shows_up_late_is_canceled() -> None:
    story = sent(arrives=0)
    story.connect()
    story.wait(4)
    entry_order = story.order(Purpose.ENTRY)
    story.gateway._place((entry_order,))  # the gateway accepts it late
    story.settle()
    story.wait(1)

    assert story.live() == {}
    assert story.order(Purpose.ENTRY).status is OrderStatus.CANCELED


def test_completed_orders_that_never_come_are_unknown_and_not_empty() -> None:
    story = opened()
    story.lose()
    for held in story.gateway.live():
        held.status = OrderStatus.CANCELED
    story.gateway.answers_completed = False
    story.connect()

    assert story.order(Purpose.STOP_LOSS).status is OrderStatus.IN_DOUBT
    assert story.live() == {}
    story.wait(4)
    assert story.order(Purpose.STOP_LOSS, 0).status is OrderStatus.ABANDONED
    assert story.gateway.stops(story.con_id) == 2


def test_completed_orders_say_at_once_what_became_of_an_order() -> None:
    story = opened()
    story.lose()
    for held in story.gateway.live():
        held.status = OrderStatus.CANCELED
    story.connect()

    assert story.order(Purpose.STOP_LOSS, 0).status is OrderStatus.CANCELED
    story.wait(1)
    assert story.gateway.stops(story.con_id) == 2


def test_a_stop_that_filled_while_nobody_listened_closes_the_trade() -> None:
    story = opened()
    story.lose()
    story.fill(Purpose.STOP_LOSS, price="0.33")
    story.connect()
    story.wait(2)

    assert not story.trade.is_open
    assert story.live() == {}


def test_an_order_that_is_newer_than_the_question_is_not_missing() -> None:
    story = opened()
    number = story.book.ask_for_snapshot(story.now)
    before = story.gateway.snapshot(number)
    story.now += timedelta(seconds=0.1)
    story.exit()
    assert story.live() == {"X0": 2}

    reconcile.reconcile(story.book, before, story.now)

    assert story.order(Purpose.EXIT).status is OrderStatus.NEW


def test_an_order_that_is_listed_as_inactive_is_not_there() -> None:
    story = opened()
    stop = story.order(Purpose.STOP_LOSS)
    snapshot = story.gateway.snapshot(1)
    inactive = tuple(
        replace(report, status=OrderStatus.IN_DOUBT)
        if report.client_order_id == stop.client_order_id
        else report
        for report in snapshot.open_orders
    )
    seen = replace(snapshot, open_orders=inactive)

    story.now += timedelta(seconds=10)
    story.book.ask_for_snapshot(story.now)
    reconcile.reconcile(story.book, seen, story.now)
    assert story.order(Purpose.STOP_LOSS).status is OrderStatus.IN_DOUBT
    assert story.order(Purpose.STOP_LOSS).missed

    story.now += timedelta(seconds=4)
    commands = reconcile.reconcile(story.book, seen, story.now)
    assert story.order(Purpose.STOP_LOSS).status is OrderStatus.ABANDONED
    assert commands == [CancelOrder(ib_order_id=stop.ib_order_id)]


@pytest.mark.parametrize(
    ("first", "second", "canceled"), [(7, 8, 1), (7, 7, 0), (0, 8, 0), (7, 0, 0)]
)
def test_two_live_orders_of_one_id_are_found_by_their_perm_ids(
    first: int, second: int, canceled: int
) -> None:
    story = opened()
    stop = story.order(Purpose.STOP_LOSS)
    twins = tuple(
        OrderReport(
            ib_order_id=stop.ib_order_id,
            client_order_id=stop.client_order_id,
            perm_id=PermId(perm_id) if perm_id else None,
            status=OrderStatus.NEW,
        )
        for perm_id in (first, second)
    )
    snapshot = story.gateway.snapshot(1)
    seen = replace(snapshot, open_orders=(*twins, *snapshot.open_orders[:1]))
    commands = reconcile.reconcile(story.book, seen, story.now)

    assert commands == [CancelOrder(ib_order_id=stop.ib_order_id)] * canceled


def test_orders_of_others_are_left_alone() -> None:
    story = opened()
    snapshot = story.gateway.snapshot(1)
    others = tuple(
        OrderReport(
            ib_order_id=IbOrderId(number),
            client_order_id=ClientOrderId(ref) if ref else None,
            status=OrderStatus.NEW,
        )
        for number, ref in ((-4, None), (0, "by hand"), (3, None))
    )
    seen = replace(snapshot, open_orders=(*snapshot.open_orders, *others))

    assert reconcile.reconcile(story.book, seen, story.now) == []


def test_order_ids_go_on_above_everything_that_was_ever_used() -> None:
    story = Story()
    used = Fill(
        exec_id=ExecId("1.1"),
        client_order_id=ClientOrderId(""),
        ib_order_id=IbOrderId(870),
        perm_id=PermId(1),
        con_id=ConId(1),
        side=Side.BUY,
        last_qty=1,
        last_price=Decimal(1),
        executed_at=story.now,
    )
    theirs = OrderReport(ib_order_id=IbOrderId(900), status=OrderStatus.NEW)
    for seen, mark in (
        (replace(NOTHING, next_order_id=IbOrderId(800)), 799),
        (replace(NOTHING, fills=(used,)), 870),
        (replace(NOTHING, open_orders=(theirs,)), 900),
        (replace(NOTHING, next_order_id=IbOrderId(5)), 900),
    ):
        reconcile.reconcile(story.book, seen, story.now)
        assert story.book.high_water_mark == mark
    assert story.book.next_ib_order_id() == 901


def test_contracts_that_left_the_account_count_only_when_they_stay_away() -> None:
    story = opened()
    story.wait(5)
    story.reconnect_holding(1)
    assert story.book.held(story.trade) == 2
    assert story.trade.unseen_at == story.now

    story.wait(4)
    assert story.book.held(story.trade) == 1
    assert story.live() == {"T0": 1, "S0": 1}
    assert "left the account by another hand" in story.reports()[0]


def test_positions_that_lag_behind_a_fill_take_no_stop_away() -> None:
    story = opened()
    story.reconnect_holding(0)
    story.wait(1)
    story.gateway.positions[story.con_id] = 2
    story.wait(5)

    assert story.trade.unseen_at is None
    assert story.trade.external_qty == 0
    assert story.live() == {"T0": 2, "S0": 2}


def test_contracts_that_are_back_are_ours_again() -> None:
    story = opened()
    story.wait(5)
    story.reconnect_holding(1)
    story.wait(4)
    assert story.book.held(story.trade) == 1

    story.reconnect_holding(2)
    assert story.book.held(story.trade) == 2
    story.wait(3)
    assert story.gateway.stops(story.con_id) == 2


def test_contracts_that_are_not_ours_are_never_touched() -> None:
    story = opened()
    story.reconnect_holding(7)
    story.exit()

    assert story.live() == {"X0": 2}


def test_a_lost_exit_is_replaced_at_once_when_the_gateway_would_still_take_its_id() -> None:
    story = opened()
    story.post_and_lose(CloseTrade())
    assert story.order(Purpose.EXIT).status is OrderStatus.IN_DOUBT

    story.wait(0.5)
    story.connect()
    story.wait(0.5)

    assert story.order(Purpose.EXIT, 0).status is OrderStatus.ABANDONED
    assert story.live() == {"X1": 2}


def test_a_lost_exit_is_waited_for_when_the_gateway_has_gone_past_its_id() -> None:
    story = opened()
    story.post_and_lose(CloseTrade())
    story.gateway.next_order_id = IbOrderId(story.gateway.next_order_id + 5)

    story.wait(0.5)
    story.connect()
    story.wait(1)
    assert story.live() == {}
    assert story.order(Purpose.EXIT).status is OrderStatus.IN_DOUBT

    story.wait(4)
    assert story.live() == {"X1": 2}


def test_a_stop_that_worked_is_waited_for_even_when_the_gateway_lost_it_and_its_id() -> None:
    story = opened()
    story.gateway.end(story.at_gateway(Purpose.STOP_LOSS))
    story.settle()
    story.wait(1.5)
    stop = story.order(Purpose.STOP_LOSS)
    assert (stop.parent, stop.worked) == (None, True)

    story.lose()
    story.wait(0.5)
    del story.gateway.orders[stop.ib_order_id]
    story.gateway.next_order_id = stop.ib_order_id
    story.connect()

    assert story.book.orders[stop.client_order_id].status is OrderStatus.IN_DOUBT


def test_giving_an_add_up_takes_back_no_more_than_it_asked_for() -> None:
    story = opened(BrokerSettings(max_contracts=4, initial_contracts=2))
    story.post_and_lose(AddToTrade(price=Decimal("0.38")))
    story.trim()
    assert story.trade.hold == 3

    story.connect()
    story.wait(5)

    assert story.order(Purpose.ADD).status is OrderStatus.ABANDONED
    assert story.trade.hold == 1
    assert story.live() == {"S0": 1, "X0": 1, "T2": 1}


def test_the_gateway_is_asked_only_about_what_is_in_doubt_for_a_second() -> None:
    story = opened()
    assert not reconcile.is_due(story.book, story.now)

    stop = story.order(Purpose.STOP_LOSS)
    story.book.put_order(replace(stop, doubted_at=story.now))
    assert not reconcile.is_due(story.book, story.now + timedelta(seconds=0.9))
    assert reconcile.is_due(story.book, story.now + timedelta(seconds=1))

    story.book.snapshot_awaited = True
    assert not reconcile.is_due(story.book, story.now + timedelta(seconds=60))


def forked() -> Story:
    """A stop that a change made two of while the gateway had lost IBKR's servers."""
    story = opened()
    stop = story.order(Purpose.STOP_LOSS)
    story.hear(LinkDegraded())
    story.gateway.fork(stop.ib_order_id, Terms(order_qty=2, stop_price=Decimal("0.35")))
    assert len(story.gateway.live()) == 4
    return story


def test_an_order_that_works_twice_is_canceled_once_and_goes_on_at_its_level() -> None:
    story = forked()
    story.move_stop("0.38")
    story.hear(LinkRestored())
    story.settle()
    assert story.gateway.stops(story.con_id) == 2
    story.wait(5)

    assert story.live() == {"T0": 2, "S0": 2}
    assert story.at_gateway(Purpose.STOP_LOSS).terms.stop_price == Decimal("0.38")
    stop = story.order(Purpose.STOP_LOSS)
    assert (stop.status, stop.twin_perm_id) == (OrderStatus.NEW, None)
    assert stop.perm_id == story.at_gateway(Purpose.STOP_LOSS).perm_id
    (told,) = [text for text in story.reports() if "works twice" in text]
    assert told.startswith("IWM 241C 2026-11-20 stop 0.33 x2 works twice at IBKR")
    assert not reconcile.is_due(story.book, story.now)


def test_when_the_cancel_ends_the_order_that_we_knew_the_other_goes_on_in_its_place() -> None:
    story = forked()
    stop = story.order(Purpose.STOP_LOSS)
    gateway = story.gateway
    older, newer = gateway.forked[stop.ib_order_id], gateway.orders[stop.ib_order_id]
    gateway.forked[stop.ib_order_id], gateway.orders[stop.ib_order_id] = newer, older
    story.hear(LinkRestored())
    story.wait(5)

    assert not older.is_live
    assert story.live() == {"T0": 2, "S0": 2}
    assert story.order(Purpose.STOP_LOSS).perm_id == newer.perm_id
    assert newer.terms.stop_price == story.trade.stop_price


def test_a_second_order_that_nobody_heard_of_is_found_before_long() -> None:
    story = opened()
    stop = story.order(Purpose.STOP_LOSS)
    story.gateway.fork(stop.ib_order_id, stop.terms)
    newer = story.gateway.orders[stop.ib_order_id]
    story.gateway.say(
        OrderReport(
            ib_order_id=stop.ib_order_id,
            client_order_id=stop.client_order_id,
            perm_id=newer.perm_id,
            status=OrderStatus.NEW,
        )
    )
    story.wait(3)

    assert story.live() == {"T0": 2, "S0": 2}


def test_an_exit_gets_out_though_the_stop_works_twice() -> None:
    story = forked()
    story.exit()
    story.hear(LinkRestored())
    story.wait(3)
    assert story.live() == {"X0": 2}
    story.fill(Purpose.EXIT)
    story.wait(3)

    assert story.held == 0
    assert story.live() == {}


def test_what_ended_for_us_and_works_at_the_gateway_is_canceled() -> None:
    story = opened()
    stop = story.order(Purpose.STOP_LOSS)
    story.book.put_order(replace(stop, status=OrderStatus.CANCELED))
    story.lose()
    story.connect()
    story.wait(2)

    assert not story.gateway.orders[stop.ib_order_id].is_live
    assert story.gateway.stops(story.con_id) == 2


def test_contracts_that_are_sold_by_hand_are_noticed_without_a_reconnect() -> None:
    story = opened()
    story.gateway.positions[story.con_id] = 0
    story.hear(PositionReported(con_id=story.con_id, position=0))
    story.wait(2.5)
    assert story.live() == {"T0": 2, "S0": 2}
    story.wait(6)

    assert story.live() == {}
    assert story.trade.closed_at is not None
    assert any("by another hand" in text for text in story.reports())


def test_a_position_that_is_told_before_its_execution_costs_a_look_and_nothing_else() -> None:
    story = opened()
    story.hear(PositionReported(con_id=story.con_id, position=0))
    story.wait(8)

    assert story.trade.is_open
    assert story.trade.unseen_at is None
    assert story.live() == {"T0": 2, "S0": 2}


def test_a_position_as_it_is_counted_raises_no_doubt() -> None:
    story = opened()
    story.hear(PositionReported(con_id=story.con_id, position=2))
    assert story.trade.unseen_at is None


def test_a_stop_that_the_gateway_lost_is_placed_anew_after_two_looks_a_second_apart() -> None:
    story = opened()
    stop = story.order(Purpose.STOP_LOSS)
    story.lose()
    del story.gateway.orders[stop.ib_order_id]
    story.connect()
    assert story.order(Purpose.STOP_LOSS).status is OrderStatus.IN_DOUBT
    story.wait(0.5)
    assert story.gateway.stops(story.con_id) == 0

    story.wait(1)
    assert story.book.orders[stop.client_order_id].status is OrderStatus.ABANDONED
    assert story.gateway.stops(story.con_id) == 2


def test_a_stop_that_nobody_answers_is_placed_anew_within_three_seconds() -> None:
    story = opened()
    story.gateway.end(story.at_gateway(Purpose.STOP_LOSS))
    story.gateway.loses = 3
    story.settle()

    story.wait(1.75)
    assert story.order(Purpose.STOP_LOSS, 1).status is OrderStatus.IN_DOUBT
    story.wait(1)
    assert story.order(Purpose.STOP_LOSS, 1).status is OrderStatus.ABANDONED
    assert story.gateway.stops(story.con_id) == 2


def test_a_stop_that_the_gateway_could_not_validate_is_placed_anew_within_two_seconds() -> None:
    story = opened()
    story.gateway.fails_to_validate = 1
    story.gateway.end(story.at_gateway(Purpose.STOP_LOSS))
    story.settle()
    assert story.order(Purpose.STOP_LOSS, 1).status is OrderStatus.IN_DOUBT
    assert story.gateway.stops(story.con_id) == 0

    story.wait(2)
    assert story.order(Purpose.STOP_LOSS, 1).status is OrderStatus.ABANDONED
    assert story.gateway.stops(story.con_id) == 2


def test_a_stop_that_only_seemed_to_be_lost_is_canceled_when_it_shows_up() -> None:
    story = opened()
    stop = story.order(Purpose.STOP_LOSS)
    hidden = story.gateway.orders[stop.ib_order_id]
    story.lose()
    del story.gateway.orders[stop.ib_order_id]
    story.connect()
    story.wait(2)
    story.gateway.orders[stop.ib_order_id] = hidden
    assert story.order(Purpose.STOP_LOSS).client_order_id != stop.client_order_id
    story.lose()
    story.connect()
    story.wait(3)

    assert story.gateway.stops(story.con_id) == 2
    assert len([each for each in story.gateway.live() if each.terms.stop_price]) == 1


def test_a_position_that_was_shown_as_gone_is_protected_when_it_is_back() -> None:
    story = opened()
    story.wait(5)
    story.reconnect_holding(0)
    story.wait(5)
    assert not story.trade.is_open
    story.reconnect_holding(2)
    story.wait(5)
    assert story.gateway.stops(story.con_id) == 2
    assert "are in the account again" in story.reports()[-1]


def test_what_is_bought_by_hand_long_after_is_left_alone() -> None:
    story = opened()
    story.wait(5)
    story.reconnect_holding(0)
    story.wait(5)
    story.now += reconcile.RETURNED_WITHIN
    story.reconnect_holding(2)
    story.wait(5)
    assert not story.trade.is_open
    assert story.gateway.stops(story.con_id) == 0


class Slow(ModelGateway):
    """Says nothing of orders that it has accepted, for as long as they are hidden."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden: set[IbOrderId] = set()

    def live(self) -> list[Held]:
        return [held for held in super().live() if held.order.ib_order_id not in self.hidden]

    def _cancel(self, ib_order_id: IbOrderId) -> None:
        if ib_order_id in self.hidden:
            self._refuse(ib_order_id, 10147, "not found")
        else:
            super()._cancel(ib_order_id)


def test_an_add_that_is_given_up_and_shows_up_late_costs_nothing_of_what_was_held() -> None:
    gateway = Slow()
    story = Story(BrokerSettings(max_contracts=4, initial_contracts=2), gateway=gateway)
    story.connect()
    story.post(entry())
    story.fill(Purpose.ENTRY)
    story.wait(1.5)
    story.flows = False
    story.post(AddToTrade(price=Decimal("0.38")))
    while not any(each.purpose is Purpose.ADD for each in story.book.orders.values()):
        gateway.take_in()
        said, gateway.outbox = gateway.outbox, []
        story.hear(*said)
    add = story.order(Purpose.ADD)
    gateway.take_in()
    legs = [each for each in story.book.orders.values() if each.parent == add.client_order_id]
    gateway.hidden = {add.ib_order_id, *(each.ib_order_id for each in legs)}
    story.lose()
    story.flows = True
    story.connect()
    story.wait(6)
    assert story.order(Purpose.ADD).status is OrderStatus.ABANDONED

    gateway.hidden = set()
    story.lose()
    story.connect()
    story.wait(5)
    assert story.order(Purpose.ADD).status is OrderStatus.CANCELED
    assert (story.trade.hold, gateway.stops(story.con_id)) == (2, 2)
