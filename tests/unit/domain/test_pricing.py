from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscalper.domain.pricing import (
    TickBand,
    Ticks,
    default_stop,
    default_target,
    entry_limit,
    shown,
    signed,
)

PENNIES = Ticks(bands=(TickBand(low_edge=Decimal(0), increment=Decimal("0.01")),))
COARSE = Ticks()
GRIDS = st.sampled_from([PENNIES, COARSE])
PRICES = st.decimals("0.01", "50", places=4)


@pytest.mark.parametrize(
    ("price", "down", "up"),
    [
        ("0.43", "0.40", "0.45"),
        ("0.45", "0.45", "0.45"),
        ("2.98", "2.95", "3.00"),
        ("3.00", "3.00", "3.00"),
        ("3.04", "3.00", "3.10"),
        ("0", "0", "0"),
    ],
)
def test_a_price_is_rounded_to_the_grid_of_its_band(price: str, down: str, up: str) -> None:
    assert COARSE.down(Decimal(price)) == Decimal(down)
    assert COARSE.up(Decimal(price)) == Decimal(up)


@given(price=PRICES, ticks=GRIDS)
def test_rounding_stays_within_one_increment_on_its_side(price: Decimal, ticks: Ticks) -> None:
    down, up = ticks.down(price), ticks.up(price)
    assert down <= price <= up
    assert up - down <= ticks.increment_at(price)


@given(price=PRICES, ticks=GRIDS)
def test_a_rounded_price_stays_where_it_is(price: Decimal, ticks: Ticks) -> None:
    for rounded in (ticks.down(price), ticks.up(price)):
        assert ticks.down(rounded) == ticks.up(rounded) == rounded


@pytest.mark.parametrize(
    ("price", "text"),
    [("0.8", "0.80"), ("1", "1.00"), ("0.80", "0.80"), ("0.805", "0.805"), ("1E+1", "10.00")],
)
def test_a_price_is_shown_with_cents_and_more_only_where_there_is_more(
    price: str, text: str
) -> None:
    assert shown(Decimal(price)) == text


@pytest.mark.parametrize(
    ("dollars", "text"),
    [("12.5", "+$12.50"), ("-3", "-$3.00"), ("0", "+$0.00"), ("1234", "+$1234.00")],
)
def test_an_amount_is_shown_with_its_sign_before_the_dollar(dollars: str, text: str) -> None:
    assert signed(Decimal(dollars)) == text


def limit(posted: str, ask: str | None, ticks: Ticks = PENNIES) -> Decimal:
    known = None if ask is None else Decimal(ask)
    return entry_limit(Decimal(posted), known, Decimal("0.05"), Decimal(10), ticks)


@pytest.mark.parametrize(
    ("posted", "ask", "expected"),
    [
        ("1.00", "0.97", "0.97"),
        ("1.00", "1.03", "1.03"),
        ("1.00", "1.20", "1.05"),
        ("0.20", "0.30", "0.22"),
        ("1.00", None, "1.00"),
    ],
)
def test_an_entry_pays_the_ask_as_far_as_the_chase_allows(
    posted: str, ask: str | None, expected: str
) -> None:
    assert limit(posted, ask) == Decimal(expected)


@given(posted=PRICES, ask=st.none() | PRICES, ticks=GRIDS)
def test_an_entry_never_pays_more_than_posted_and_chase(
    posted: Decimal, ask: Decimal | None, ticks: Ticks
) -> None:
    found = entry_limit(posted, ask, Decimal("0.05"), Decimal(10), ticks)
    assert found <= posted + min(Decimal("0.05"), posted / 10)
    assert found == ticks.down(found)


def test_the_stop_and_the_target_of_a_bracket() -> None:
    stop = default_stop(Decimal("1.00"), Decimal(25), PENNIES)
    assert stop == Decimal("0.75")
    assert default_target(Decimal("1.00"), stop, Decimal(2), PENNIES) == Decimal("1.50")


@given(entry=PRICES, percent=st.decimals("1", "99", places=1), ticks=GRIDS)
def test_rounding_a_stop_never_makes_the_loss_larger(
    entry: Decimal, percent: Decimal, ticks: Ticks
) -> None:
    stop = default_stop(entry, percent, ticks)
    assert entry - stop <= entry * percent / 100
    assert stop == ticks.up(stop)
