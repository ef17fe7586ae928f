from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from autoscalper.domain.contract import ContractTerms, OptionContract, Right

CONTRACT = OptionContract(
    underlying="IWM", expiry=date(2026, 3, 18), strike=Decimal("210.50"), right=Right.PUT
)


def test_a_contract_is_written_as_traders_write_it() -> None:
    assert str(CONTRACT) == "IWM 210.5P 2026-03-18"


@pytest.mark.parametrize("strike", ["200", "200.0", "2E+2"])
def test_a_round_strike_is_written_in_full(strike: str) -> None:
    contract = OptionContract(
        underlying="IWM", expiry=date(2026, 3, 18), strike=Decimal(strike), right=Right.CALL
    )
    assert str(contract) == "IWM 200C 2026-03-18"


def test_contracts_that_are_the_same_are_equal_however_their_strike_was_written() -> None:
    again = OptionContract(
        underlying="IWM", expiry=date(2026, 3, 18), strike=Decimal("210.5"), right=Right.PUT
    )
    assert again == CONTRACT
    assert hash(again) == hash(CONTRACT)


@pytest.mark.parametrize(
    ("terms", "fits"),
    [
        (ContractTerms(), True),
        (ContractTerms(underlying="IWM"), True),
        (ContractTerms(underlying="SPY"), False),
        (ContractTerms(strike=Decimal("210.5")), True),
        (ContractTerms(strike=Decimal(210)), False),
        (ContractTerms(right=Right.PUT), True),
        (ContractTerms(right=Right.CALL), False),
        (ContractTerms(expiry=date(2026, 3, 18)), True),
        (ContractTerms(expiry=date(2026, 3, 19)), False),
        (ContractTerms(underlying="IWM", right=Right.CALL), False),
    ],
)
def test_terms_fit_a_contract_that_agrees_with_everything_they_name(
    terms: ContractTerms, fits: bool
) -> None:
    assert terms.fits(CONTRACT) is fits


@pytest.mark.parametrize(
    ("terms", "text"),
    [
        (ContractTerms(), ""),
        (ContractTerms(underlying="IWM"), "IWM"),
        (ContractTerms(strike=Decimal(210), right=Right.CALL), "210C"),
        (
            ContractTerms(
                underlying="IWM",
                strike=Decimal("210.5"),
                right=Right.PUT,
                expiry=date(2026, 3, 18),
            ),
            "IWM 210.5P 2026-03-18",
        ),
    ],
)
def test_terms_are_written_as_far_as_they_are_known(terms: ContractTerms, text: str) -> None:
    assert str(terms) == text
