"""A message of a channel that DiscordChatExporter wrote to a JSON file, as a post. Pure.

Such a file is one object with ``channel`` and ``messages``. A line is one of its messages together
with its channel: ``{"channel": {"id": ..., "name": ...}, "exported": {...}}``. Names and shapes are
those of the exporter's JSON format; mentions are written out in it already.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec

from autoscalper.domain.post import Post, Source
from autoscalper.ingest.discord_message import (
    Attachment,
    Author,
    ChatMessage,
    Embed,
    Reference,
    Snapshot,
    SnapshotContent,
)
from autoscalper.ingest.discord_text import post_of

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]
#: The exporter's names of the messages in which somebody says something.
_SPOKEN = frozenset({"Default", "Reply", "20", "23"})


class _Channel(msgspec.Struct, frozen=True):
    id: str
    name: str = ""


class _ExportedAuthor(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    name: str
    is_bot: bool = False


class _ExportedReference(msgspec.Struct, frozen=True, rename="camel"):
    message_id: str | None = None


class _ExportedMessage(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    id: str
    type: str = "Default"
    timestamp: _Moment
    content: str
    author: _ExportedAuthor
    attachments: tuple[Attachment, ...] = ()
    embeds: tuple[Embed, ...] = ()
    reference: _ExportedReference | None = None
    forwarded_message: SnapshotContent | None = None


class _Line(msgspec.Struct, frozen=True):
    channel: _Channel
    exported: _ExportedMessage


_DECODER = msgspec.json.Decoder(_Line)


def read_exported(line: str, *, received_at: datetime) -> Post | None:
    """Return the post in ``line``, None for a join or a pin, which nobody says.

    Raises:
        msgspec.DecodeError: it is no exported message.
    """
    read = _DECODER.decode(line)
    if read.exported.type not in _SPOKEN:
        return None
    message = _as_chat_message(read.exported, read.channel.id)
    author = Author(id=read.exported.author.id, username=read.exported.author.name)
    post = post_of(message, author, channel_name=read.channel.name, received_at=received_at)
    return msgspec.structs.replace(
        post, source=Source.REPLAY, posted_at=post.posted_at.astimezone(UTC)
    )


def _as_chat_message(exported: _ExportedMessage, channel_id: str) -> ChatMessage:
    forwarded = exported.forwarded_message
    is_forward = forwarded is not None
    return ChatMessage(
        id=exported.id,
        channel_id=channel_id,
        author=Author(
            id=exported.author.id, username=exported.author.name, bot=exported.author.is_bot
        ),
        content=exported.content,
        timestamp=exported.timestamp,
        embeds=exported.embeds,
        attachments=exported.attachments,
        message_reference=Reference(
            type=int(is_forward),
            message_id=exported.reference.message_id if exported.reference else None,
        ),
        message_snapshots=(Snapshot(message=forwarded),) if forwarded is not None else None,
    )
