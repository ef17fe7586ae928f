"""The sender's half of a link: an append-only log in the sender's store."""

from __future__ import annotations

from datetime import datetime
from itertools import takewhile
from typing import Generic, TypeVar

from autoscalper.runtime.clock import Clock
from autoscalper.runtime.link import Link
from autoscalper.runtime.store import Store

M = TypeVar("M")


class Log(Generic[M]):
    """Messages in the order in which they were appended, each under a key that occurs once."""

    def __init__(self, store: Store, link: Link[M], clock: Clock) -> None:
        """Open the log of ``link`` in ``store``."""
        self.store = store
        self.link = link
        #: How many entries were appended since the start, with those that were not kept after all.
        self.appended = 0
        self._clock = clock

    @property
    def head(self) -> int:
        """Return the position of the newest kept entry, 0 for an empty log."""
        row = self.store.execute(
            "SELECT MAX(position) FROM entries WHERE log = ?", (self.link.name,)
        ).fetchone()
        return row[0] or 0

    def append(self, key: str, message: M) -> bool:
        """Append ``message`` inside the caller's transaction, unless ``key`` is there already.

        Returns whether it was appended.
        """
        cursor = self.store.execute(
            "INSERT OR IGNORE INTO entries SELECT ?, COALESCE(MAX(position), 0) + 1, ?, ?, ?"
            " FROM entries WHERE log = ?",
            (
                self.link.name,
                key,
                self._clock.now().isoformat(),
                self.link.encode(message),
                self.link.name,
            ),
        )
        is_new = cursor.rowcount == 1
        self.appended += is_new
        return is_new

    def has(self, key: str) -> bool:
        """Return whether a message with ``key`` is in the log."""
        row = self.store.execute(
            "SELECT 1 FROM entries WHERE log = ? AND key = ?", (self.link.name, key)
        ).fetchone()
        return row is not None

    def read(self, after: int, limit: int) -> tuple[tuple[int, bytes], ...]:
        """Return up to ``limit`` entries after position ``after``, oldest first, still encoded."""
        rows = self.store.execute(
            "SELECT position, payload FROM entries WHERE log = ? AND position > ?"
            " ORDER BY position LIMIT ?",
            (self.link.name, after, limit),
        )
        return tuple((position, bytes(payload)) for position, payload in rows)

    def forget(self, before: datetime, up_to: int, limit: int) -> list[str]:
        """Remove, inside the caller's transaction, entries that were appended before ``before``.

        Oldest first, at most ``limit``, none after position ``up_to``, and never the newest one:
        positions are counted on from it. Returns the keys of what was removed; they can be
        appended again.
        """
        rows = self.store.execute(
            "SELECT position, key, logged_at FROM entries WHERE log = ? AND position <= ?"
            " ORDER BY position LIMIT ?",
            (self.link.name, min(up_to, self.head - 1), limit),
        ).fetchall()
        old = list(takewhile(lambda row: datetime.fromisoformat(row[2]) < before, rows))
        if old:
            self.store.execute(
                "DELETE FROM entries WHERE log = ? AND position <= ?",
                (self.link.name, old[-1][0]),
            )
        return [key for _, key, _ in old]
