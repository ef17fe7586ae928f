from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from autoscalper.domain.contract import OptionContract, Right
from autoscalper.domain.instruction import RiskLevel
from autoscalper.domain.limits import (
    Day,
    Denial,
    Rule,
    check_add,
    check_channel,
    check_day,
    check_funds,
    check_market,
    check_new_trade,
    check_prices,
    check_size,
    check_strike,
    is_too_old,
    not_listed,
    size_factor,
)
from autoscalper.domain.profiles import Profile
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


def day(result: str = "0", losses: int = 0, *, is_over: bool = False) -> Day:
    return Day(
        result=Decimal(result),
        allowed_loss=Decimal(200),
        losses_in_a_row=losses,
        is_over=is_over,
    )


@pytest.mark.parametrize("result", ["0", "-199.99", "500"])
def test_a_day_within_its_loss_goes_on(result: str) -> None:
    assert check_day(day(result, losses=2), SETTINGS) == []


def test_a_day_that_lost_all_that_it_may_is_over() -> None:
    (denial,) = check_day(day("-200"), SETTINGS)
    assert str(denial) == "daily loss: -$200.00 today, $200.00 may be lost in a day"


def test_a_day_that_was_over_stays_over_when_the_market_comes_back() -> None:
    (denial,) = check_day(day("-150", is_over=True), SETTINGS)
    assert str(denial) == (
        "daily loss: reached before, -$150.00 today, $200.00 may be lost in a day"
    )


def test_losses_in_a_row_end_the_day() -> None:
    (denial,) = check_day(day("40", losses=3), SETTINGS)
    assert str(denial) == "loss streak: 3 losing trades in a row today, 3 end the day"


@pytest.mark.parametrize(
    ("posted", "bid", "ask", "expected"),
    [
        ("0.40", "0.38", "0.42", []),
        ("0.40", "0.38", "0.43", ["spread: 0.38 to 0.43 is 12.3 %, 10 % are allowed"]),
        (None, "0.38", "0.42", []),
        ("0.40", None, "0.42", ["spread: nobody bids, 0.42 is asked"]),
        ("0.40", "0.38", None, []),
        ("0.40", None, None, []),
        ("0.82", "0.40", "0.42", []),
        ("0.83", "0.40", "0.42", ["price: posted 0.83, the market is at 0.40 to 0.42"]),
        ("0.20", "0.40", "0.42", ["price: posted 0.20, the market is at 0.40 to 0.42"]),
        (
            "9",
            "0.10",
            "0.20",
            [
                "spread: 0.10 to 0.20 is 66.7 %, 10 % are allowed",
                "price: posted 9.00, the market is at 0.10 to 0.20",
            ],
        ),
    ],
)
def test_the_market_must_be_narrow_and_near_what_was_posted(
    posted: str | None, bid: str | None, ask: str | None, expected: list[str]
) -> None:
    said, low, high = (None if each is None else Decimal(each) for each in (posted, bid, ask))
    assert [str(each) for each in check_market(said, low, high, SETTINGS)] == expected


def test_what_cannot_be_paid_is_denied_where_the_funds_are_known() -> None:
    (denial,) = check_funds(Decimal("43"), Decimal("42.99"))
    assert str(denial) == "funds: one contract costs $43.00, $42.99 are available"
    assert check_funds(Decimal("43"), Decimal("43")) == []
    assert check_funds(Decimal("43"), None) == []


def test_a_channel_that_is_off_opens_nothing() -> None:
    assert check_channel(Profile(), SETTINGS) == []
    (denial,) = check_channel(Profile(off=True), SETTINGS)
    assert str(denial) == "channel: it is switched off"


@pytest.mark.parametrize(
    ("underlying", "passes"),
    [(None, True), ("210", True), ("106", True), ("104", False), ("419", True), ("421", False)],
)
def test_a_strike_is_near_its_underlying(underlying: str | None, passes: bool) -> None:
    price = None if underlying is None else Decimal(underlying)
    assert (check_strike(contract(), price) == []) is passes


def test_a_contract_that_is_not_listed_is_named() -> None:
    assert str(not_listed(contract(), "200 none")) == "chain: IWM 210C 2026-03-18: 200 none"
