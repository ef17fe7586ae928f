from __future__ import annotations

from datetime import date

import pytest

from autoscalper.parser.grammar.amounts import find_price
from autoscalper.parser.grammar.doubts import why_not_single, why_unsure
from autoscalper.parser.grammar.leads import read_lead
from autoscalper.parser.grammar.post import parse

TUESDAY = date(2026, 8, 11)


def doubt(text: str) -> str | None:
    post = parse(text, TUESDAY)
    mention = post.mentions[0]
    price = find_price(post.tokens, mention.first, mention.last, post.expiries)
    return why_unsure(post, mention, read_lead(post, mention), price)


@pytest.mark.parametrize(
    "text",
    [
        "MSFT 500c/505c 8/14 1.10",
        "MSFT 500-505c 8/14 1.10",
        "MSFT 505c debit spread 1.10",
        "STO MSFT 505p 1.10",
        "MSFT 505c 4.10?",
        "example: MSFT 505c 4.10",
    ],
)
def test_what_is_not_one_option_bought_is_refused(text: str) -> None:
    post = parse(text, TUESDAY)
    assert why_not_single(post, post.mentions[0]) is not None


def test_a_wide_market_is_no_spread() -> None:
    post = parse("BTO MSFT 505c 4.10 the spread is a bit wide", TUESDAY)
    assert why_not_single(post, post.mentions[0]) is None


@pytest.mark.parametrize(
    "text",
    [
        "MSFT 505c 8/14 4.10",
        "in MSFT 505c",
        "ok so in MSFT 505c",
        "starting a position in MSFT 505c",
        "MSFT 505c 8/14 4.10-4.30",
        "MSFT 505c 4.10\nMSFT 505c 4.10",
    ],
)
def test_what_is_certain_has_no_doubt(text: str) -> None:
    assert doubt(text) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("MSFT 505c opened at 4.10", "words beside the price that may change its meaning"),
        ("MSFT 505c 4.10 = easy money", "words beside the price that may change its meaning"),
        ("nice MSFT 505c 4.10", "words before the contract that may change its meaning"),
        ("good trade in MSFT 505c", "a word that may be no verb"),
        ("at the open MSFT 505c 4.10", "a word that may be no verb"),
        ("MSFT 505c given at 4.10", "words beside the price that may change its meaning"),
        ("MSFT 505c 4.10 printed 8.20", "words beside the price that may change its meaning"),
        ("MSFT 505c 4.10 low 8.20", "words beside the price that may change its meaning"),
        ("MSFT 505c 4.10\nMSFT 510c 3.10", "several contracts and no verb"),
        ("MSFT 505c 8/14 4.10\nMSFT 505c 8/21 5.10", "several contracts and no verb"),
        ("MSFT 505c ... 4.10 some words and 8/14", "an expiry apart from the contract"),
    ],
)
def test_what_is_not_certain_has_one(text: str, reason: str) -> None:
    assert doubt(text) == reason
