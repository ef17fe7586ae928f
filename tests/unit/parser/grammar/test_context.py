from __future__ import annotations

from datetime import date, timedelta

import pytest

from autoscalper.domain.reading import Abstained
from autoscalper.parser.conversation import Conversation
from autoscalper.parser.grammar import read
from tests.unit.parser.grammar.examples import summary

TUESDAY = date(2026, 8, 11)


def said(*posts: str, reply_to: str | None = None, on: date = TUESDAY) -> str:
    """Return the reading of the last post after the others."""
    conversation = Conversation()
    for post in posts[:-1]:
        reading = read(post, posted_on=TUESDAY, conversation=conversation)
        conversation = conversation.after(reading, posted_on=TUESDAY)
    if reply_to is not None:
        conversation = conversation.replying_to(read(reply_to, posted_on=TUESDAY))
    return summary(read(posts[-1], posted_on=on, conversation=conversation))


LOADING = "loading MSFT 505c 8/14"
ENTRY = "BTO MSFT 505c 8/14 @ 4.10"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("in", "NEW MSFT 505C 2026-08-14"),
        ("In starters @here", "NEW MSFT 505C 2026-08-14"),
        ("I'm in @ 4.10", "NEW MSFT 505C 2026-08-14 @4.10"),
        ("4.10 entry", "NEW MSFT 505C 2026-08-14 @4.10"),
        ("filled 4.10, stop 3.20", "NEW MSFT 505C 2026-08-14 @4.10 stop 3.20 premium"),
        ("in MSFT 4.10", "NEW MSFT 505C 2026-08-14 @4.10"),
    ],
)
def test_an_entry_takes_the_contract_that_was_announced(text: str, expected: str) -> None:
    assert said(LOADING, text) == expected


@pytest.mark.parametrize(
    "posts",
    [
        ("in",),
        (LOADING, "loading NVDA 200c 8/14", "in"),
        (LOADING, "in", "in"),
        (LOADING, "scratch that", "in"),
        (LOADING, "in NVDA"),
        (LOADING, "in 0dte @ 1.20"),
        (LOADING, "in a hurry"),
        (LOADING, "still in"),
        (LOADING, "in?"),
        (LOADING, "in @ 600"),
        (LOADING, "up 25% in an hour"),
        (ENTRY, "in"),
    ],
)
def test_an_entry_without_just_one_announced_contract_is_none(posts: tuple[str, ...]) -> None:
    assert not said(*posts).startswith("NEW")


def test_yesterdays_announcement_is_forgotten() -> None:
    assert said(LOADING, "in", on=TUESDAY + timedelta(days=1)) == "ABSTAIN"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("added @ 3.50", "ADD MSFT 505C 2026-08-14 @3.50"),
        ("out half @ 5.20", "TRIM MSFT 505C 2026-08-14 @5.20 part 0.50"),
        ("all out of MSFT", "EXIT MSFT 505C 2026-08-14"),
        ("stop to BE", "STOP MSFT 505C 2026-08-14 stop entry"),
        ("TP 6", "TARGETS MSFT 505C 2026-08-14 targets 6"),
        ("out of NVDA", "EXIT NVDA"),
        ("sold my 510c", "EXIT 510C"),
    ],
)
def test_a_follow_up_takes_the_one_open_contract_unless_it_names_its_own(
    text: str, expected: str
) -> None:
    assert said(ENTRY, text) == expected


def test_with_two_open_trades_a_follow_up_stays_as_posted() -> None:
    other = "BTO NVDA 200c 8/14 @ 3.10"
    assert said(ENTRY, other, "out half") == "TRIM part 0.50"
    assert said(ENTRY, other, "out of NVDA") == "EXIT NVDA 200C 2026-08-14"
    assert (
        said(ENTRY, other, "all out of NVDA", "out half") == "TRIM MSFT 505C 2026-08-14 part 0.50"
    )


def test_a_reply_means_the_contract_of_the_post_it_replies_to() -> None:
    other = "BTO NVDA 200c 8/14 @ 3.10"
    assert said(ENTRY, other, "out half", reply_to=ENTRY) == "TRIM MSFT 505C 2026-08-14 part 0.50"
    assert said(ENTRY, "out", reply_to="nice day") == "EXIT MSFT 505C 2026-08-14"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BTO 5850C 8/14 @ 4.10", "NEW SPX 5850C 2026-08-14 @4.10"),
        ("in 5850p 8/14 4.10", "NEW SPX 5850P 2026-08-14 @4.10"),
        ("BTO MSFT 505c 8/14 @ 4.10", "NEW MSFT 505C 2026-08-14 @4.10"),
    ],
)
def test_a_contract_without_its_ticker_is_the_channels_own(text: str, expected: str) -> None:
    conversation = Conversation(default_underlying="SPX")
    assert summary(read(text, posted_on=TUESDAY, conversation=conversation)) == expected


@pytest.mark.parametrize(
    "text",
    ["MSFT looks strong. BTO 505c 8/14 @ 4.10", "BTO softwareco 505c 8/14 @ 4.10", "505c 8/14"],
)
def test_where_another_ticker_may_be_meant_nothing_is_assumed(text: str) -> None:
    conversation = Conversation(default_underlying="SPX")
    reading = read(text, posted_on=TUESDAY, conversation=conversation)
    assert isinstance(reading, Abstained)
