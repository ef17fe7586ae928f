from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from autoscalper.domain.identity import ChannelId, MessageId, PostId
from autoscalper.links.ingest_to_parser import PostDeleted, PostPublished
from autoscalper.parser import line, memory
from autoscalper.parser.claims import Unread
from autoscalper.parser.line import Line, Waiting
from autoscalper.parser.memory import Memory
from autoscalper.parser.questions import Question
from autoscalper.runtime.store import Store
from tests.fakes.posts import NINE_FORTY_FIVE, a_post

SEVEN, NINE = ChannelId("7"), ChannelId("9")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "parser.db", durable=False, schema=memory.SCHEMA + line.SCHEMA)
    yield store
    store.close()


def a_waiting(
    message_id: str, *, asks: str | None = None, is_asked: bool = True, channel: ChannelId = SEVEN
) -> Waiting:
    post = a_post("hm", message_id=message_id, channel_id=channel)
    question = None if asks is None else Question(post=asks)
    return Waiting(
        message=PostPublished(post=post), question=question, is_asked=is_asked and asks is not None
    )


def test_a_line_is_in_the_order_of_coming_and_each_channel_has_its_own(store: Store) -> None:
    queue = Line(store)
    for each in (a_waiting("3"), a_waiting("1", channel=NINE), a_waiting("2", asks="hm")):
        queue.add(each)
    assert [each.message.post_id for each in queue.of(SEVEN)] == ["3.1", "2.1"]
    assert queue.of(SEVEN)[1] == a_waiting("2", asks="hm")
    assert (len(queue), queue.channels()) == (3, [SEVEN, NINE])


def test_whoever_is_answered_leaves(store: Store) -> None:
    queue = Line(store)
    queue.add(a_waiting("1"))
    assert queue.has(PostId("1.1")) and queue.has_version_of(MessageId("1"))
    queue.remove(PostId("1.1"))
    assert not queue.has(PostId("1.1")) and not queue.has_version_of(MessageId("1"))
    assert queue.is_empty(SEVEN)


def test_a_question_is_asked_once_for_all_who_wait_for_it(store: Store) -> None:
    queue = Line(store)
    queue.add(a_waiting("1", asks="hm"))
    queue.add(a_waiting("2", asks="hm", channel=NINE))
    queue.add(a_waiting("3", asks="well"))
    assert list(queue.questions()) == [Question(post="hm"), Question(post="well")]
    assert queue.channels(Question(post="hm").key) == [SEVEN, NINE]
    assert queue.channels(Question(post="well").key) == [SEVEN]


def test_a_question_that_is_answered_or_not_yet_wanted_is_not_asked(store: Store) -> None:
    queue = Line(store)
    queue.add(a_waiting("1", asks="hm"))
    queue.add(a_waiting("2", asks="well", is_asked=False))
    answer = Unread(reason="x", is_final=True)
    Memory(store).keep_model_answer(Question(post="hm").key, answer, NINE_FORTY_FIVE)
    assert list(queue.questions()) == []
    queue.ask(PostId("2.1"))
    assert list(queue.questions()) == [Question(post="well")]


def test_a_deletion_waits_like_any_other_message(store: Store) -> None:
    deletion = PostDeleted(
        message_id=MessageId("1"), version=2, channel_id=SEVEN, deleted_at=NINE_FORTY_FIVE
    )
    queue = Line(store)
    queue.add(Waiting(message=deletion, question=None, is_asked=False))
    assert queue.of(SEVEN)[0].message == deletion
    assert queue.has_version_of(MessageId("1"))
