"""What Discord's gateway and history say, as typed values. Pure, and without the library.

Field names and shapes: Discord's documentation of the gateway and of the message resource. What
is not needed is skipped, what may be missing or null is optional, so that a field Discord adds or
empties costs nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Author(msgspec.Struct, frozen=True, kw_only=True):
    """A user, a bot or a webhook."""

    id: str
    username: str = ""
    global_name: str | None = None
    bot: bool | None = None


class EmbedField(msgspec.Struct, frozen=True, kw_only=True):
    """A named value in an embed."""

    name: str | None = None
    value: str | None = None


class EmbedFooter(msgspec.Struct, frozen=True, kw_only=True):
    """The small print of an embed."""

    text: str | None = None


class Embed(msgspec.Struct, frozen=True, kw_only=True):
    """A card: written by a bot or webhook (``rich``), or made by Discord out of a link."""

    type: str | None = "rich"
    title: str | None = None
    description: str | None = None
    fields: tuple[EmbedField, ...] | None = None
    footer: EmbedFooter | None = None


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """An attached file."""

    url: str | None = None


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """The message that one replies to (type 0) or forwards (type 1)."""

    type: int | None = 0
    message_id: str | None = None


class SnapshotContent(msgspec.Struct, frozen=True, kw_only=True):
    """What a forwarded message said."""

    content: str | None = None
    embeds: tuple[Embed, ...] | None = None
    attachments: tuple[Attachment, ...] | None = None


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A forwarded message."""

    message: SnapshotContent


class ChatMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message as Discord tells it: in MESSAGE_CREATE, MESSAGE_UPDATE and in the history.

    An update may carry the changed fields only; one without ``author`` is such a fragment.
    """

    id: str
    channel_id: str
    author: Author | None = None
    content: str | None = None
    timestamp: _Moment | None = None
    edited_timestamp: _Moment | None = None
    type: int = 0
    webhook_id: str | None = None
    mentions: tuple[Author, ...] | None = None
    embeds: tuple[Embed, ...] | None = None
    attachments: tuple[Attachment, ...] | None = None
    message_reference: Reference | None = None
    referenced_message: ChatMessage | None = None
    message_snapshots: tuple[Snapshot, ...] | None = None

    @property
    def number(self) -> int:
        """Return the id as the number that orders messages by their time."""
        return int(self.id)


class Written(msgspec.Struct, frozen=True):
    """Somebody wrote ``message``."""

    message: ChatMessage

    @property
    def channel_id(self) -> str:
        """Return where."""
        return self.message.channel_id


class Updated(msgspec.Struct, frozen=True):
    """``message`` changed: an edit, or Discord's own doing."""

    message: ChatMessage

    @property
    def channel_id(self) -> str:
        """Return where."""
        return self.message.channel_id


class TakenBack(msgspec.Struct, frozen=True):
    """Messages were deleted."""

    channel_id: str
    message_ids: tuple[str, ...]


class Unreadable(msgspec.Struct, frozen=True):
    """A message came whose fields are not what Discord's documentation says."""

    channel_id: str
    message_id: str
    problem: str

    @property
    def number(self) -> int:
        """Return the id as the number that orders messages by their time."""
        return int(self.message_id)


Heard = Written | Updated | TakenBack | Unreadable


class _Frame(msgspec.Struct, frozen=True):
    t: str | None = None
    d: msgspec.Raw = msgspec.Raw(b"null")


class _Ids(msgspec.Struct, frozen=True):
    channel_id: str
    id: str = "0"
    ids: tuple[str, ...] = ()


_FRAME = msgspec.json.Decoder(_Frame)
_MESSAGE = msgspec.json.Decoder(ChatMessage)
_IDS = msgspec.json.Decoder(_Ids)


def read_frame(text: str) -> Heard | None:
    """Return what a frame of the gateway says about messages, None if it is about other things.

    Raises:
        msgspec.DecodeError: the frame is no frame, or not even its ids can be read.
    """
    frame = _FRAME.decode(text)
    match frame.t:
        case "MESSAGE_CREATE":
            read = _read(frame.d)
            return Written(read) if isinstance(read, ChatMessage) else read
        case "MESSAGE_UPDATE":
            read = _read(frame.d)
            return Updated(read) if isinstance(read, ChatMessage) else read
        case "MESSAGE_DELETE":
            one = _IDS.decode(frame.d)
            return TakenBack(one.channel_id, (one.id,))
        case "MESSAGE_DELETE_BULK":
            many = _IDS.decode(frame.d)
            return TakenBack(many.channel_id, many.ids)
        case _:
            return None


def read_history(page: list[Any], channel_id: str) -> list[ChatMessage | Unreadable]:
    """Return the messages of a page of the history, in its order."""
    return [_convert(each, channel_id) for each in page]


def _read(data: msgspec.Raw) -> ChatMessage | Unreadable:
    try:
        return _MESSAGE.decode(data)
    except msgspec.ValidationError as error:
        ids = _IDS.decode(data)
        return Unreadable(ids.channel_id, ids.id, str(error))


def _convert(item: Any, channel_id: str) -> ChatMessage | Unreadable:
    try:
        return msgspec.convert(item, ChatMessage)
    except msgspec.ValidationError as error:
        return Unreadable(channel_id, str(item["id"]), str(error))
