from decimal import Decimal

import msgspec
import pytest

from autoscalper.domain.identity import PermId
from autoscalper.simulator import amendments, matching
from autoscalper.simulator.orders import Order, OrderTerms, OrderType, Side
from tests.unit.simulator.stand import quoted, stop, terms
from tests.unit.simulator.test_orders import order


def resting(wanted: OrderTerms) -> Order:
    return order(terms=wanted, stop_price=amendments.first_stop(wanted))


@pytest.mark.parametrize(
    ("side", "limit", "price"),
    [
        (Side.BUY, "0.42", None),
        (Side.BUY, "0.43", "0.43"),
        (Side.BUY, "0.50", "0.43"),
        (Side.SELL, "0.42", None),
        (Side.SELL, "0.41", "0.41"),
        (Side.SELL, "0.30", "0.41"),
    ],
)
def test_a_limit_order_fills_at_the_quote_or_rests(
    side: Side, limit: str, price: str | None
) -> None:
    found = matching.fill_price(
        resting(terms(side, limit_price=Decimal(limit))), quoted("0.41", "0.43")
    )
    assert found == (None if price is None else Decimal(price))


def test_a_market_order_takes_whatever_is_there() -> None:
    market = terms(Side.SELL, order_type=OrderType.MARKET, limit_price=None)
    assert matching.fill_price(resting(market), quoted("0.01", "9")) == Decimal("0.01")
    assert matching.fill_price(resting(market), quoted(None, "9")) is None
    assert matching.fill_price(resting(market), quoted("0", "9")) is None


def test_a_sale_is_triggered_by_the_ask_and_not_by_a_wide_spread() -> None:
    order_ = resting(stop(price="0.32"))
    assert not matching.is_triggered(order_, quoted("0.10", "0.33"))
    assert matching.is_triggered(order_, quoted("0.10", "0.32"))


def test_a_purchase_is_triggered_by_the_bid() -> None:
    wanted = terms(Side.BUY, order_type=OrderType.STOP, aux_price=Decimal("0.50"))
    assert not matching.is_triggered(resting(wanted), quoted("0.49", "0.60"))
    assert matching.is_triggered(resting(wanted), quoted("0.50", "0.60"))


@pytest.mark.parametrize(
    ("method", "goes_off"), [(2, True), (3, True), (7, True), (4, False), (1, False), (8, False)]
)
def test_the_trigger_method_says_what_is_looked_at(method: int, goes_off: bool) -> None:
    order_ = resting(stop(price="0.32", trigger_method=method))
    assert matching.is_triggered(order_, quoted("0.33", "0.35", last="0.32")) is goes_off


def test_the_middle_triggers_where_it_is_asked_for() -> None:
    order_ = resting(stop(price="0.32", trigger_method=8))
    assert matching.is_triggered(order_, quoted("0.30", "0.34"))


def trail(side: Side = Side.SELL, **changes: object) -> Order:
    wanted = terms(side, 2, order_type=OrderType.TRAIL, limit_price=None, **changes)
    return resting(wanted)


def test_a_trailing_stop_follows_the_market_and_never_moves_back() -> None:
    order_ = trail(aux_price=Decimal("0.10"))
    stops = []
    for bid in ("0.50", "0.60", "0.55", "0.61"):
        order_ = matching.follow(order_, quoted(bid, "0.70"))
        stops.append(order_.stop_price)

    assert stops == [Decimal(price) for price in ("0.40", "0.50", "0.50", "0.51")]


def test_a_purchase_trails_from_above() -> None:
    order_ = trail(Side.BUY, aux_price=Decimal("0.10"))
    for ask in ("0.70", "0.60", "0.65"):
        order_ = matching.follow(order_, quoted("0.50", ask))
    assert order_.stop_price == Decimal("0.70")


def test_a_trail_by_per_cent_takes_its_distance_from_the_price() -> None:
    order_ = matching.follow(trail(trailing_percent=Decimal(20)), quoted("0.50", "0.52"))
    assert order_.stop_price == Decimal("0.40")


def test_a_trail_starts_where_the_client_said() -> None:
    order_ = trail(aux_price=Decimal("0.10"), trail_stop_price=Decimal("0.45"))
    assert matching.follow(order_, quoted("0.50", "0.52")).stop_price == Decimal("0.45")
    assert matching.follow(order_, quoted("0.60", "0.62")).stop_price == Decimal("0.50")


def test_a_trail_without_a_market_stands_still() -> None:
    order_ = trail(aux_price=Decimal("0.10"))
    assert matching.follow(order_, quoted(None, None)) is order_
    assert not matching.is_triggered(order_, quoted("0.01", "0.02"))


def test_the_limit_of_a_trailing_limit_order_keeps_its_distance_from_the_stop() -> None:
    wanted = terms(
        Side.SELL,
        order_type=OrderType.TRAIL_LIMIT,
        aux_price=Decimal("0.10"),
        limit_price_offset=Decimal("0.02"),
    )
    followed = matching.follow(resting(wanted), quoted("0.50", "0.52"))
    assert matching.limit_of(followed) == Decimal("0.38")


def test_a_quote_fills_no_more_than_it_shows() -> None:
    order_ = order(order_qty=Decimal(10))
    depth = matching.Depth({Side.BUY: Decimal(5), Side.SELL: Decimal(5)}, {})
    assert depth.of(order_) == 5
    depth.take(order_, Decimal(3))
    assert depth.of(order_) == 2


def test_an_order_in_parts_takes_one_part_of_a_quote() -> None:
    order_ = order(order_qty=Decimal(10))
    depth = matching.Depth({Side.BUY: Decimal(50), Side.SELL: Decimal(50)}, {PermId(1): Decimal(4)})
    depth.take(order_, Decimal(4))
    assert depth.of(order_) == 0
    assert depth.of(msgspec.structs.replace(order_, perm_id=PermId(2))) == 46
