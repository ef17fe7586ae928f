"""Bad markets, as stories: gaps, halts, no quotes, after hours."""

from __future__ import annotations

from decimal import Decimal

from autoscalper.broker.events import OrderErrored, QuoteChanged
from autoscalper.broker.gaps import PATIENCE
from autoscalper.domain.instruction import TrailBy
from autoscalper.domain.order import OrderStatus, OrderType, Purpose
from autoscalper.links import any_to_alert
from tests.unit.broker.story import CALL, Story, opened


def falls(story: Story, ask: str = "0.20", seconds: int = 11) -> None:
    for _ in range(seconds):
        story.quote("0.15", ask)
        story.wait(1)


def test_a_stop_that_gapped_fills_where_the_market_is_and_ends_the_trade() -> None:
    story = opened()
    story.quote("0.10", "0.12")
    story.fill(Purpose.STOP_LOSS, price="0.10")
    story.wait(2)
    assert (story.held, story.live(), story.last_sales()) == (0, {}, {})
    (closed,) = [each for each in story.notices if isinstance(each, any_to_alert.TradeClosed)]
    assert closed.realized == Decimal(-60)


def test_what_a_stop_does_not_sell_though_the_market_is_below_it_is_sold_from_here() -> None:
    story = opened()
    falls(story)
    assert story.live() == {"X0": 2}
    assert "did not sell" in story.reports()[0]
    story.fill(Purpose.EXIT, price="0.15")
    story.wait(2)
    assert (story.held, story.live()) == (0, {})


def test_a_market_that_comes_back_in_time_leaves_the_stop_alone() -> None:
    story = opened()
    falls(story, seconds=6)
    story.quote("0.36", "0.38")
    story.wait(1)
    falls(story, seconds=6)
    assert story.live() == {"T0": 2, "S0": 2}


def test_a_bid_that_is_gone_alone_sells_nothing() -> None:
    story = opened()
    falls(story, ask="0.45", seconds=30)
    assert story.live() == {"T0": 2, "S0": 2}


def test_a_trailing_stop_is_where_it_was_heard_of_and_not_where_quotes_would_have_it() -> None:
    story = opened()
    story.quote("0.50", "0.52")
    story.move_stop(TrailBy(percent=Decimal(20)))
    story.wait(1)
    # A bid that the gateway never followed.
    story.hear(QuoteChanged(contract=CALL, bid=Decimal("0.90"), ask=Decimal("0.92")))
    story.wait(1)
    assert story.trade.stop_price == Decimal("0.72")
    for _ in range(15):
        story.hear(QuoteChanged(contract=CALL, bid=Decimal("0.50"), ask=Decimal("0.52")))
        story.wait(1)
    assert story.live() == {"T0": 2, "S1": 2}


def test_an_old_quote_sells_nothing() -> None:
    story = opened()
    story.quote("0.15", "0.20")
    story.wait(PATIENCE.total_seconds() * 3)
    assert story.live() == {"T0": 2, "S0": 2}


def test_below_its_stop_without_the_gateway_nothing_is_decided() -> None:
    story = opened()
    story.lose()
    falls(story, seconds=20)
    assert story.trade.hold == 2


def test_a_position_that_lost_all_that_rested_gets_all_of_it_back() -> None:
    story = opened()
    for held in story.gateway.live():
        story.gateway.end(held)
    story.settle()
    story.wait(2)
    assert sorted(story.live().values()) == [2, 2]
    assert list(story.last_sales().values()) == [2]
    assert story.gateway.stops(story.con_id) == story.gateway.working_sells(story.con_id) == 2


def test_in_a_halt_an_exit_waits_at_the_market_and_nothing_is_sent_again() -> None:
    story = opened()
    story.quote("0.50", "0.52")
    story.exit()
    story.hear(QuoteChanged(contract=CALL, bid=None, ask=None))
    story.wait(900)
    assert story.live() == {"X1": 2}
    assert story.order(Purpose.EXIT).order_type is OrderType.MARKET
    story.fill(Purpose.EXIT, price="0.45")
    story.wait(2)
    assert (story.held, story.live()) == (0, {})


def test_in_a_halt_a_stop_that_is_gone_is_placed_again() -> None:
    story = opened()
    story.hear(QuoteChanged(contract=CALL, bid=None, ask=None))
    story.gateway.end(story.at_gateway(Purpose.STOP_LOSS))
    story.settle()
    story.wait(600)
    assert story.gateway.stops(story.con_id) == 2
    assert story.book.count(story.trade, Purpose.STOP_LOSS) == 2


def test_an_exit_after_hours_waits_for_the_opening() -> None:
    story = opened()
    story.exit()
    order = story.order(Purpose.EXIT)
    text = "Order Message: your order will not be placed at the exchange until 2026-11-23 09:30"
    story.hear(OrderErrored(ib_order_id=order.ib_order_id, code=399, text=text))
    story.wait(3600, step=5)
    assert sum(story.live().values()) == 2
    assert story.order(Purpose.EXIT).status is OrderStatus.NEW
    assert story.book.count(story.trade, Purpose.EXIT) <= 2


def test_a_stop_moved_after_hours_rests_where_it_was_moved() -> None:
    story = opened()
    story.hear(QuoteChanged(contract=CALL, bid=None, ask=None))
    story.move_stop("0.38")
    story.wait(3)
    assert story.at_gateway(Purpose.STOP_LOSS).terms.stop_price == Decimal("0.38")
