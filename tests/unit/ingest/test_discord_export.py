import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from autoscalper.domain.post import Post, Source
from autoscalper.ingest.discord_export import read_exported

NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
MESSAGE: dict[str, Any] = {
    "id": "1234000000000000001",
    "type": "Default",
    "timestamp": "2026-03-18T10:30:00.25-04:00",
    "timestampEdited": None,
    "callEndedTimestamp": None,
    "isPinned": False,
    "content": "BTO 2 XLF 51c 3/20 @ 0.44",
    "author": {"id": "7", "name": "rae", "discriminator": "0000", "nickname": "R", "isBot": False},
    "attachments": [{"id": "9", "url": "https://cdn.example.test/c.png", "fileName": "c.png"}],
    "embeds": [],
    "reactions": [],
    "mentions": [],
}


def read(**changes: Any) -> Post | None:
    channel = {"id": "500", "type": "GuildTextChat", "name": "financials"}
    line = json.dumps({"channel": channel, "exported": MESSAGE | changes})
    return read_exported(line, received_at=NOW)


def test_an_exported_message_is_a_post_of_its_own_time() -> None:
    post = read()
    assert post is not None
    assert post.posted_at == datetime(2026, 3, 18, 14, 30, 0, 250000, tzinfo=UTC)
    assert post.posted_at.tzinfo is UTC
    assert (post.received_at, post.source) == (NOW, Source.REPLAY)
    assert (post.message_id, post.channel_id, post.channel_name) == (
        "1234000000000000001",
        "500",
        "financials",
    )
    assert (post.author_id, post.author_name) == ("7", "rae")
    assert post.text == "BTO 2 XLF 51c 3/20 @ 0.44"
    assert post.attachments == ("https://cdn.example.test/c.png",)
    assert post.reply_to is None


def test_a_bots_card_is_read_and_a_users_link_is_not() -> None:
    card = {
        "title": "XLF 51c",
        "url": None,
        "description": "3/20 @ 0.44",
        "fields": [{"name": "Stop", "value": "0.30", "isInline": True}],
        "images": [],
    }
    bot = read(content="", embeds=[card], author={"id": "8", "name": "Relay", "isBot": True})
    user = read(content="look", embeds=[card])
    assert bot is not None and user is not None
    assert bot.text == "XLF 51c\n3/20 @ 0.44\nStop: 0.30"
    assert user.text == "look"


def test_a_reply_knows_what_it_replies_to() -> None:
    reply = read(type="Reply", content="out half", reference={"messageId": "77", "guildId": "4"})
    assert reply is not None
    assert (reply.text, reply.reply_to) == ("out half", "77")


def test_a_forward_is_a_quotation() -> None:
    said = {"content": "BTO XLF 51c", "attachments": [], "embeds": []}
    forward = read(content="", forwardedMessage=said, reference={"messageId": "77"})
    assert forward is not None
    assert (forward.text, forward.reply_to) == ("> forwarded: BTO XLF 51c", None)


def test_a_join_is_nothing_that_somebody_says() -> None:
    assert read(type="GuildMemberJoin", content="Joined the server.") is None


@pytest.mark.parametrize("change", [{"timestamp": "2026-03-18"}, {"content": None}, {"id": 5}])
def test_what_is_no_exported_message_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(msgspec.DecodeError):
        read(**change)
