from __future__ import annotations

from datetime import date

import pytest

from autoscalper.domain.instruction import NotePlan, OpenTrade, RiskLevel
from autoscalper.parser.grammar.entries import read_entry, risk_level
from autoscalper.parser.grammar.findings import Doubt, Finding, Nothing
from autoscalper.parser.grammar.post import parse

TUESDAY = date(2026, 8, 11)


def entry(text: str) -> Finding | Doubt | Nothing | None:
    return read_entry(parse(text, TUESDAY))


@pytest.mark.parametrize(
    "text",
    [
        "BTO MSFT 505c 8/14 4.10",
        "in MSFT 505c 8/14",
        "took some MSFT 505c 8/14",
        "MSFT 505c 8/14 4.10",
        "MSFT 505c 8/14 lotto",
        "Day trade\nContract: MSFT 8/14 505C\nEntry: 4.10\nNotes: looking for a breakout",
        "Buy To Open Trade Update Accepted BTO MSFT 8/14 505c @ 4.10",
        "$MSFT 505c 8/14 $4.10 Entry, leave room to add",
        "MSFT 505P 8/14 4.10 2 CONS - looking for 480",
    ],
)
def test_somebody_enters(text: str) -> None:
    found = entry(text)
    assert isinstance(found, Finding)
    assert isinstance(found.instruction, OpenTrade)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("505c 8/14 4.10", "a contract without its ticker"),
        ("MSFT 505c 8/14", "a contract without a verb or a price"),
        ("BTO MSFT 505c 8/14 600", "a price above the strike"),
        ("BTO MSFT 505c 2/30 4.10", "an expiry that cannot be"),
        ("BTO MSFT 505c 8/10 4.10", "an expiry that cannot be"),
        ("BTO MSFT 505c 8/12 0dte 4.10", "two expiries"),
        ("short MSFT 505c 8/14 4.10", "may be short premium"),
        ("MSFT 505c 4.10 NVDA 200c 3.10", "several contracts and no verb"),
        ("buying MSFT 505c 8/14", "a verb that may be a plan, and no price"),
        ("taking MSFT 505c 8/14", "a verb that may be a plan, and no price"),
        ("pals bought MSFT 505c 4.10", "words before the verb that may change its meaning"),
        ("in those juicy MSFT 505c", "words between the verb and the contract"),
        ("juicy MSFT 505c 4.10", "words before the contract that may change its meaning"),
        ("MSFT 505c 4.10-8.20", "a range that may be entry and exit"),
        ("MSFT 505c 4.10 $2M", "numbers as in order flow"),
        ("bought MSFT 505c 4.10\n25%", "may report how a trade goes"),
        ("BTO MSFT 500c/505c 1.10", "may be a spread"),
        ("BTO MSFT 500-505c 1.10", "may be a spread"),
        ("BTO MSFT call spread 505c 1.10", "may be a spread"),
        ("STO MSFT 505p 1.10", "may be short premium"),
        ("MSFT shares or 505c 4.10", "may be shares"),
        ("recap: MSFT 505c 4.10", "looks like a recap"),
        ("oops BTO MSFT 505c 4.10", "takes something back"),
        ("BTO MSFT 505c 4.10?", "a question"),
        ("posted: BTO MSFT 505c 4.10", "may quote somebody"),
        ("BTO MSFT 505c 4,10", "a comma inside the price"),
        ("never BTO MSFT 505c 4.10", "the word before the contract: never"),
        ("bought MSFT 505c 4.10 yesterday", "the word after the contract: yesterday"),
    ],
)
def test_a_doubt_says_why(text: str, reason: str) -> None:
    found = entry(text)
    assert isinstance(found, Doubt)
    assert found.reason == reason


@pytest.mark.parametrize(
    "text",
    [
        "watching MSFT 505c 8/14",
        "loading MSFT 505c",
        "MSFT above 500 for the 505c",
        "MSFT 505c 8/14 loaded",
    ],
)
def test_a_plan_is_no_entry(text: str) -> None:
    found = entry(text)
    assert isinstance(found, Finding)
    assert isinstance(found.instruction, NotePlan)


def test_a_status_card_is_nothing() -> None:
    assert isinstance(entry("MSFT 505c 8/14\n4.10 \u2192 5.20 P/L: +27%"), Nothing)


def test_a_post_without_a_contract_is_none() -> None:
    assert entry("good morning") is None


def test_the_highest_risk_named_counts() -> None:
    assert risk_level(parse("risky yolo", TUESDAY)) is RiskLevel.EXTREME
    assert risk_level(parse("calm", TUESDAY)) is RiskLevel.NORMAL
