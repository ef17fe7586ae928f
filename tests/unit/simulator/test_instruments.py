from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscalper.domain.contract import Right
from autoscalper.domain.identity import ConId
from autoscalper.simulator import instruments
from autoscalper.simulator.instruments import ContractSpec, Instruments
from tests.unit.simulator.stand import EXPIRY, WEDNESDAY, option_contract

TODAY = WEDNESDAY.date()


def option(symbol: str = "SPY", **parts: object) -> ContractSpec:
    chosen: dict[str, object] = {
        "symbol": symbol,
        "sec_type": "OPT",
        "expiry": "20260320",
        "strike": Decimal(685),
        "right": "C",
        "currency": "USD",
        **parts,
    }
    return ContractSpec(**chosen)  # type: ignore[arg-type]  # the tests' own choice


def test_a_full_description_means_one_contract() -> None:
    (found,) = Instruments().find(option(), TODAY)
    assert found == option_contract()
    assert found.local_symbol == "SPY   260320C00685000"
    assert found.multiplier == 100


def test_a_description_without_strike_and_right_means_the_chain() -> None:
    found = Instruments().find(option(strike=None, right=""), TODAY)
    assert {contract.right for contract in found} == {Right.CALL, Right.PUT}
    assert len({contract.con_id for contract in found}) == len(found) == 2 * 81


@pytest.mark.parametrize(
    "spec",
    [
        option(strike=Decimal("685.25")),
        option(strike=Decimal(-5)),
        option(expiry="20260321"),
        option(expiry="20260317"),
        option(expiry="20320319"),
        option(expiry="soon"),
        option(expiry="20261399"),
        option(symbol="no symbol"),
        option(currency="EUR"),
        option(trading_class="SPX"),
        option(right="X"),
        option(con_id=ConId(5)),
        option(symbol="TSLA", expiry="20260318"),
        ContractSpec(symbol="SPY", sec_type="FUT"),
        ContractSpec(local_symbol="SPY 1", sec_type="OPT"),
    ],
)
def test_what_is_not_listed_is_not_found(spec: ContractSpec) -> None:
    assert Instruments().find(spec, TODAY) == []


def test_an_id_alone_finds_what_was_given_out_and_nothing_else() -> None:
    known = Instruments()
    spec = ContractSpec(con_id=option_contract().con_id)
    assert known.find(spec, TODAY) == []
    known.find(option(), TODAY)
    assert known.find(spec, TODAY) == [option_contract()]
    assert known.take_new() == [option_contract()]
    assert known.take_new() == []
    assert Instruments([option_contract()]).find(spec, TODAY) == [option_contract()]


def test_an_expired_contract_is_not_found_by_its_id_either() -> None:
    known = Instruments([option_contract()])
    spec = ContractSpec(con_id=option_contract().con_id)
    assert known.find(spec, EXPIRY) != []
    assert known.find(spec, date(2026, 3, 21)) == []


def test_an_occ_symbol_is_a_description() -> None:
    spec = ContractSpec(sec_type="OPT", local_symbol="SPY   260320C00685000")
    assert Instruments().find(spec, TODAY) == [option_contract()]


def test_an_index_has_two_classes_on_a_third_friday() -> None:
    third_friday = Instruments().find(option("SPX", strike=Decimal(6850)), TODAY)
    assert [contract.trading_class for contract in third_friday] == ["SPX", "SPXW"]
    other = Instruments().find(option("SPX", strike=Decimal(6850), expiry="20260318"), TODAY)
    assert [contract.trading_class for contract in other] == ["SPXW"]
    weekly = Instruments().find(option("SPXW", strike=Decimal(6850)), TODAY)
    assert [(each.symbol, each.trading_class) for each in weekly] == [("SPX", "SPXW")]


def test_the_day_an_expiry_falls_on_a_holiday_it_is_the_day_before() -> None:
    tesla = instruments.underlying_of("TSLA")
    assert tesla is not None
    assert instruments.is_expiry(tesla, date(2026, 4, 2))
    assert not instruments.is_expiry(tesla, date(2026, 4, 3))
    assert instruments.is_monthly(date(2026, 3, 20))
    assert not instruments.is_monthly(date(2026, 3, 13))


def test_a_replay_lists_every_trading_day() -> None:
    spec = option("TSLA", expiry="20260318", strike=Decimal(430))
    assert Instruments(any_expiry=True).find(spec, TODAY) != []


def test_chains_are_daily_at_first_then_weekly_then_monthly() -> None:
    spy = instruments.underlying_of("SPY")
    assert spy is not None
    listed = instruments.expiries(spy, TODAY)
    assert listed[:4] == [date(2026, 3, day) for day in (18, 19, 20, 23)]
    assert date(2026, 4, 24) in listed
    assert date(2026, 4, 22) not in listed
    assert date(2026, 6, 18) in listed
    assert date(2026, 6, 26) not in listed


def test_a_month_means_the_listed_days_in_it() -> None:
    found = Instruments().find(option(expiry="202606"), TODAY)
    assert [contract.expiry for contract in found] == [date(2026, 6, 18)]


def test_the_underlying_itself_is_a_contract() -> None:
    (spy,) = Instruments().find(ContractSpec(symbol="SPY", sec_type="STK"), TODAY)
    (spx,) = Instruments().find(ContractSpec(symbol="SPX", sec_type="IND"), TODAY)
    assert (spy.multiplier, spx.exchanges) == (1, ("SMART", "CBOE"))
    assert Instruments().find(ContractSpec(symbol="SPX", sec_type="STK"), TODAY) == []


@given(st.from_regex(r"[A-Z]{1,5}", fullmatch=True))
def test_any_symbol_exists_and_stays_the_same(symbol: str) -> None:
    underlying = instruments.underlying_of(symbol)
    assert underlying is not None
    assert underlying == instruments.underlying_of(symbol)
    assert underlying.spot > 0
    assert 0 < instruments.con_id_of(symbol) < 2**31
