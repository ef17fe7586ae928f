from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from autoscalper.domain.identity import ChannelId, MessageId
from autoscalper.links.ingest_to_parser import LINK, PostDeleted, PostEdited, PostPublished
from tests.fakes.posts import NINE_FORTY_FIVE, a_post


def test_each_version_of_a_post_has_a_key_of_its_own() -> None:
    published = PostPublished(post=a_post(message_id="5"))
    edited = PostEdited(post=a_post(message_id="5", version=2))
    deleted = PostDeleted(
        message_id=MessageId("5"),
        version=3,
        channel_id=ChannelId("7"),
        deleted_at=NINE_FORTY_FIVE,
    )
    assert [each.post_id for each in (published, edited, deleted)] == ["5.1", "5.2", "5.3"]


def test_publishing_and_editing_stay_apart_on_the_wire() -> None:
    post = a_post()
    assert LINK.decode(LINK.encode(PostEdited(post=post))) == PostEdited(post=post)
    assert LINK.decode(LINK.encode(PostEdited(post=post))) != PostPublished(post=post)


def test_a_time_comes_out_aware_and_in_utc() -> None:
    message = LINK.decode(LINK.encode(PostPublished(post=a_post())))
    assert isinstance(message, PostPublished)
    assert message.post.posted_at == datetime(2026, 3, 18, 13, 45, tzinfo=UTC)
    assert message.post.posted_at.tzinfo is not None


def test_a_message_of_another_kind_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        LINK.decode(msgspec.msgpack.encode({"type": "PostLiked"}))
