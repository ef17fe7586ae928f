"""Trailing stops, as stories: they rest at the broker and never come down."""

from __future__ import annotations

from decimal import Decimal

import ib_async
import pytest
from msgspec.structs import replace

from autoscalper.broker import ib_mapping
from autoscalper.broker.commands import ModifyOrder
from autoscalper.broker.events import OrderReport, OrderReported
from autoscalper.domain.identity import PostId
from autoscalper.domain.instruction import AddToTrade, StopAtBreakEven, TrailBy, TrimTrade
from autoscalper.domain.order import OrderStatus, OrderType, Purpose
from autoscalper.domain.settings import BrokerSettings
from tests.unit.broker.story import SETTINGS, Story, opened

TWENTY_PERCENT = TrailBy(percent=Decimal(20))
TEN_CENTS = TrailBy(amount=Decimal("0.10"))


def outcome(story: Story, post_id: PostId) -> str:
    return str(story.outcomes[post_id])


def trailed(rule: TrailBy = TWENTY_PERCENT, settings: BrokerSettings = SETTINGS) -> Story:
    """Two bought at 0.40, now worth 0.50, with a stop that trails from there."""
    story = opened(settings)
    story.quote("0.50", "0.52")
    story.move_stop(rule)
    story.wait(1)
    return story


@pytest.mark.parametrize(
    ("rule", "detail", "level"),
    [
        (TWENTY_PERCENT, "stop trails 20 % behind, now at 0.40", "0.40"),
        (TEN_CENTS, "stop trails 0.10 behind, now at 0.40", "0.40"),
        # The fixed stop rests at 0.33: a trail that begins further away starts from it.
        (TrailBy(percent=Decimal(50)), "stop trails 50 % behind, now at 0.33", "0.33"),
    ],
)
def test_a_trail_becomes_a_trailing_order_at_the_broker_that_starts_no_lower_than_the_stop(
    rule: TrailBy, detail: str, level: str
) -> None:
    story = opened()
    story.quote("0.50", "0.52")
    post_id = story.move_stop(rule)
    assert outcome(story, post_id) == f"traded: {detail}"
    story.wait(1)
    resting = story.at_gateway(Purpose.STOP_LOSS)
    assert (resting.order.order_type, resting.order.trail) == (OrderType.TRAILING_STOP, rule)
    assert resting.terms.stop_price == Decimal(level)
    assert story.live() == {"T0": 2, "S1": 2}


def test_the_fixed_stop_goes_only_when_the_trailing_one_works() -> None:
    story = opened()
    story.quote("0.50", "0.52")
    story.flows = False
    story.move_stop(TWENTY_PERCENT)
    story.gateway.take_in()
    assert story.live() == {"T0": 2, "S0": 2, "S1": 2}
    assert story.gateway.working_sells(story.con_id) == 2
    assert story.at_gateway(Purpose.STOP_LOSS).order.oca_group == (
        story.at_gateway(Purpose.TAKE_PROFIT).order.oca_group
    )
    story.flows = True
    story.settle()
    assert story.live() == {"T0": 2, "S1": 2}


def test_a_fill_while_both_stops_rest_takes_the_other_one_with_it() -> None:
    story = opened()
    story.quote("0.50", "0.52")
    story.flows = False
    story.move_stop(TWENTY_PERCENT)
    story.gateway.take_in()
    story.gateway.fill(story.at_gateway(Purpose.STOP_LOSS, 0), 2, Decimal("0.30"))
    story.flows = True
    story.settle()
    story.wait(2)
    assert (story.held, story.live()) == (0, {})


def test_a_trailing_stop_that_is_refused_leaves_the_fixed_one_where_it_is() -> None:
    story = opened()
    story.quote("0.50", "0.52")
    story.gateway.rejects = 99
    story.move_stop(TWENTY_PERCENT)
    story.wait(20)
    assert story.live() == {"T0": 2, "S0": 2}
    assert story.trade.hold == 2
    assert ["cannot be replaced" in each for each in story.reports()] == [True]
    # It is a fixed one again, where the trail would have begun.
    assert story.trade.trail is None
    assert story.at_gateway(Purpose.STOP_LOSS, 0).terms.stop_price == Decimal("0.40")


def test_the_stop_that_is_known_rises_with_the_market_and_does_not_fall_with_it() -> None:
    story = trailed()
    story.quote("0.70", "0.72")
    story.wait(1)
    assert story.trade.stop_price == Decimal("0.56")
    story.quote("0.60", "0.62")
    story.wait(1)
    assert story.trade.stop_price == Decimal("0.56")
    # A trailing order is not changed to follow: it follows by itself.
    assert not [each for each in story.commands if isinstance(each, ModifyOrder)]


