"""What follower and publisher say to each other on the wire, whatever the link carries.

A follower asks (``Follow``) and a publisher answers (``Batch``). Nothing is acknowledged: the
``after`` of a follow says where to go on from, and renews the permission to send.
"""

from __future__ import annotations

import msgspec

#: Entries that a publisher may send beyond the last follow it heard.
WINDOW = 512
#: Seconds between the heads that a publisher sends while nothing happens.
HEARTBEAT_SECONDS = 1.0
#: Seconds of silence after which a follower asks anew.
SILENCE_SECONDS = 2.5
#: Seconds after which a follower that hears nothing but heads says that it is still there.
RENEW_SECONDS = 5.0
#: Seconds without a follow after which a publisher forgets a follower.
FORGET_SECONDS = 15.0


class Follow(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Send me what comes after ``after`` in the log of ``epoch``.

    The same ``stream`` again only renews the permission to send; another one starts over from
    ``after``, because something was lost on the way.
    """

    stream: int
    epoch: str
    after: int


class Batch(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Entries that follow ``after`` directly, in order; none is a heartbeat."""

    stream: int
    epoch: str
    #: The follower asked for another log or beyond the end of this one: begin again.
    restarted: bool
    after: int
    #: Position of the newest entry of the log.
    head: int
    #: Position and encoded message of each entry.
    entries: tuple[tuple[int, bytes], ...]


encode = msgspec.msgpack.Encoder().encode
decode_follow = msgspec.msgpack.Decoder(Follow).decode
decode_batch = msgspec.msgpack.Decoder(Batch).decode
