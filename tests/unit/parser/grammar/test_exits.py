from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from autoscalper.domain.instruction import CloseTrade, ExitCause, StopAtBreakEven, TrimTrade
from autoscalper.parser.grammar.exits import read_exit
from autoscalper.parser.grammar.post import parse

TUESDAY = date(2026, 8, 11)


def said(text: str) -> object:
    found = read_exit(parse(text, TUESDAY))
    return found.instruction if found is not None else None


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("out", ExitCause.EXIT),
        ("stopped out", ExitCause.STOP_LOSS),
        ("STC MSFT 505c 2.10 stop hit", ExitCause.STOP_LOSS),
        ("TP hit, all out", ExitCause.TAKE_PROFIT),
    ],
)
def test_an_exit_knows_its_cause(text: str, cause: ExitCause) -> None:
    exit_ = said(text)
    assert isinstance(exit_, CloseTrade)
    assert exit_.cause is cause


@pytest.mark.parametrize(
    ("text", "fraction"),
    [
        ("sold half", "0.5"),
        ("TRIM 2/4 @ 1.92", "0.5"),
        ("sold 80% here", "0.8"),
        ("out of 80% of my position", "0.8"),
        ("trimming 40 holding 10", "0.8"),
        ("TRIM +25%\nSold 3 of 15", "0.2"),
        ("down to 1/4", "0.75"),
    ],
)
def test_a_trim_knows_its_part(text: str, fraction: str) -> None:
    trim = said(text)
    assert isinstance(trim, TrimTrade)
    assert trim.fraction == Decimal(fraction)


@pytest.mark.parametrize(
    "text", ["trim @ 15%", "trimmed 30%", "trimming here for 51%", "took some profit"]
)
def test_a_gain_is_no_part(text: str) -> None:
    trim = said(text)
    assert isinstance(trim, TrimTrade)
    assert (trim.fraction, trim.price) == (None, None)


def test_a_trim_may_move_the_stop() -> None:
    trim = said("out half at 3.10, stop to BE")
    assert isinstance(trim, TrimTrade)
    assert (trim.price, trim.stop) == (Decimal("3.10"), StopAtBreakEven())


@pytest.mark.parametrize(
    "text", ["STC MSFT 505c 5.10\npartial", "closing, leaving runners", "STC 5.10 few left"]
)
def test_a_partial_close_is_a_trim(text: str) -> None:
    assert isinstance(said(text), TrimTrade)


@pytest.mark.parametrize("text", ["recap: sold MSFT", "sold covered calls", "out?", "hello"])
def test_nothing_is_sold(text: str) -> None:
    assert said(text) is None


def test_the_contract_is_that_of_the_sale() -> None:
    exit_ = said("out of NVDA. in MSFT 505c 4.10")
    assert isinstance(exit_, CloseTrade)
    assert str(exit_.contract) == "NVDA"
