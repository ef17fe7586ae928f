"""One line of a file of posts, read into what it puts in. Pure.

A file of posts is JSON lines. Our own format names the fields as `Post` does::

    {"message_id": "101", "channel_id": "1", "channel_name": "spy-room", "author_id": "7",
     "author_name": "Dana", "text": "BTO SPY 685c 0.43", "posted_at": "2026-03-18T09:35:00-04:00",
     "reply_to": "100"}

With ``edits`` the line says what an earlier message says from ``posted_at`` on, with ``deletes``
that it was taken back then. The format of labelled collections is read too: ``id``, ``room``,
``author``, ``ts``, ``text``; such a room is one author's. Only ``text`` (or ``deletes``) must be
there: a message without an id gets one made of its line, one without a time is written now, and
fields that are not named here are left alone.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import Annotated

import msgspec

from autoscalper.domain.identity import AuthorId, ChannelId, MessageId
from autoscalper.domain.post import Post, Source
from autoscalper.links.cli_to_ingest import LineRefused, TakePost

#: What an id may consist of: it becomes part of the order reference that the gateway is sent.
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
#: Who wrote a line that names nobody, and where.
_OPERATOR = "operator"

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]
_Id = str | int | None


class Written(msgspec.Struct, frozen=True):
    """The line is a message."""

    post: Post


class Edited(msgspec.Struct, frozen=True):
    """The line is what an earlier message, ``post.message_id``, says now."""

    post: Post


class Deleted(msgspec.Struct, frozen=True):
    """The line takes an earlier message back."""

    message_id: MessageId
    deleted_at: datetime


class _Line(msgspec.Struct, frozen=True):
    text: str | None = None
    message_id: _Id = None
    id: _Id = None
    channel_id: _Id = None
    room: _Id = None
    channel_name: str = ""
    author_id: _Id = None
    author_name: str = ""
    author: str = ""
    posted_at: _Moment | None = None
    ts: _Moment | None = None
    reply_to: _Id = None
    attachments: tuple[str, ...] = ()
    edits: _Id = None
    deletes: _Id = None


_DECODER = msgspec.json.Decoder(_Line)


def read_line(request: TakePost, *, now: datetime) -> Written | Edited | Deleted | LineRefused:
    """Return what the line of ``request`` puts in, or why it is refused, naming its number."""
    try:
        line = _DECODER.decode(request.line)
    except msgspec.DecodeError as error:
        return _refused(request, f"expected a post as one JSON object ({error})")
    problem = _problem(line)
    if problem:
        return _refused(request, problem)
    written_at = line.posted_at or line.ts
    posted_at = now if request.as_of_now or written_at is None else written_at.astimezone(UTC)
    if line.deletes is not None:
        return Deleted(MessageId(str(line.deletes)), posted_at)
    post = _post(line, request, posted_at, now)
    return Written(post) if line.edits is None else Edited(post)


def _refused(request: TakePost, problem: str) -> LineRefused:
    return LineRefused(reason=f"line {request.number}: {problem}")


def _problem(line: _Line) -> str:
    for field in ("message_id", "id", "channel_id", "room", "author_id", "edits", "deletes"):
        value = getattr(line, field)
        if value is not None and not _ID.fullmatch(str(value)):
            return f"{field} is {value!r}, expected 1 to 64 letters, digits or any of _.:-"
    if line.text is None and line.deletes is None:
        return "text is missing, expected what the post says"
    return ""


def _post(line: _Line, request: TakePost, posted_at: datetime, now: datetime) -> Post:
    channel_id = _first(line.channel_id, line.room) or _OPERATOR
    author_id = _first(line.author_id, line.room) or line.author_name or _OPERATOR
    return Post(
        message_id=MessageId(_first(line.edits, line.message_id, line.id) or _made_of(request)),
        channel_id=ChannelId(channel_id),
        channel_name=line.channel_name or channel_id,
        author_id=AuthorId(author_id),
        author_name=line.author_name or line.author or author_id,
        text=line.text or "",
        posted_at=posted_at,
        received_at=now,
        reply_to=None if line.reply_to is None else MessageId(str(line.reply_to)),
        attachments=line.attachments,
        source=Source.REPLAY,
    )


def _first(*ids: _Id) -> str:
    return next((str(each) for each in ids if each is not None), "")


def _made_of(request: TakePost) -> str:
    # The same line of the same file again is the same message; a line repeated below is not.
    return hashlib.sha256(f"{request.number} {request.line}".encode()).hexdigest()[:16]
