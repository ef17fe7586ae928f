from __future__ import annotations

from decimal import Decimal

from autoscalper.broker.events import FundsReported, QuoteChanged
from autoscalper.domain.instruction import AddToTrade
from autoscalper.domain.order import Purpose
from autoscalper.domain.settings import BrokerSettings
from tests.unit.broker.story import CALL, PUT, SETTINGS, Story, entry, opened


def connected(settings: BrokerSettings = SETTINGS) -> Story:
    story = Story(settings)
    story.connect()
    return story


def test_a_wide_market_is_denied_with_its_numbers() -> None:
    story = connected()
    story.quote("0.36", "0.42")
    post_id = story.post(entry())
    assert str(story.outcomes[post_id]) == (
        "denied: spread: 0.36 to 0.42 is 15.4 %, 10 % are allowed"
    )
    assert story.live() == {}


def test_a_price_that_cannot_be_meant_is_denied() -> None:
    story = connected()
    post_id = story.post(entry(price="4.30"))
    assert story.outcomes[post_id].detail == ("price: posted 4.30, the market is at 0.42 to 0.43")


def test_all_rules_that_fail_are_told_at_once() -> None:
    story = opened(BrokerSettings(allowed_underlyings=("IWM",), max_open_trades=1))
    story.hear(FundsReported(available=Decimal(30)))
    story.quote("0.36", "0.42", PUT)
    post_id = story.post(entry(PUT))
    assert story.outcomes[post_id].detail == (
        "underlying: QQQ is not among IWM; open trades: 1 are open, 1 are allowed;"
        " spread: 0.36 to 0.42 is 15.4 %, 10 % are allowed;"
        " funds: one contract costs $42.00, $30.00 are available"
    )


def test_no_more_is_bought_than_the_funds_cover() -> None:
    story = connected()
    story.hear(FundsReported(available=Decimal("85.99")))
    story.post(entry())
    assert story.order(Purpose.ENTRY).terms.order_qty == 1


def test_an_add_is_measured_like_an_entry() -> None:
    story = opened(BrokerSettings(max_adds_per_trade=0))
    story.hear(FundsReported(available=Decimal(0)))
    story.quote("0.34", "0.40", CALL)
    post_id = story.post(AddToTrade(price=Decimal("0.38")))
    assert story.outcomes[post_id].detail == (
        "adds: 0 made, 0 are allowed; contracts: 2 are held, 2 are allowed;"
        " spread: 0.34 to 0.40 is 16.2 %, 10 % are allowed;"
        " funds: one contract costs $40.00, $0.00 are available"
    )


def test_a_market_of_one_side_is_awaited_and_then_denied() -> None:
    story = opened(BrokerSettings(initial_contracts=1))
    story.flows = False
    story.hear(QuoteChanged(contract=CALL, bid=None, ask=Decimal("0.42")))
    post_id = story.post(AddToTrade(price=Decimal("0.42")))
    story.wait(0.5)
    assert post_id not in story.outcomes
    story.wait(1)
    assert story.outcomes[post_id].detail == "spread: nobody bids, 0.42 is asked"
