import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscalper.domain.identity import MessageId
from autoscalper.domain.post import Post, Source
from autoscalper.ingest.post_line import Deleted, Edited, Written, read_line
from autoscalper.links.cli_to_ingest import LineRefused, TakePost
from tests.fakes.posts import NINE_FORTY_FIVE

NOW = datetime(2026, 3, 18, 14, 0, tzinfo=UTC)


def read(line: object, *, number: int = 4, as_of_now: bool = False) -> object:
    text = line if isinstance(line, str) else json.dumps(line)
    return read_line(TakePost(line=text, number=number, as_of_now=as_of_now), now=NOW)


def post_of(line: object, *, as_of_now: bool = False) -> Post:
    read_as = read(line, as_of_now=as_of_now)
    assert isinstance(read_as, Written)
    return read_as.post


def refusal_of(line: object) -> str:
    read_as = read(line)
    assert isinstance(read_as, LineRefused)
    return read_as.reason


def test_our_own_format_names_every_field_of_a_post() -> None:
    post = post_of(
        {
            "message_id": "101",
            "channel_id": 7,
            "channel_name": "iwm-room",
            "author_id": 8,
            "author_name": "Dana",
            "text": "out half @ 1.10",
            "posted_at": "2026-03-18T09:45:00-04:00",
            "reply_to": 100,
            "attachments": ["https://chart.example/1.png"],
        }
    )
    assert post.post_id == "101.1"
    assert (post.channel_id, post.channel_name) == ("7", "iwm-room")
    assert (post.author_id, post.author_name) == ("8", "Dana")
    assert (post.posted_at, post.received_at) == (NINE_FORTY_FIVE, NOW)
    assert (post.reply_to, post.attachments) == ("100", ("https://chart.example/1.png",))
    assert post.source is Source.REPLAY


def test_times_become_utc() -> None:
    assert post_of({"text": "x", "posted_at": "2026-03-18T09:45:00-04:00"}).posted_at.tzinfo is UTC


def test_a_labelled_record_is_a_post_of_the_one_author_of_its_room() -> None:
    record = {"id": "x1", "room": "r9", "author": "r9.2", "ts": "2026-03-18T09:45:00-04:00"}
    post = post_of(record | {"text": "in IWM", "label": {"event": "NEW"}, "context": []})
    assert (post.message_id, post.channel_id, post.author_id) == ("x1", "r9", "r9")
    assert (post.author_name, post.posted_at) == ("r9.2", NINE_FORTY_FIVE)


def test_a_line_that_edits_says_what_an_earlier_message_says_now() -> None:
    read_as = read({"edits": "101", "message_id": "55", "text": "stop 0.70"})
    assert isinstance(read_as, Edited)
    assert read_as.post.message_id == "101"


def test_a_line_that_deletes_needs_no_text() -> None:
    assert read({"deletes": "101", "posted_at": "2026-03-18T09:45:00-04:00"}) == Deleted(
        MessageId("101"), NINE_FORTY_FIVE
    )


def test_a_line_of_text_alone_is_the_operators_and_written_now() -> None:
    post = post_of({"text": "all out"})
    assert (post.channel_id, post.author_id, post.posted_at) == ("operator", "operator", NOW)


def test_a_line_without_an_id_is_the_same_message_when_it_comes_again() -> None:
    again, below = (read({"text": "all out"}, number=number) for number in (4, 5))
    assert isinstance(below, Written)
    assert again == read({"text": "all out"}, number=4)
    assert post_of({"text": "all out"}).message_id != below.post.message_id


def test_a_post_as_of_now_keeps_its_text_and_forgets_its_time() -> None:
    line = {"text": "all out", "posted_at": "2020-01-02T10:00:00Z"}
    assert post_of(line, as_of_now=True).posted_at == NOW


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("{", "line 4: expected a post as one JSON object"),
        ("[]", "line 4: expected a post as one JSON object"),
        ('{"text": 5}', "$.text"),
        ("{}", "line 4: text is missing"),
        ('{"text": "x", "posted_at": "2026-03-18T09:45:00"}', "$.posted_at"),
        ('{"text": "x", "ts": "yesterday"}', "$.ts"),
        ('{"text": "x", "message_id": "1\\u00002"}', "line 4: message_id is '1\\x002'"),
        ('{"text": "x", "message_id": ""}', "line 4: message_id is ''"),
        ('{"text": "x", "edits": "a b"}', "line 4: edits is 'a b'"),
    ],
)
def test_a_line_that_is_no_post_is_refused_by_number_and_cause(line: str, expected: str) -> None:
    assert expected in refusal_of(line)


@given(st.text() | st.dictionaries(st.text(), st.text() | st.integers()).map(json.dumps))
def test_whatever_a_line_holds_it_is_read_or_refused(line: str) -> None:
    read_line(TakePost(line=line, number=1), now=NOW)
