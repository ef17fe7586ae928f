"""ingest -> parser: what was written in the channels.

A log in ingest's store, followed by parser. Key: the post's id (message and version).
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from autoscalper.domain.identity import ChannelId, MessageId, PostId, post_id
from autoscalper.domain.post import Post
from autoscalper.runtime.link import Link


class PostPublished(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Somebody wrote a message."""

    post: Post

    @property
    def post_id(self) -> PostId:
        """Return the key of this message."""
        return self.post.post_id


class PostEdited(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A message that we know says something else now."""

    post: Post

    @property
    def post_id(self) -> PostId:
        """Return the key of this message."""
        return self.post.post_id


class PostDeleted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A message that we know was taken back."""

    message_id: MessageId
    #: One more than the last version that was heard.
    version: int
    channel_id: ChannelId
    deleted_at: datetime

    @property
    def post_id(self) -> PostId:
        """Return the key of this message."""
        return post_id(self.message_id, self.version)


Message = PostPublished | PostEdited | PostDeleted

LINK: Link[Message] = Link("ingest_to_parser", msgspec.msgpack.Decoder(Message))
