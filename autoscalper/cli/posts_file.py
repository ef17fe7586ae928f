"""Files of posts as the commands read them: JSON lines, or a chat by DiscordChatExporter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec


class _Author(msgspec.Struct, frozen=True):
    id: str
    name: str = ""
    nickname: str | None = None


class _Attachment(msgspec.Struct, frozen=True):
    url: str


class _Field(msgspec.Struct, frozen=True):
    name: str = ""
    value: str = ""


class _Embed(msgspec.Struct, frozen=True):
    title: str | None = None
    description: str | None = None
    fields: tuple[_Field, ...] = ()


class _Reference(msgspec.Struct, frozen=True, rename="camel"):
    message_id: str | None = None


class _Message(msgspec.Struct, frozen=True):
    id: str
    timestamp: str
    author: _Author
    content: str = ""
    attachments: tuple[_Attachment, ...] = ()
    embeds: tuple[_Embed, ...] = ()
    reference: _Reference | None = None


class _Channel(msgspec.Struct, frozen=True):
    id: str
    name: str = ""


class _Export(msgspec.Struct, frozen=True):
    channel: _Channel
    messages: tuple[_Message, ...]


_DECODER = msgspec.json.Decoder(_Export)


def lines_of(path: Path) -> Iterator[str]:
    """Yield the lines of ``path``, blank ones too, each as ingest reads it.

    The messages of an exported chat (DiscordChatExporter's JSON format) become lines of ours.

    Raises:
        OSError: the file cannot be read.
    """
    content = path.read_bytes()
    try:
        export = _DECODER.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Not splitlines: it also splits at separators that may stand inside a post.
        yield from content.decode("utf-8", errors="replace").split("\n")
        return
    for message in export.messages:
        yield _line(export.channel, message)


def _line(channel: _Channel, message: _Message) -> str:
    line = {
        "message_id": message.id,
        "channel_id": channel.id,
        "channel_name": channel.name,
        "author_id": message.author.id,
        "author_name": message.author.nickname or message.author.name,
        "text": "\n".join(_texts(message)),
        "posted_at": message.timestamp,
        "reply_to": message.reference.message_id if message.reference else None,
        "attachments": [each.url for each in message.attachments],
    }
    return msgspec.json.encode(line).decode()


def _texts(message: _Message) -> Iterator[str]:
    if message.content:
        yield message.content
    for embed in message.embeds:
        yield from (text for text in (embed.title, embed.description) if text)
        yield from (f"{field.name}: {field.value}" for field in embed.fields)
