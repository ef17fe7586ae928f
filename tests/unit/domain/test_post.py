from __future__ import annotations

from autoscalper.domain.post import Source
from tests.fakes.posts import a_post


def test_the_first_version_of_a_post_is_version_one() -> None:
    assert a_post(message_id="5").post_id == "5.1"


def test_an_edit_is_another_version_of_the_same_message() -> None:
    post, edit = a_post(message_id="5"), a_post(message_id="5", version=2)
    assert post.message_id == edit.message_id
    assert post.post_id != edit.post_id


def test_a_post_comes_from_discord_unless_it_says_otherwise() -> None:
    assert a_post().source is Source.DISCORD
