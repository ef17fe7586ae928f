from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from autoscalper.domain.contract import OptionContract, Right
from autoscalper.domain.instruction import RiskLevel
from autoscalper.domain.limits import (
    Denial,
    Rule,
    check_add,
    check_new_trade,
    check_prices,
    check_size,
    is_too_old,
    size_factor,
)
from autoscalper.domain.settings import BrokerSettings
from autoscalper.domain.sizing import Size

SETTINGS = BrokerSettings(
    max_open_trades=2,
    max_adds_per_trade=1,
    max_contracts=3,
    entry_max_age_seconds=60,
    allowed_underlyings=("IWM", "SPY"),
)


def contract(underlying: str = "IWM", strike: int = 210) -> OptionContract:
    return OptionContract(
        underlying=underlying,
        expiry=date(2026, 3, 18),
        strike=Decimal(strike),
        right=Right.CALL,
    )


def rules(denials: list[Denial]) -> list[Rule]:
    return [denial.rule for denial in denials]


def test_a_trade_within_all_limits_passes() -> None:
    assert check_new_trade(contract(), [contract(strike=200)], SETTINGS) == []


def test_an_underlying_that_is_not_allowed_is_named_with_those_that_are() -> None:
    (denial,) = check_new_trade(contract("TSLA"), [], SETTINGS)
    assert str(denial) == "underlying: TSLA is not among IWM, SPY"


def test_without_a_list_every_underlying_is_allowed() -> None:
    assert check_new_trade(contract("TSLA"), [], BrokerSettings()) == []


def test_there_is_one_trade_per_contract() -> None:
    (denial,) = check_new_trade(contract(), [contract()], SETTINGS)
    assert str(denial) == "contract: a trade in IWM 210C 2026-03-18 is open"


def test_there_are_only_so_many_trades() -> None:
    held = [contract(strike=200), contract(strike=205)]
    (denial,) = check_new_trade(contract(), held, SETTINGS)
    assert str(denial) == "open trades: 2 are open, 2 are allowed"


def test_every_rule_that_fails_is_told() -> None:
    held = [contract("TSLA"), contract(strike=205)]
    assert rules(check_new_trade(contract("TSLA"), held, SETTINGS)) == [
        Rule.UNDERLYING,
        Rule.ONE_TRADE_PER_CONTRACT,
        Rule.OPEN_TRADES,
    ]


@pytest.mark.parametrize(
    ("adds", "held", "expected"),
    [
        (0, 2, []),
        (1, 2, [Rule.ADDS]),
        (0, 3, [Rule.CONTRACTS]),
        (1, 3, [Rule.ADDS, Rule.CONTRACTS]),
    ],
)
def test_an_add_is_counted(adds: int, held: int, expected: list[Rule]) -> None:
    assert rules(check_add(adds, held, SETTINGS)) == expected


@pytest.mark.parametrize(
    ("limit", "stop", "passes"),
    [
        ("1.00", "0.75", True),
        ("1.00", "1.00", False),
        ("1.00", "1.20", False),
        ("1.00", "0", False),
    ],
)
def test_a_stop_lies_between_zero_and_the_entry(limit: str, stop: str, passes: bool) -> None:
    assert (check_prices(Decimal(limit), Decimal(stop)) == []) is passes


def test_a_size_of_nothing_is_denied_with_its_numbers() -> None:
    size = Size(contracts=0, risk_per_contract=Decimal(75), budget=Decimal(50))
    (denial,) = check_size(size)
    assert str(denial) == "risk: one contract risks $75.00, the budget is $50.00"
    assert check_size(Size(contracts=1, risk_per_contract=Decimal(1), budget=Decimal(1))) == []


@pytest.mark.parametrize(("seconds", "too_old"), [(0, False), (60, False), (60.001, True)])
def test_an_entry_grows_old(seconds: float, too_old: bool) -> None:
    assert is_too_old(timedelta(seconds=seconds), SETTINGS) is too_old


def test_the_riskier_the_smaller() -> None:
    normal, high, extreme = (size_factor(level, SETTINGS) for level in RiskLevel)
    assert normal == 1
    assert normal > high > extreme > 0
