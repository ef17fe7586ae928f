from __future__ import annotations

from datetime import date

import pytest

from autoscalper.parser.grammar.contracts import find_labelled, find_mentions, ticker_at
from autoscalper.parser.grammar.dates import find_expiries
from autoscalper.parser.grammar.tokens import tokenise

TUESDAY = date(2026, 8, 11)


def contracts(text: str) -> list[str]:
    tokens = tokenise(text)
    expiries = find_expiries(tokens, TUESDAY)
    found = find_mentions(tokens, expiries) or find_labelled(tokens, expiries)
    return [str(mention.terms) for mention in found]


@pytest.mark.parametrize(
    ("text", "contract"),
    [
        ("MSFT 8/14 505c", "MSFT 505C 2026-08-14"),
        ("MSFT 505 C 8/14", "MSFT 505C 2026-08-14"),
        ("MSFT $505 CALLS EXPIRATION 8/14", "MSFT 505C 2026-08-14"),
        ("MSFT 505 8/14 puts", "MSFT 505P 2026-08-14"),
        ("puts sep 18 505s MSFT", "MSFT 505P 2026-09-18"),
        ("505 calls friday exp on MSFT", "MSFT 505C 2026-08-14"),
        ("505p", "505P"),
        ("MSFT260814P00505500", "MSFT 505.5P 2026-08-14"),
        (".MSFT260814P505.5", "MSFT 505.5P 2026-08-14"),
        ("$BRK.B 480c", "BRK.B 480C"),
        ("MSFT 505c \u2022 Aug 14", "MSFT 505C 2026-08-14"),
        ("Ticker: MSFT Strike: 505 Type: Put Exp: 8/14", "MSFT 505P 2026-08-14"),
        ("MSFT 505\u770b\u6da8", "MSFT 505C"),
    ],
)
def test_a_contract_is_put_together(text: str, contract: str) -> None:
    assert contracts(text) == [contract]


@pytest.mark.parametrize(
    "text", ["5 calls", "12 puts", "calls 3.40", "MSFT 505", "2 cons", "505%", "-", "Strike: 505"]
)
def test_no_strike_is_made_of_counts_and_prices(text: str) -> None:
    assert contracts(text) == []


def test_several_contracts_are_found_in_order() -> None:
    assert contracts("MSFT 505c 8/14, NVDA 200p 8/21") == [
        "MSFT 505C 2026-08-14",
        "NVDA 200P 2026-08-21",
    ]


def test_a_word_in_lower_case_or_a_future_is_no_ticker() -> None:
    assert contracts("grabbed now 505c") == ["505C"]
    assert contracts("ES 6500c") == ["6500C"]


def test_only_known_symbols_are_tickers_by_themselves() -> None:
    tokens = tokenise("MSFT msft ZZZQ $ZZZQ NOW")
    named = [ticker_at(tokens, index) for index in range(len(tokens))]
    assert named == ["MSFT", "MSFT", None, "ZZZQ", None]
