from datetime import timedelta
from decimal import Decimal

from autoscalper.simulator import market_rules
from autoscalper.simulator.market import Market, Quote
from autoscalper.simulator.orders import Side
from tests.unit.simulator.stand import WEDNESDAY, option_contract, quoted

CALL = option_contract()


def walked(market: Market, steps: int = 50) -> list[Quote]:
    quotes = [market.quote(CALL, WEDNESDAY)]
    for _ in range(steps):
        market.step(WEDNESDAY)
        quotes.append(market.quote(CALL, WEDNESDAY))
    return quotes


def test_the_same_seed_gives_the_same_prices_and_another_one_others() -> None:
    assert walked(Market(1)) == walked(Market(1))
    assert walked(Market(1)) != walked(Market(2))


def test_quotes_are_prices_with_a_spread_and_growing_volume() -> None:
    quotes = walked(Market(1))
    for quote in quotes:
        assert quote.bid is not None
        assert quote.ask is not None
        assert 0 <= quote.bid < quote.ask
        assert market_rules.conforms(CALL.rule, quote.bid)
        assert market_rules.conforms(CALL.rule, quote.ask)
        assert quote.low is not None and quote.last is not None and quote.high is not None
        assert quote.low <= quote.last <= quote.high
    volumes = [quote.volume for quote in quotes]
    assert volumes == sorted(volumes)
    assert len({quote.bid for quote in quotes}) > 3


def test_a_quote_set_by_hand_stands_still() -> None:
    market = Market(1)
    market.set_quote(CALL, quoted("0.42", "0.43"), moves=False)
    assert market.step(WEDNESDAY) == []
    quote = market.quote(CALL, WEDNESDAY)
    assert (quote.bid, quote.ask) == (Decimal("0.42"), Decimal("0.43"))


def test_a_quote_that_moves_walks_on_from_where_it_was_set() -> None:
    market = Market(1)
    market.set_quote(CALL, quoted("0.42", "0.44"), moves=True)
    mids = {quote.mid for quote in walked(market)}
    assert len(mids) > 3
    assert all(mid is not None and Decimal("0.2") < mid < Decimal("0.9") for mid in mids)


def test_an_anchored_market_believes_the_first_limit_only() -> None:
    market = Market(1, anchored=True)
    assert market.anchor(CALL, Side.BUY, Decimal("0.43"), WEDNESDAY)
    first = market.quote(CALL, WEDNESDAY)
    assert first.ask == Decimal("0.42")
    assert not market.anchor(CALL, Side.BUY, Decimal("5"), WEDNESDAY)
    assert market.quote(CALL, WEDNESDAY) == first


def test_an_anchored_sale_is_marketable_as_well() -> None:
    market = Market(1, anchored=True)
    market.anchor(CALL, Side.SELL, Decimal("0.43"), WEDNESDAY)
    assert market.quote(CALL, WEDNESDAY).bid == Decimal("0.43")


def test_the_cheapest_limit_still_gets_a_quote() -> None:
    market = Market(1, anchored=True)
    market.anchor(CALL, Side.BUY, Decimal("0.01"), WEDNESDAY)
    assert market.quote(CALL, WEDNESDAY).ask == Decimal("0.01")


def test_other_markets_believe_nobody() -> None:
    assert not Market(1).anchor(CALL, Side.BUY, Decimal("0.43"), WEDNESDAY)


def test_a_made_up_spot_goes_to_the_first_strike_and_a_known_one_stays() -> None:
    market = Market(1)
    market.centre(option_contract("50", "ZZZQ"))
    market.centre(option_contract("90", "ZZZQ"))
    market.centre(option_contract("500"))
    assert market.spot("ZZZQ") == Decimal("50.10")
    assert market.spot("SPY") == Decimal(685)


def test_options_follow_their_underlying() -> None:
    market = Market(1)
    before = market.quote(CALL, WEDNESDAY).mid
    market.set_spot("SPY", Decimal(700))
    market.step(WEDNESDAY)
    after = market.quote(CALL, WEDNESDAY).mid
    assert before is not None and after is not None
    assert after > before + 5


def test_prices_go_on_in_a_later_run() -> None:
    market = Market(1)
    market.set_quote(CALL, quoted("0.42", "0.43"), moves=False)
    market.set_spot("SPY", Decimal(700))
    own, spots = market.take_changes()
    later = Market(1, spots=spots, own_prices=[(CALL, own[CALL.con_id])])

    assert later.quote(CALL, WEDNESDAY) == market.quote(CALL, WEDNESDAY)
    assert later.spot("SPY") == Decimal(700)
    assert market.take_changes()[0] == {}


def test_contracts_nobody_looks_at_are_not_followed() -> None:
    market = Market(1)
    market.quote(CALL, WEDNESDAY)
    hand = option_contract("690")
    market.set_quote(hand, quoted("0.42", "0.43"), moves=True)
    market.keep_only(set())
    assert {contract for contract, _ in market.step(WEDNESDAY)} <= {hand}


def test_the_middle_is_the_last_price_where_a_side_is_missing() -> None:
    assert quoted("0.40", "0.44").mid == Decimal("0.42")
    assert quoted(None, "0.44", last="0.41").mid == Decimal("0.41")
    assert Quote().mid is None


def test_only_options_have_greeks() -> None:
    market = Market(1)
    greeks = market.greeks(CALL, WEDNESDAY)
    assert greeks is not None and 0 < greeks.delta < 1
    later = market.greeks(CALL, WEDNESDAY + timedelta(days=30))
    assert later is not None and later.value >= 0


def test_an_anchored_market_has_no_price_before_the_first_order() -> None:
    market = Market(1, anchored=True)
    quote = market.quote(CALL, WEDNESDAY)
    assert (quote.bid, quote.ask) == (None, None)
    assert market.step(WEDNESDAY) == []
