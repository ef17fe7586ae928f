from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from autoscalper.ingest.discord_message import Author, ChatMessage
from autoscalper.ingest.discord_text import flatten, is_by, is_spoken, post_of

NOON = datetime(2026, 3, 18, 16, 0, tzinfo=UTC)
RAE = {"id": "7", "username": "rae"}
BOT = {"id": "8", "username": "AlertBot", "bot": True}
CARD = {
    "type": "rich",
    "title": "BTO XLE",
    "description": "calls for the week",
    "fields": [
        {"name": "Strike", "value": "95c"},
        {"name": "Entry:", "value": "0.61"},
        {"name": "Targets", "value": "0.80\n1.00"},
        {"name": "\u200b", "value": "size light"},
    ],
    "footer": {"text": "not advice"},
}
CARD_TEXT = (
    "BTO XLE\ncalls for the week\nStrike: 95c\nEntry: 0.61\nTargets:\n0.80\n1.00\nsize light\n"
    "not advice"
)


def message(**fields: Any) -> ChatMessage:
    given = {"id": "100", "channel_id": "11", "author": RAE, "content": "", "timestamp": NOON}
    return msgspec.convert(given | fields, ChatMessage)


def test_plain_text_stays_as_it_was_written() -> None:
    text = "BTO XLE 95c @ 0.61 <- risky, 1 < 2\n**stop** .40"
    assert flatten(message(content=text)) == text


def test_a_card_becomes_one_line_for_each_of_its_parts() -> None:
    assert flatten(message(author=BOT, embeds=[CARD])) == CARD_TEXT


def test_a_webhook_writes_cards_too_and_text_comes_before_them() -> None:
    card = {"title": "XLE 95c"}
    assert flatten(message(webhook_id="9", content="@here", embeds=[card])) == "@here\nXLE 95c"


@pytest.mark.parametrize("kind", ["link", "article", "video", "image", "gifv"])
def test_a_card_that_discord_made_of_a_link_is_left_out(kind: str) -> None:
    card = {"type": kind, "title": "BTO SPY now"}
    assert flatten(message(author=BOT, content="look", embeds=[card])) == "look"


def test_a_card_on_a_users_message_is_of_a_link_whatever_it_calls_itself() -> None:
    assert flatten(message(content="look", embeds=[CARD])) == "look"


def test_what_is_replied_to_is_quoted_before_the_reply() -> None:
    original = {
        "id": "90",
        "channel_id": "11",
        "author": {"id": "6", "username": "lee"},
        "content": "BTO XLE 95c @ 0.61\nstop .40",
    }
    reply = message(content="out half", referenced_message=original)
    assert flatten(reply) == "> lee: BTO XLE 95c @ 0.61\n> stop .40\nout half"


def test_a_long_message_that_is_replied_to_is_cut() -> None:
    original = {"id": "90", "channel_id": "11", "author": RAE, "content": "x" * 4000}
    assert len(flatten(message(content="ok", referenced_message=original))) < 600


def test_a_forward_is_a_quotation() -> None:
    snapshot = {"message": {"content": "BTO XLE 95c\n@ 0.61", "embeds": [{"title": "chart"}]}}
    forward = message(message_snapshots=[snapshot])
    assert flatten(forward) == "> forwarded: BTO XLE 95c\n> @ 0.61\n> chart"


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ("<@7> ok", "@rae ok"),
        ("<@!7> ok", "@rae ok"),
        ("<@555> ok", "@user ok"),
        ("<@&1071698660929> XLE", "@role XLE"),
        ("see <#500000000000000011>", "see #channel"),
        ("<:rocket:998877>", ":rocket:"),
        ("<a:moon:998877>", ":moon:"),
        ("</alerts on:1234>", "/alerts on"),
        ("at <t:1700000000:R>", "at "),
        ("<https://example.test/1>", "<https://example.test/1>"),
    ],
)
def test_markup_is_shown_without_its_ids(markup: str, shown: str) -> None:
    assert flatten(message(content=markup, mentions=[RAE])) == shown


def test_a_hostile_text_costs_no_time() -> None:
    assert flatten(message(content="<@" * 5000)) == "<@" * 5000


def test_a_post_is_dated_when_it_was_written_whatever_was_edited_since() -> None:
    later = datetime(2026, 3, 18, 17, 0, tzinfo=UTC)
    chat = message(
        content="XLE",
        edited_timestamp=later,
        attachments=[{"url": "https://cdn.example.test/a.png"}, {"url": None}],
        message_reference={"type": 0, "message_id": "90"},
    )
    assert chat.author is not None
    post = post_of(chat, chat.author, channel_name="energy", received_at=later)
    assert (post.posted_at, post.received_at) == (NOON, later)
    assert post.reply_to == "90"
    assert post.attachments == ("https://cdn.example.test/a.png",)
    assert (post.channel_name, post.author_name, post.author_id) == ("energy", "rae", "7")


def test_a_forward_replies_to_nothing_and_brings_its_attachments() -> None:
    snapshot = {"message": {"attachments": [{"url": "https://cdn.example.test/b.png"}]}}
    chat = message(message_reference={"type": 1, "message_id": "90"}, message_snapshots=[snapshot])
    assert chat.author is not None
    post = post_of(chat, chat.author, channel_name="", received_at=NOON)
    assert post.reply_to is None
    assert post.attachments == ("https://cdn.example.test/b.png",)


@pytest.mark.parametrize(
    ("monitored", "counts"),
    [
        (frozenset[str](), True),
        (frozenset({"7"}), True),
        (frozenset({"rae"}), True),
        (frozenset({"rae of light"}), True),
        (frozenset({"8", "lee"}), False),
    ],
)
def test_users_are_chosen_by_id_or_by_either_name(monitored: frozenset[str], counts: bool) -> None:
    assert is_by(Author(id="7", username="Rae", global_name="Rae of Light"), monitored) is counts


def test_joins_and_pins_are_nothing_that_somebody_says() -> None:
    assert [kind for kind in range(30) if is_spoken(message(type=kind))] == [0, 19, 20, 23]
