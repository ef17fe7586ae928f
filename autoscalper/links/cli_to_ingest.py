"""The command line -> ingest: posts put in by hand or from a file.

A request and its reply over ZeroMQ REQ/REP: the reply comes when the post is in ingest's log, so
whoever got none may send the same again; the message id makes that harmless.
"""

from __future__ import annotations

import msgspec

from autoscalper.domain.identity import PostId

#: Name of the link's address.
NAME = "cli_to_ingest"


class TakePost(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Take one post: a line of JSON as it stands in a file of posts."""

    line: str
    #: Number of the line in its file, for what is said about it.
    number: int
    #: Call the post written now, whatever its own time says.
    as_of_now: bool = False


class PostTaken(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The post is in the log. ``is_new`` is False when it was there before."""

    post_id: PostId
    is_new: bool


class LineRefused(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The line is no post; ``reason`` names the line."""

    reason: str


Request = TakePost
Reply = PostTaken | LineRefused

encode = msgspec.msgpack.Encoder().encode
decode_request = msgspec.msgpack.Decoder(Request).decode
decode_reply = msgspec.msgpack.Decoder(Reply).decode
