from datetime import timedelta

from autoscalper.domain.identity import ChannelId, MessageId
from autoscalper.ingest.post_log import PostLog
from autoscalper.links.ingest_to_parser import LINK, Message, PostDeleted, PostEdited, PostPublished
from tests.fakes.posts import NINE_FORTY_FIVE, a_post

LATER = NINE_FORTY_FIVE + timedelta(minutes=1)


def logged(posts: PostLog) -> list[Message]:
    return [LINK.decode(payload) for _, payload in posts.log.read(0, 100)]


def test_a_post_is_in_the_log_when_publish_returns(posts: PostLog) -> None:
    assert posts.publish(a_post())
    assert logged(posts) == [PostPublished(post=a_post())]


def test_the_same_message_is_published_once_whatever_it_says_the_second_time(
    posts: PostLog,
) -> None:
    posts.publish(a_post("one"))
    assert not posts.publish(a_post("two"))
    assert len(logged(posts)) == 1


def test_a_post_that_claims_a_later_version_begins_at_one(posts: PostLog) -> None:
    posts.publish(a_post(version=5))
    assert posts.newest(MessageId("101")) == "101.1"


def test_an_edit_that_changes_the_text_is_the_next_version(posts: PostLog) -> None:
    posts.publish(a_post("one"))
    assert posts.edit(a_post("two", posted_at=LATER))
    assert posts.edit(a_post("three", posted_at=LATER))
    assert logged(posts)[1:] == [
        PostEdited(post=a_post("two", posted_at=LATER, version=2)),
        PostEdited(post=a_post("three", posted_at=LATER, version=3)),
    ]


def test_an_edit_that_leaves_the_text_as_it_was_changes_nothing(posts: PostLog) -> None:
    posts.publish(a_post("one"))
    assert not posts.edit(a_post("one", posted_at=LATER))
    assert len(logged(posts)) == 1


def test_an_edit_back_to_an_earlier_text_is_a_version_of_its_own(posts: PostLog) -> None:
    posts.publish(a_post("one"))
    posts.edit(a_post("two"))
    assert posts.edit(a_post("one"))
    assert posts.newest(MessageId("101")) == "101.3"


def test_an_edit_that_was_overtaken_by_a_newer_one_changes_nothing(posts: PostLog) -> None:
    posts.publish(a_post("one"))
    posts.edit(a_post("three", posted_at=LATER))
    assert not posts.edit(a_post("two", posted_at=NINE_FORTY_FIVE))
    assert len(logged(posts)) == 2


def test_an_edit_of_a_message_that_is_not_known_changes_nothing(posts: PostLog) -> None:
    assert not posts.edit(a_post("one"))
    assert logged(posts) == []


def test_a_deletion_counts_one_version_up_and_happens_once(posts: PostLog) -> None:
    posts.publish(a_post("one"))
    posts.edit(a_post("two"))
    assert posts.delete(MessageId("101"), deleted_at=LATER)
    assert not posts.delete(MessageId("101"), deleted_at=LATER)
    assert logged(posts)[2:] == [
        PostDeleted(
            message_id=MessageId("101"),
            version=3,
            channel_id=a_post().channel_id,
            deleted_at=LATER,
        )
    ]


def test_a_deletion_of_a_message_that_is_not_known_changes_nothing(posts: PostLog) -> None:
    assert not posts.delete(MessageId("101"), deleted_at=LATER)
    assert logged(posts) == []


def test_a_deleted_message_neither_changes_nor_comes_back(posts: PostLog) -> None:
    posts.publish(a_post("one"))
    posts.delete(MessageId("101"), deleted_at=LATER)
    assert not posts.edit(a_post("two", posted_at=LATER))
    assert not posts.publish(a_post("one"))
    assert len(logged(posts)) == 2


def test_a_message_that_was_never_put_in_has_no_newest_version(posts: PostLog) -> None:
    assert posts.newest(MessageId("101")) is None


def test_what_stands_in_a_channel_is_what_was_not_deleted_between_two_ids(posts: PostLog) -> None:
    for message_id in ("99", "101", "102", "103", "104"):
        posts.publish(a_post(message_id=message_id))
    posts.publish(a_post(message_id="105", channel_id=ChannelId("9")))
    posts.delete(MessageId("102"), deleted_at=LATER)
    standing = posts.standing(a_post().channel_id, MessageId("101"), MessageId("103"))
    assert standing == {"101", "103"}


def test_a_message_is_forgotten_with_its_newest_version_and_not_before(posts: PostLog) -> None:
    posts.publish(a_post("one"))
    posts.edit(a_post("two", posted_at=LATER))
    posts.forget(["101.1"], LATER)
    assert posts.newest(MessageId("101")) == "101.2"
    posts.forget(["101.2", "of nobody"], LATER)
    assert posts.newest(MessageId("101")) is None
