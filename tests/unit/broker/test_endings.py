"""How trades end."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from autoscalper.broker.events import OrderReport, OrderReported
from autoscalper.domain.order import OrderStatus, Purpose
from autoscalper.links import any_to_alert
from autoscalper.links.any_to_alert import TradeClosed
from tests.unit.broker.story import Story, entry, opened


def closings(story: Story) -> list[TradeClosed]:
    return [each for each in story.notices if isinstance(each, TradeClosed)]


def test_a_flat_trade_is_closed_once_with_what_it_made() -> None:
    story = opened()
    story.fill(Purpose.TAKE_PROFIT, price="0.63")
    story.wait(3)
    (closed,) = closings(story)
    assert (closed.bought_qty, closed.avg_entry_price, closed.avg_exit_price) == (
        2,
        Decimal("0.40"),
        Decimal("0.63"),
    )
    assert closed.realized == Decimal("46.00")
    assert not story.book.open_trades()


def test_a_trade_that_never_bought_ends_without_a_word() -> None:
    story = Story()
    story.connect()
    story.post(entry())
    story.wait(1.5)
    story.exit()
    story.wait(3)
    assert not story.book.open_trades()
    assert not closings(story)


def test_a_partly_filled_entry_is_told_once_it_has_settled() -> None:
    story = Story()
    story.connect()
    post_id = story.post(entry())
    story.wait(1.5)
    story.fill(Purpose.ENTRY, 1)
    assert post_id not in story.outcomes
    story.wait(1.5)
    assert str(story.outcomes[post_id]).startswith("traded: bought 1 at 0.40")


def test_an_entry_that_nobody_was_left_to_cancel_has_ended_by_itself_when_the_broker_is_back() -> (
    None
):
    story = Story()
    story.connect()
    post_id = story.post(entry())
    story.lose()
    story.now += timedelta(hours=3)
    story.fill(Purpose.ENTRY)
    story.connect()
    story.wait(2)
    assert str(story.outcomes[post_id]) == "expired: not filled at 0.43 within 90 s"
    assert (story.held, story.live()) == (0, {})


def test_a_refused_entry_says_the_code_and_the_text() -> None:
    story = Story()
    story.gateway.rejects = 3
    story.connect()
    post_id = story.post(entry())
    story.wait(3)
    assert str(story.outcomes[post_id]).startswith("rejected: 201 ")


def test_an_expired_contract_ends_its_trade_and_its_orders() -> None:
    story = opened()
    story.lose()
    story.now += timedelta(days=1)
    story.wait(1)
    assert not story.book.open_trades()
    assert {each.status for each in story.book.orders.values()} == {
        OrderStatus.FILLED,
        OrderStatus.EXPIRED,
    }
    assert story.reports()[-1] == "IWM 241C 2026-11-20 expired while 2 were held"
    (closed,) = [each for each in story.notices if isinstance(each, any_to_alert.TradeClosed)]
    assert closed.realized == -2 * 100 * closed.avg_entry_price


def told_filled_without_a_price() -> Story:
    """An entry whose end is told before its executions."""
    story = Story()
    story.connect()
    story.post(entry())
    story.wait(1.5)
    order = story.order(Purpose.ENTRY)
    filled = OrderReport(
        ib_order_id=order.ib_order_id,
        client_order_id=order.client_order_id,
        status=OrderStatus.FILLED,
        order_qty=2,
    )
    story.hear(OrderReported(report=filled))
    return story


def test_an_entry_is_told_with_its_price_once_that_is_known() -> None:
    story = told_filled_without_a_price()
    assert not story.outcomes

    story.fill(Purpose.ENTRY)
    (outcome,) = story.outcomes.values()
    assert str(outcome).startswith("traded: bought 2 at 0.40, stop")


def test_an_entry_whose_price_stays_unknown_is_told_without() -> None:
    story = told_filled_without_a_price()
    story.wait(2)
    (outcome,) = story.outcomes.values()
    assert str(outcome).startswith("traded: bought 2, stop 0.3")


def test_an_entry_whose_trade_is_over_before_its_price_is_known_is_told_all_the_same() -> None:
    story = told_filled_without_a_price()
    sold = story.order(Purpose.TAKE_PROFIT)
    for order in story.book.orders_of(story.trade)[1:]:
        is_sold = order == sold
        report = OrderReport(
            ib_order_id=order.ib_order_id,
            client_order_id=order.client_order_id,
            status=OrderStatus.FILLED if is_sold else OrderStatus.CANCELED,
            order_qty=2,
        )
        story.hear(OrderReported(report=report))
    assert not story.outcomes
    story.wait(2)
    (outcome,) = story.outcomes.values()
    assert str(outcome).startswith("traded: bought 2, stop 0.3")
    assert not story.trade.is_open