def test_what_the_gateway_says_of_the_stop_counts_while_there_is_no_quote() -> None:
    story = trailed()
    story.lose()
    story.gateway.trail(story.trade.contract, Decimal("0.80"))
    story.connect()
    assert story.trade.stop_price == Decimal("0.64")


def test_a_report_from_before_does_not_bring_the_stop_back() -> None:
    story = trailed()
    story.quote("0.70", "0.72")
    story.wait(1)
    order = story.order(Purpose.STOP_LOSS)
    report = OrderReport(
        ib_order_id=order.ib_order_id,
        client_order_id=order.client_order_id,
        status=OrderStatus.NEW,
        order_qty=2,
        stop_price=Decimal("0.40"),
    )
    story.hear(OrderReported(report=report))
    story.settle()
    assert story.trade.stop_price == Decimal("0.56")


def test_a_trailing_stop_that_is_gone_comes_back_where_it_was() -> None:
    story = trailed()
    story.quote("0.70", "0.72")
    story.wait(1)
    story.quote("0.60", "0.62")
    for held in story.gateway.live():
        story.gateway.end(held)
    story.settle()
    story.wait(2)
    resting = story.at_gateway(Purpose.STOP_LOSS)
    assert resting.order.trail == TWENTY_PERCENT
    assert (resting.terms.stop_price, resting.leaves_qty) == (Decimal("0.56"), 2)


def test_a_trim_reduces_a_trailing_stop_and_keeps_it_where_it_is() -> None:
    story = trailed()
    story.quote("0.70", "0.72")
    story.wait(1)
    story.post(TrimTrade())
    story.fill(Purpose.EXIT, price="0.70")
    story.wait(2)
    assert story.live() == {"T0": 1, "S1": 1}
    assert story.at_gateway(Purpose.STOP_LOSS).terms.stop_price == Decimal("0.56")


def test_a_trailing_stop_can_be_fixed_where_it_is_tighter() -> None:
    story = trailed()
    story.quote("0.70", "0.72")
    story.wait(1)
    looser = story.move_stop(StopAtBreakEven())
    assert outcome(story, looser).startswith("denied: a stop at 0.40 is looser than the one at")
    story.move_stop("0.60")
    story.wait(2)
    resting = story.at_gateway(Purpose.STOP_LOSS)
    assert (resting.order.order_type, resting.order.trail) == (OrderType.STOP, None)
    assert resting.terms.stop_price == Decimal("0.60")
    assert story.live() == {"T0": 2, "S2": 2}


def test_a_looser_trail_is_taken_where_the_settings_allow_it() -> None:
    story = trailed(TrailBy(percent=Decimal(60)), replace(SETTINGS, allow_looser_stops=True))
    assert story.trade.stop_price == Decimal("0.20")


@pytest.mark.parametrize("rule", [TrailBy(percent=Decimal(100)), TrailBy(amount=Decimal(0))])
def test_a_trail_that_protects_nothing_is_denied(rule: TrailBy) -> None:
    story = opened()
    assert outcome(story, story.move_stop(rule)).startswith("denied: a stop")


def test_an_entry_can_trail_from_its_first_fill_on() -> None:
    story = opened(stop=TWENTY_PERCENT)
    resting = story.at_gateway(Purpose.STOP_LOSS)
    assert resting.order.parent_ib_order_id is not None
    assert (resting.order.trail, resting.terms.stop_price) == (TWENTY_PERCENT, Decimal("0.35"))


def test_an_add_trails_as_the_trade_does() -> None:
    story = trailed(settings=replace(SETTINGS, max_contracts=4, initial_contracts=2))
    story.quote("0.50", "0.51")
    story.post(AddToTrade(price=Decimal("0.50")))
    story.fill(Purpose.ADD, price="0.50")
    story.wait(2)
    stops = [held for held in story.gateway.live() if held.order.purpose is Purpose.STOP_LOSS]
    assert [held.order.trail for held in stops] == [TWENTY_PERCENT] * 2


@pytest.mark.parametrize("rule", [TWENTY_PERCENT, TEN_CENTS])
def test_a_trailing_stop_reads_back_as_it_was_sent(rule: TrailBy) -> None:
    story = trailed(rule)
    order = story.order(Purpose.STOP_LOSS)
    sent = ib_mapping.order_of(order, order.terms, "DU1", transmit=True)
    assert (sent.orderType, sent.tif, sent.trailStopPrice) == ("TRAIL", "GTC", 0.4)
    assert (sent.trailingPercent == 20, sent.auxPrice == 0.1) == (
        rule.percent is not None,
        rule.amount is not None,
    )
    read = ib_mapping.report_of_open(sent, "PreSubmitted", ib_async.Option())
    assert (read.order_qty, read.stop_price) == (2, Decimal("0.4"))
