from __future__ import annotations

from decimal import Decimal

import pytest

from autoscalper.broker.events import ContractMissing, FundsReported, QuoteChanged
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


@pytest.mark.parametrize(("spot", "is_plausible"), [("240.50", True), ("180", True), ("40", False)])
def test_a_strike_far_from_the_underlying_is_denied_where_its_price_is_known(
    spot: str, is_plausible: bool
) -> None:
    story = connected()
    story.gateway.is_quoting = False
    post_id = story.post(entry())
    bid, ask = Decimal("0.39"), Decimal("0.40")
    story.hear(QuoteChanged(contract=CALL, bid=bid, ask=ask, underlying=Decimal(spot)))
    if is_plausible:
        assert story.order(Purpose.ENTRY).terms.order_qty == 2
    else:
        assert str(story.outcomes[post_id]) == "denied: strike: 241.00, IWM is at 40.00"


def test_what_the_chain_does_not_have_is_denied_by_its_name() -> None:
    story = connected()
    story.flows = False
    post_id = story.post(entry())
    reason = "200 No security definition has been found for the request"
    story.hear(ContractMissing(contract=CALL, reason=reason))
    assert str(story.outcomes[post_id]) == f"denied: chain: IWM 241C 2026-11-20: {reason}"


def test_a_wide_market_hides_no_other_rule() -> None:
    story = connected(BrokerSettings(account_balance=Decimal(1000)))
    story.quote("0.36", "0.42")
    post_id = story.post(entry())
    assert story.outcomes[post_id].detail == (
        "spread: 0.36 to 0.42 is 15.4 %, 10 % are allowed;"
        " risk: one contract risks $10.00, the budget is $5.00"
    )
