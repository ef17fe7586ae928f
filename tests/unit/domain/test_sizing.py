from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscalper.domain.sizing import Size, size_by_risk

PRICES = st.decimals("0.01", "100", places=2)


def size(
    *,
    balance: str = "10000",
    percent: str = "0.5",
    factor: str = "1",
    limit: str = "1.00",
    stop: str = "0.75",
    most: int = 10,
    allowance: str | None = None,
) -> Size:
    return size_by_risk(
        balance=Decimal(balance),
        risk_percent=Decimal(percent),
        factor=Decimal(factor),
        limit_price=Decimal(limit),
        stop_price=Decimal(stop),
        multiplier=Decimal(100),
        most=most,
        allowance=None if allowance is None else Decimal(allowance),
    )


@pytest.mark.parametrize(
    ("allowance", "contracts"), [(None, 2), ("60", 2), ("49", 1), ("24", 0), ("-80", 0)]
)
def test_no_more_is_risked_than_the_day_may_still_lose(
    allowance: str | None, contracts: int
) -> None:
    assert size(allowance=allowance).contracts == contracts


def test_no_room_is_no_contract() -> None:
    assert size(most=-1).contracts == 0


def test_as_many_as_the_budget_bears() -> None:
    assert size() == Size(contracts=2, risk_per_contract=Decimal(25), budget=Decimal(50))


def test_what_would_be_a_contract_and_a_bit_is_one() -> None:
    assert size(stop="0.60").contracts == 1


def test_never_more_than_the_limit() -> None:
    assert size(balance="1000000", most=2).contracts == 2


def test_a_contract_that_risks_too_much_is_none_and_the_numbers_say_why() -> None:
    found = size(limit="3.00", stop="2.25")
    assert found == Size(contracts=0, risk_per_contract=Decimal(75), budget=Decimal(50))


@pytest.mark.parametrize(("factor", "contracts"), [("1", 4), ("0.5", 2), ("0.25", 1)])
def test_a_risky_trade_is_smaller(factor: str, contracts: int) -> None:
    assert size(balance="20000", factor=factor).contracts == contracts


@pytest.mark.parametrize("stop", ["1.00", "1.10"])
def test_without_a_distance_to_the_stop_there_is_no_size(stop: str) -> None:
    assert size(stop=stop).contracts == 0


@given(
    balance=st.integers(100, 10_000_000),
    percent=st.decimals("0.01", "100", places=2),
    factor=st.decimals("0.01", "1", places=2),
    limit=PRICES,
    stop=PRICES,
    most=st.integers(0, 100),
)
def test_the_risk_never_exceeds_the_budget_nor_the_size_its_limit(
    balance: int, percent: Decimal, factor: Decimal, limit: Decimal, stop: Decimal, most: int
) -> None:
    found = size_by_risk(
        balance=Decimal(balance),
        risk_percent=percent,
        factor=factor,
        limit_price=limit,
        stop_price=stop,
        multiplier=Decimal(100),
        most=most,
    )
    assert 0 <= found.contracts <= most
    assert found.contracts * found.risk_per_contract <= found.budget or found.contracts == 0
