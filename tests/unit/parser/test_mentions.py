"""What is told of posts that are no signals."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from autoscalper.parser.mentions import SPAN, mentions_in
from tests.fakes.posts import a_post


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("watching SPY here, might take calls", ["SPY"]),
        ("$IWM looks heavy", ["IWM"]),
        ("eyes on SPXW 5400c later", ["SPX"]),
        ("good morning all", []),
        ("ES and BTC are wild", []),
        ("SPY QQQ IWM TSLA NVDA all red", ["SPY", "QQQ", "IWM"]),
        ("SPY SPY SPY", ["SPY"]),
    ],
)
def test_every_underlying_is_named_once_and_a_list_only_in_part(
    text: str, named: list[str]
) -> None:
    assert [mention.underlying for _, mention in mentions_in(a_post(text))] == named


def test_the_same_minutes_give_the_same_key() -> None:
    post = a_post("watching SPY")
    (first, _), *_ = mentions_in(post)
    (again, _), *_ = mentions_in(replace(post, posted_at=post.posted_at + timedelta(seconds=59)))
    (later, _), *_ = mentions_in(replace(post, posted_at=post.posted_at + SPAN))
    assert first == again != later


WORDS = (
    "SPY",
    "$IWM",
    "SPXW",
    "560c",
    "0dte",
    "@",
    ".80",
    "3/20",
    "BTO",
    "ES",
    "\n> ",
    "/",
    "c",
    "-",
)


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)))
def test_whatever_is_written_names_few_underlyings_or_none(text: str) -> None:
    named = [mention.underlying for _, mention in mentions_in(a_post(text))]
    assert len(named) == len(set(named)) <= 3
