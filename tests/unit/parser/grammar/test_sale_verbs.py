from __future__ import annotations

from datetime import date

import pytest

from autoscalper.parser.grammar.post import parse
from autoscalper.parser.grammar.sale_verbs import Sale, find_sale

TUESDAY = date(2026, 8, 11)


def sale(text: str) -> Sale | None:
    post = parse(text, TUESDAY)
    found = find_sale(post.tokens, post.clauses[0])
    return found.sale if found is not None else None


@pytest.mark.parametrize(
    "text",
    ["all out", "out of this", "closed", "sold", "stop hit", "took a loss", "taking full profit"],
)
def test_everything_is_sold(text: str) -> None:
    assert sale(text) is Sale.ALL


@pytest.mark.parametrize(
    "text",
    ["trimmed", "sold half", "took some off", "half out", "leave runners", "down to runners"],
)
def test_a_part_is_sold(text: str) -> None:
    assert sale(text) is Sale.PART


@pytest.mark.parametrize(
    "text",
    [
        "watch out",
        "find out soon",
        "it is breaking out",
        "the 3rd out of 4 tries",
        "stopped by the shop",
        "close to 500",
        "closed above 500",
        "market close",
        "a strong close of the week",
        "sold off hard",
        "sell pressure",
        "not trimming",
        "will trim",
        "should I sell",
        "he sold",
        "trim level",
        "to trim or to hold",
        "out if we lose 500",
        "stop was hit yesterday",
        "you never know when whales decide to sell",
        "still holding half",
    ],
)
def test_nothing_is_sold(text: str) -> None:
    assert sale(text) is None


def test_advice_to_those_who_have_not_is_a_sale() -> None:
    assert sale("trim if you have not") is Sale.PART
