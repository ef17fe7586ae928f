"""How full a disk may get before somebody must hear of it. Pure."""

from __future__ import annotations

import enum


class Room(enum.Enum):
    """How much room a disk has."""

    AMPLE = "ample"
    #: Time to look.
    SCARCE = "scarce"
    #: Something must be done: soon nothing new can be traded.
    CRITICAL = "critical"


#: Free bytes, and free share of the whole, below which room is so little. The smaller counts: a
#: small disk is meant to be small.
BOUNDS = {Room.SCARCE: (1_000_000_000, 0.10), Room.CRITICAL: (200_000_000, 0.03)}
#: By how much it must get better before it counts as better, so that nobody hears it twice.
BETTER_BY = 1.2


def judge(free: int, total: int, before: Room = Room.AMPLE) -> Room:
    """Return how much room ``free`` of ``total`` bytes are on a disk that had ``before``."""
    if free < _bound(Room.CRITICAL, total) * (BETTER_BY if before is Room.CRITICAL else 1):
        return Room.CRITICAL
    if free < _bound(Room.SCARCE, total) * (1 if before is Room.AMPLE else BETTER_BY):
        return Room.SCARCE
    return Room.AMPLE


def in_words(size: int) -> str:
    """Return ``size`` bytes as people say it."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"


def _bound(room: Room, total: int) -> float:
    size, share = BOUNDS[room]
    return min(size, total * share)
