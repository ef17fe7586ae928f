from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscalper.simulator import market_rules
from autoscalper.simulator.market_rules import NICKEL, PENNY, PENNY_PROGRAMME


@pytest.mark.parametrize(
    ("rule", "price", "tick"),
    [
        (PENNY, "12", "0.01"),
        (PENNY_PROGRAMME, "2.99", "0.01"),
        (PENNY_PROGRAMME, "3", "0.05"),
        (NICKEL, "2.95", "0.05"),
        (NICKEL, "3", "0.1"),
    ],
)
def test_the_step_depends_on_the_price(rule: int, price: str, tick: str) -> None:
    assert market_rules.tick_at(rule, Decimal(price)) == Decimal(tick)


prices = st.decimals("0.001", "9999", places=3)


@given(st.sampled_from(list(market_rules.BANDS)), prices)
def test_rounding_gives_the_nearest_prices_on_the_step(rule: int, price: Decimal) -> None:
    down, up = market_rules.round_down(rule, price), market_rules.round_up(rule, price)

    assert down <= price <= up
    assert market_rules.conforms(rule, down)
    assert market_rules.conforms(rule, up)
    assert up - down <= market_rules.tick_at(rule, price)
    assert (down == up) is market_rules.conforms(rule, price)
