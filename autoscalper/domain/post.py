"""One version of a message in a trader's channel, whatever it came through."""

from __future__ import annotations

import enum
from datetime import datetime

import msgspec

from autoscalper.domain.identity import AuthorId, ChannelId, MessageId, PostId, post_id


class Source(enum.Enum):
    """Where a post came from."""

    DISCORD = "discord"
    REPLAY = "replay"
    OPERATOR = "operator"


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """What was written, by whom, where and when. An edit is a new version of the same message."""

    message_id: MessageId
    #: 1 for the message as first heard; each real edit and the deletion count one up.
    version: int = 1
    channel_id: ChannelId
    channel_name: str = ""
    author_id: AuthorId
    author_name: str
    text: str
    #: When this version was written, by the chat service's clock.
    posted_at: datetime
    #: When we heard it, by ours.
    received_at: datetime
    #: The message that this one replies to.
    reply_to: MessageId | None = None
    #: Addresses of attached files.
    attachments: tuple[str, ...] = ()
    source: Source = Source.DISCORD

    @property
    def post_id(self) -> PostId:
        """Return the identity of this version."""
        return post_id(self.message_id, self.version)
