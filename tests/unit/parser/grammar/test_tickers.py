from __future__ import annotations

import pytest

from autoscalper.parser.grammar.tickers import (
    FUTURES,
    TICKERS,
    WORD_TICKERS,
    canonical,
    may_be_ticker,
)


@pytest.mark.parametrize(
    ("posted", "listed"),
    [("$spy", "SPY"), ("SPXW", "SPX"), ("NDXP", "NDX"), ("BRKB", "BRK.B"), ("BRK/B", "BRK.B")],
)
def test_an_underlying_has_one_name(posted: str, listed: str) -> None:
    assert canonical(posted) == listed


@pytest.mark.parametrize("symbol", ["ZZZQ", "NOW", "A", "ALL"])
def test_a_word_in_capitals_may_be_a_ticker(symbol: str) -> None:
    assert may_be_ticker(symbol)


@pytest.mark.parametrize("word", ["zzzq", "LOTTO", "STO", "TOOLONG", "ES", "Z1", "\u0410MD", ""])
def test_other_words_may_not(word: str) -> None:
    assert not may_be_ticker(word)


def test_the_kinds_of_symbols_do_not_overlap() -> None:
    assert not TICKERS & WORD_TICKERS
    assert not TICKERS & FUTURES
    assert {"SPY", "QQQ", "SPX", "NVDA"} <= TICKERS
