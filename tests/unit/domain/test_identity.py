from __future__ import annotations

from autoscalper.domain.identity import MessageId, post_id


def test_a_version_of_a_post_is_named_by_message_and_version() -> None:
    assert post_id(MessageId("1201"), 3) == "1201.3"


def test_two_versions_never_share_a_name() -> None:
    names = {post_id(MessageId(message), version) for message in "12" for version in (1, 2, 12)}
    assert len(names) == 6
