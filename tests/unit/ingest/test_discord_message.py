import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from autoscalper.ingest.discord_message import (
    ChatMessage,
    TakenBack,
    Unreadable,
    Updated,
    Written,
    read_frame,
    read_history,
)

MESSAGE: dict[str, Any] = {
    "id": "1574056668163997696",
    "channel_id": "11",
    "author": {"id": "7", "username": "rae", "avatar": None},
    "content": "BTO XLE 95c @ 0.61",
    "timestamp": "2026-03-18T14:30:00.500000+00:00",
    "edited_timestamp": None,
    "type": 0,
}


def frame(event: str | None, data: object, op: int = 0) -> str:
    return json.dumps({"op": op, "t": event, "s": 3, "d": data})


def test_a_message_is_read_with_its_time_in_utc() -> None:
    heard = read_frame(frame("MESSAGE_CREATE", MESSAGE))
    assert isinstance(heard, Written)
    assert heard.channel_id == "11"
    assert heard.message.content == "BTO XLE 95c @ 0.61"
    assert heard.message.timestamp == datetime(2026, 3, 18, 14, 30, 0, 500000, tzinfo=UTC)


def test_an_update_is_told_from_a_new_message() -> None:
    heard = read_frame(frame("MESSAGE_UPDATE", MESSAGE | {"content": "XLE 96c"}))
    assert isinstance(heard, Updated)
    assert heard.channel_id == "11"


def test_an_update_may_be_a_fragment() -> None:
    heard = read_frame(frame("MESSAGE_UPDATE", {"id": "5", "channel_id": "11", "embeds": []}))
    assert isinstance(heard, Updated)
    assert heard.message.author is None


def test_deletions_come_one_by_one_or_in_bulk() -> None:
    one = {"id": "5", "channel_id": "11", "guild_id": "1"}
    many = {"ids": ["5", "6"], "channel_id": "11", "guild_id": "1"}
    assert read_frame(frame("MESSAGE_DELETE", one)) == TakenBack("11", ("5",))
    assert read_frame(frame("MESSAGE_DELETE_BULK", many)) == TakenBack("11", ("5", "6"))


@pytest.mark.parametrize(
    "text",
    [
        frame("TYPING_START", {"user_id": "7"}),
        frame("READY", {"session_id": "s"}),
        frame(None, {"heartbeat_interval": 41250}, op=10),
        '{"op":11}',
    ],
)
def test_other_frames_say_nothing_about_messages(text: str) -> None:
    assert read_frame(text) is None


@pytest.mark.parametrize(
    "nothing",
    [
        "edited_timestamp",
        "webhook_id",
        "mentions",
        "embeds",
        "attachments",
        "message_reference",
        "referenced_message",
        "message_snapshots",
        "content",
    ],
)
def test_whatever_may_be_empty_may_be_null(nothing: str) -> None:
    assert isinstance(read_frame(frame("MESSAGE_CREATE", MESSAGE | {nothing: None})), Written)


@pytest.mark.parametrize(
    "change",
    [{"timestamp": "noon"}, {"timestamp": "2026-03-18T14:30:00"}, {"embeds": 5}, {"author": "rae"}],
)
def test_a_message_that_cannot_be_read_keeps_its_ids(change: dict[str, Any]) -> None:
    heard = read_frame(frame("MESSAGE_CREATE", MESSAGE | change))
    assert isinstance(heard, Unreadable)
    assert (heard.channel_id, heard.number) == ("11", 1574056668163997696)


def test_a_frame_that_is_none_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        read_frame("[1]")
    with pytest.raises(msgspec.DecodeError):
        read_frame(frame("MESSAGE_CREATE", {"content": "without ids"}))


def test_a_page_of_the_history_keeps_its_order_and_its_bad_message() -> None:
    page = [MESSAGE | {"id": "3"}, MESSAGE | {"id": "2", "timestamp": 5}, MESSAGE | {"id": "1"}]
    read = read_history(page, "11")
    assert [each.number for each in read] == [3, 2, 1]
    assert [type(each) for each in read] == [ChatMessage, Unreadable, ChatMessage]
