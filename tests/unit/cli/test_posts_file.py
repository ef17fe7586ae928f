import json
from pathlib import Path
from typing import Any

import pytest

from autoscalper.cli.posts_file import lines_of
from autoscalper.ingest.post_line import Written, read_line
from autoscalper.links.cli_to_ingest import TakePost
from tests.fakes.posts import NINE_FORTY_FIVE

AUTHOR = {"id": "8", "name": "dana#1", "nickname": "Dana", "isBot": False}


def message(**fields: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "id": "101",
        "type": "Default",
        "timestamp": "2026-03-18T09:45:00-04:00",
        "timestampEdited": None,
        "content": "BTO IWM 210c 0.88",
        "author": AUTHOR,
        "attachments": [],
        "embeds": [],
    }
    return given | fields


def exported(path: Path, *messages: dict[str, Any]) -> Path:
    path.write_text(
        json.dumps(
            {
                "guild": {"id": "1", "name": "guild"},
                "channel": {"id": "7", "type": "GuildTextChat", "name": "iwm-room"},
                "messages": messages,
                "messageCount": len(messages),
            },
            indent=2,
        )
    )
    return path


def test_the_messages_of_an_exported_chat_are_posts_that_ingest_takes(tmp_path: Path) -> None:
    reply = message(id="102", content="out", reference={"messageId": "101", "channelId": "7"})
    path = exported(tmp_path / "chat.json", message(), reply)
    first, second = (
        read_line(TakePost(line=line, number=1), now=NINE_FORTY_FIVE) for line in lines_of(path)
    )
    assert isinstance(first, Written)
    assert isinstance(second, Written)
    assert (first.post.message_id, first.post.text) == ("101", "BTO IWM 210c 0.88")
    assert (first.post.channel_id, first.post.channel_name) == ("7", "iwm-room")
    assert (first.post.author_id, first.post.author_name) == ("8", "Dana")
    assert first.post.posted_at == NINE_FORTY_FIVE
    assert second.post.reply_to == "101"


def test_what_stands_in_embeds_is_part_of_the_text(tmp_path: Path) -> None:
    embed = {
        "title": "New alert",
        "description": "IWM 210c",
        "fields": [{"name": "Entry", "value": "0.88", "isInline": True}],
    }
    path = exported(tmp_path / "chat.json", message(content="", embeds=[embed]))
    (line,) = lines_of(path)
    assert json.loads(line)["text"] == "New alert\nIWM 210c\nEntry: 0.88"


def test_attachments_are_kept_by_their_addresses(tmp_path: Path) -> None:
    chart = {"id": "1", "url": "https://chart.example/1.png", "fileName": "1.png"}
    (line,) = lines_of(exported(tmp_path / "chat.json", message(attachments=[chart])))
    assert json.loads(line)["attachments"] == ["https://chart.example/1.png"]


@pytest.mark.parametrize(
    "content", ['{"text": "a"}\n\n{"text": "b"}\n', '{"text": "a"}', "{broken\n", '{"messages": 1}']
)
def test_any_other_file_is_lines_as_they_stand(tmp_path: Path, content: str) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_text(content)
    assert list(lines_of(path)) == content.split("\n")


def test_a_separator_inside_a_post_does_not_end_its_line(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_text('{"text": "a\u2028b\x85c"}')
    assert len(list(lines_of(path))) == 1


def test_bytes_that_are_no_text_do_not_stop_the_lines_around_them(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b'{"text": "a"}\n\xff\xfe\n{"text": "b"}\n')
    assert len([line for line in lines_of(path) if line]) == 3
