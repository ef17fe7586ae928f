from decimal import Decimal

from autoscalper.simulator.followed_market import FollowedMarket
from autoscalper.simulator.market import Quote
from autoscalper.simulator.orders import Side
from tests.unit.simulator.stand import WEDNESDAY, option_contract

CALL = option_contract()


def test_nothing_is_known_that_was_not_heard() -> None:
    market = FollowedMarket()
    assert market.quote(CALL, WEDNESDAY) == Quote()
    assert not market.anchor(CALL, Side.BUY, Decimal(1), WEDNESDAY)
    assert market.greeks(CALL, WEDNESDAY) is None
    assert market.step(WEDNESDAY) == []


def test_what_was_heard_is_the_quote_and_acts_once() -> None:
    market = FollowedMarket()
    market.hear(CALL, "bid", Decimal("0.42"))
    market.hear(CALL, "ask", Decimal("0.43"))
    ((contract, quote),) = market.step(WEDNESDAY)
    assert (contract, quote.bid, quote.ask) == (CALL, Decimal("0.42"), Decimal("0.43"))
    assert market.step(WEDNESDAY) == []
    assert market.quote(CALL, WEDNESDAY) == quote


def test_a_price_that_went_away_is_none() -> None:
    market = FollowedMarket()
    market.hear(CALL, "bid", Decimal("0.42"))
    market.hear(CALL, "bid", None)
    assert market.quote(CALL, WEDNESDAY).bid is None


def test_old_quotes_are_forgotten_and_never_kept() -> None:
    market = FollowedMarket()
    market.hear(CALL, "bid", Decimal("0.42"))
    market.forget()
    assert market.quote(CALL, WEDNESDAY) == Quote()
    assert market.step(WEDNESDAY) == []
    assert market.take_changes() == ({}, {})
