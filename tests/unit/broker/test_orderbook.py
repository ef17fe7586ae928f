"""What the gateway says of our orders, in every order and as often as it likes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from autoscalper.broker import orderbook
from autoscalper.broker.commands import CancelOrder
from autoscalper.broker.events import Fill, OrderErrored, OrderReport
from autoscalper.broker.orders import CHANGE_PATIENCE, Order
from autoscalper.domain.identity import ClientOrderId, ExecId, IbOrderId, PermId
from autoscalper.domain.order import OrderStatus, Purpose, Side
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.links import any_to_alert
from tests.unit.broker.story import Story, entry, opened


def resting() -> Story:
    """An entry that rests with its children."""
    story = Story()
    story.connect()
    story.post(entry())
    return story


def placed() -> Story:
    """An entry that is on its way."""
    story = Story()
    story.connect()
    story.flows = False
    story.post(entry())
    story.gateway.take_in()
    story.hear(*story.gateway.outbox)
    story.gateway.outbox.clear()
    story.gateway.take_in(1)
    story.hear(*story.gateway.outbox)
    story.gateway.outbox.clear()
    assert story.order(Purpose.ENTRY).status is OrderStatus.IN_DOUBT
    return story


def status(story: Story, order: Order, word: OrderStatus, cum_qty: int = 0) -> Order:
    """Have the gateway say ``word`` of ``order``, and return the order after it."""
    report = OrderReport(ib_order_id=order.ib_order_id, status=word, cum_qty=cum_qty)
    orderbook.apply_report(story.book, report, story.now)
    return story.book.orders[order.client_order_id]


def error(story: Story, order: Order, code: int, text: str = "no") -> Order:
    """Have the gateway send an error about ``order``, and return the order after it."""
    orderbook.apply_error(story.book, order.ib_order_id, code, text, story.now)
    return story.book.orders[order.client_order_id]


def fill(story: Story, order: Order, exec_id: str, qty: int = 1, price: str = "0.40") -> Order:
    """Report an execution of ``order``, and return the order after it."""
    orderbook.apply_fill(
        story.book,
        Fill(
            exec_id=ExecId(exec_id),
            client_order_id=order.client_order_id,
            ib_order_id=order.ib_order_id,
            perm_id=PermId(1),
            con_id=story.con_id,
            side=order.side,
            last_qty=qty,
            last_price=Decimal(price),
            executed_at=story.now,
        ),
        story.now,
    )
    return story.book.orders[order.client_order_id]


def given_up() -> Story:
    """An entry that was given up because no snapshot showed it."""
    story = placed()
    story.lose()
    story.flows = True
    story.connect()
    story.wait(5)
    assert story.order(Purpose.ENTRY).status is OrderStatus.ABANDONED
    return story


@pytest.mark.parametrize("end", [OrderStatus.FILLED, OrderStatus.CANCELED])
@pytest.mark.parametrize("late", [OrderStatus.NEW, OrderStatus.PENDING_NEW, OrderStatus.IN_DOUBT])
def test_a_late_message_revives_nothing_that_the_gateway_ended(
    end: OrderStatus, late: OrderStatus
) -> None:
    story = resting()
    ended = status(story, story.order(Purpose.ENTRY), end, 2 if end is OrderStatus.FILLED else 0)

    assert status(story, ended, late).status is end


@pytest.mark.parametrize("late", [OrderStatus.NEW, OrderStatus.PENDING_NEW])
def test_what_was_given_up_lives_when_the_gateway_says_so_and_is_canceled(
    late: OrderStatus,
) -> None:
    story = given_up()
    story.gateway.outbox.clear()
    order = story.order(Purpose.ENTRY)

    known = len(story.commands)
    assert status(story, order, late).status is late
    assert story.trade.is_open
    story.wait(1)
    assert CancelOrder(ib_order_id=order.ib_order_id) in story.commands[known:]


def test_what_was_given_up_is_not_revived_by_a_word_that_decides_nothing() -> None:
    story = given_up()
    after = status(story, story.order(Purpose.ENTRY), OrderStatus.IN_DOUBT)
    assert after.status is OrderStatus.ABANDONED


def test_what_was_refused_lives_only_when_the_gateway_says_that_it_works() -> None:
    story = placed()
    refused = error(story, story.order(Purpose.ENTRY), 201)
    assert refused.status is OrderStatus.REJECTED

    assert status(story, refused, OrderStatus.IN_DOUBT).status is OrderStatus.REJECTED
    assert status(story, refused, OrderStatus.PENDING_NEW).status is OrderStatus.REJECTED
    assert status(story, refused, OrderStatus.CANCELED).status is OrderStatus.REJECTED
    assert status(story, refused, OrderStatus.NEW).status is OrderStatus.NEW


@pytest.mark.parametrize("code", [110, 135, 200, 201, 203])
def test_a_refusal_ends_an_order_that_never_worked(code: int) -> None:
    story = placed()
    order = error(story, story.order(Purpose.ENTRY), code, "reason")

    assert order.status is OrderStatus.REJECTED
    assert order.error == f"{code} reason"
    assert order.is_refused


@pytest.mark.parametrize("code", [103, 104, 110, 201, 321, 10147, 10148])
def test_no_error_ends_an_order_that_works_but_the_gateway_is_asked_soon(code: int) -> None:
    story = resting()
    order = error(story, story.order(Purpose.ENTRY), code)
    assert order.status is OrderStatus.NEW
    assert order.doubted_at == story.now

    asked = story.book.snapshot_number
    story.wait(4)
    assert story.book.snapshot_number > asked
    assert story.order(Purpose.ENTRY).doubted_at is None
    assert story.order(Purpose.ENTRY).status is OrderStatus.NEW


def test_a_refused_change_of_an_order_that_is_in_doubt_ends_no_order_that_worked() -> None:
    story = opened()
    story.flows = False
    story.move_stop("0.36")
    story.lose()
    stop = story.order(Purpose.STOP_LOSS)
    assert (stop.status, stop.worked) == (OrderStatus.IN_DOUBT, True)

    assert error(story, stop, 201).status is OrderStatus.IN_DOUBT


@pytest.mark.parametrize("code", [399, 2109, 10349, 202])
def test_a_notice_puts_nothing_in_question(code: int) -> None:
    story = resting()
    order = error(story, story.order(Purpose.ENTRY), code)
    assert order.status is OrderStatus.NEW
    assert order.doubted_at is None


@pytest.mark.parametrize("code", [103, 321, 10147])
def test_a_dispute_about_an_order_that_never_worked_refuses_nothing(code: int) -> None:
    story = placed()
    assert error(story, story.order(Purpose.ENTRY), code).status is OrderStatus.IN_DOUBT


def test_an_error_about_an_order_that_ended_changes_nothing() -> None:
    story = resting()
    ended = status(story, story.order(Purpose.ENTRY), OrderStatus.FILLED, 2)
    assert error(story, ended, 10148) == ended


def test_an_error_about_an_order_of_somebody_else_is_not_ours() -> None:
    story = resting()
    orderbook.apply_error(story.book, IbOrderId(99), 201, "no", story.now)
    assert story.book.changes.is_empty


def refusal(story: Story, order: Order, said: OrderStatus, first: str) -> Order:
    """Let the gateway say ``said`` of an order and refuse it with 201, one of them ``first``."""
    if first == "status":
        status(story, order, said)
        return error(story, order, 201, "Order rejected")
    error(story, order, 201, "Order rejected")
    return status(story, order, said)


@pytest.mark.parametrize("first", ["status", "error"])
def test_an_exchange_that_refuses_with_cancelled_and_201_has_refused(first: str) -> None:
    story = resting()
    order = refusal(story, story.order(Purpose.ENTRY), OrderStatus.CANCELED, first)
    assert order.status is OrderStatus.REJECTED
    story.wait(3)
    (outcome,) = story.outcomes.values()
    assert outcome.kind is OutcomeKind.REJECTED
    assert outcome.detail == "201 Order rejected"


@pytest.mark.parametrize("first", ["status", "error"])
def test_an_order_that_is_called_inactive_beside_a_201_has_been_refused(first: str) -> None:
    story = resting()
    order = story.order(Purpose.ENTRY)
    assert status(story, order, OrderStatus.IN_DOUBT).status is OrderStatus.IN_DOUBT
    order = status(story, order, OrderStatus.NEW)
    assert order.status is OrderStatus.NEW

    refused = refusal(story, order, OrderStatus.IN_DOUBT, first)
    assert refused.status is OrderStatus.REJECTED


def test_an_exit_that_is_refused_after_it_was_taken_is_repeated_within_two_seconds() -> None:
    story = opened()
    story.gateway.makes_inactive = 1
    story.exit()
    assert story.order(Purpose.EXIT).status is OrderStatus.REJECTED

    story.wait(2)
    assert story.live() == {"X1": 2}


def test_a_cancel_of_our_own_is_no_refusal_whatever_was_refused_before() -> None:
    story = opened()
    error(story, story.order(Purpose.STOP_LOSS), 201)
    story.exit()
    assert story.order(Purpose.STOP_LOSS).status is OrderStatus.CANCELED


def test_inactive_leaves_an_order_in_doubt_since_then() -> None:
    story = resting()
    order = status(story, story.order(Purpose.ENTRY), OrderStatus.IN_DOUBT)
    assert (order.status, order.doubted_at) == (OrderStatus.IN_DOUBT, story.now)

    asked = story.book.snapshot_number
    story.wait(4)
    assert story.book.snapshot_number > asked
    assert story.order(Purpose.ENTRY).status is OrderStatus.NEW


def test_a_cancel_that_is_asked_for_stands_while_older_messages_arrive() -> None:
    story = resting()
    story.flows = False
    story.exit()
    order = story.order(Purpose.ENTRY)
    assert order.status is OrderStatus.PENDING_CANCEL

    assert status(story, order, OrderStatus.NEW).status is OrderStatus.PENDING_CANCEL

    story.now += CHANGE_PATIENCE
    assert status(story, order, OrderStatus.NEW).status is OrderStatus.NEW


def test_a_fill_counts_once_however_often_it_is_told() -> None:
    story = resting()
    order = story.order(Purpose.ENTRY)
    for _ in range(3):
        order = fill(story, order, "00aa.77.01.01")

    assert (order.cum_qty, order.leaves_qty) == (1, 1)


def test_a_correction_of_a_fill_moves_no_contracts_again() -> None:
    story = resting()
    order = fill(story, story.order(Purpose.ENTRY), "00aa.77.01.01", price="0.40")
    order = fill(story, order, "00aa.77.01.02", price="0.41")

    assert (order.cum_qty, order.executed_qty) == (1, 1)


def test_executions_and_states_together_count_each_contract_once() -> None:
    story = resting()
    order = status(story, story.order(Purpose.ENTRY), OrderStatus.NEW, 1)
    assert (order.cum_qty, order.status) == (1, OrderStatus.PARTIALLY_FILLED)

    order = fill(story, order, "00aa.77.01.01", price="0.40")
    assert (order.cum_qty, order.avg_price) == (1, Decimal("0.4"))

    order = fill(story, order, "00aa.78.01.01", price="0.42")
    assert (order.cum_qty, order.status) == (2, OrderStatus.FILLED)
    assert order.avg_price == Decimal("0.41")


def test_an_older_state_takes_no_fill_back() -> None:
    story = resting()
    order = fill(story, story.order(Purpose.ENTRY), "00aa.77.01.01")
    assert status(story, order, OrderStatus.NEW, 0).cum_qty == 1


def test_filled_without_a_number_means_all_of_it() -> None:
    story = resting()
    order = story.order(Purpose.ENTRY)
    report = OrderReport(ib_order_id=order.ib_order_id, status=OrderStatus.FILLED)
    orderbook.apply_report(story.book, report, story.now)

    assert story.order(Purpose.ENTRY).cum_qty == 2


def test_a_fill_of_a_closed_trade_opens_it_again_and_is_got_rid_of() -> None:
    story = given_up()
    assert story.trade.closed_at is not None

    story.gateway.positions[story.con_id] = 1
    fill(story, story.order(Purpose.ENTRY), "00aa.77.01.01")
    assert story.book.open_trades() != []
    texts = [getattr(told, "text", "") for _, told in story.book.changes.notices]
    assert [text for text in texts if "showed up" in text] == [
        "IWM 241C 2026-11-20 entry 0.43 x2 was given up and showed up after all: getting out of it"
    ]

    story.wait(2)
    assert story.live() == {"X0": 1}
    assert story.order(Purpose.EXIT).side is Side.SELL


@pytest.mark.parametrize("ref", ["AS1|qqqqqqqqqq|E0", "AS1|x"])
def test_an_order_of_ours_that_nobody_remembers_is_told(ref: str) -> None:
    story = resting()
    report = OrderReport(
        ib_order_id=IbOrderId(50), client_order_id=ClientOrderId(ref), status=OrderStatus.NEW
    )
    assert orderbook.apply_report(story.book, report, story.now) is None
    ((key, told),) = story.book.changes.notices
    assert key == f"unknown order {ref}"
    assert isinstance(told, any_to_alert.Reported)
    assert told.text.endswith("do not know: a contract that was not traded here")


def test_an_order_that_nobody_remembers_is_named_by_what_it_sells() -> None:
    story = resting()
    report = OrderReport(
        ib_order_id=IbOrderId(50),
        client_order_id=ClientOrderId("AS1|qqqqqqqqqq|S0"),
        status=OrderStatus.NEW,
        side=Side.SELL,
        con_ids=(story.con_id,),
        order_qty=2,
        stop_price=Decimal("0.3"),
    )
    orderbook.apply_report(story.book, report, story.now)
    ((_, told),) = story.book.changes.notices
    assert isinstance(told, any_to_alert.Reported)
    assert told.text.endswith("do not know: IWM 241C 2026-11-20 sell 0.30 x2")


@pytest.mark.parametrize("ref", ["by hand", None])
def test_an_order_of_somebody_else_is_left_alone(ref: str | None) -> None:
    story = resting()
    report = OrderReport(
        ib_order_id=IbOrderId(50),
        client_order_id=ClientOrderId(ref) if ref else None,
        status=OrderStatus.NEW,
    )
    assert orderbook.apply_report(story.book, report, story.now) is None
    assert story.book.changes.is_empty


def test_an_order_id_that_was_given_out_twice_does_not_mix_two_orders_up() -> None:
    story = resting()
    stop = story.order(Purpose.STOP_LOSS)
    report = OrderReport(
        ib_order_id=story.order(Purpose.ENTRY).ib_order_id,
        client_order_id=stop.client_order_id,
        status=OrderStatus.CANCELED,
    )
    orderbook.apply_report(story.book, report, story.now)

    assert story.order(Purpose.ENTRY).status is OrderStatus.NEW
    assert story.order(Purpose.STOP_LOSS).status is OrderStatus.CANCELED


def test_a_lost_connection_puts_in_doubt_what_was_not_confirmed_and_nothing_else() -> None:
    story = opened()
    story.flows = False
    story.move_stop("0.36")
    story.lose()

    assert story.order(Purpose.STOP_LOSS).status is OrderStatus.IN_DOUBT
    assert story.order(Purpose.STOP_LOSS).asked is None
    assert story.order(Purpose.TAKE_PROFIT).status is OrderStatus.NEW


def test_terms_are_what_the_gateway_last_confirmed() -> None:
    story = opened()
    story.flows = False
    story.move_stop("0.36")
    assert story.order(Purpose.STOP_LOSS).terms.stop_price == Decimal("0.33")

    story.flows = True
    story.settle()
    order = story.order(Purpose.STOP_LOSS)
    assert order.terms.stop_price == Decimal("0.36")
    assert (order.asked, order.asked_at) == (None, None)


def test_errors_reach_the_order_through_the_core() -> None:
    story = placed()
    story.hear(
        OrderErrored(ib_order_id=story.order(Purpose.ENTRY).ib_order_id, code=201, text="no money")
    )
    (outcome,) = story.outcomes.values()
    assert str(outcome) == "rejected: 201 no money"
