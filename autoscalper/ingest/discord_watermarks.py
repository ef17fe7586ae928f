"""What must be remembered of Discord over a restart: how far each channel is read, and logins."""

from __future__ import annotations

from datetime import datetime

from autoscalper.runtime.store import Store

#: Tables in ingest's store. ``message_id``: everything up to it was heard.
SCHEMA = """
CREATE TABLE IF NOT EXISTS discord_watermarks (
    channel_id TEXT PRIMARY KEY, message_id INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS discord_logins (logged_in_at TEXT PRIMARY KEY) WITHOUT ROWID;
"""

#: Logins that are remembered, more than any limit needs.
_KEPT_LOGINS = 100


class Watermarks:
    """How far each channel is read without a gap."""

    def __init__(self, store: Store) -> None:
        """Keep them in ``store``, which was opened with ``SCHEMA``."""
        self._store = store

    def of(self, channel_id: str) -> int | None:
        """Return the newest message up to which ``channel_id`` was read; None: never read."""
        row = self._store.execute(
            "SELECT message_id FROM discord_watermarks WHERE channel_id = ?", (channel_id,)
        ).fetchone()
        return None if row is None else int(row[0])

    def move(self, channel_id: str, message_id: int) -> None:
        """Keep that ``channel_id`` was read up to ``message_id``; it never moves back."""
        with self._store.transaction():
            self._store.execute(
                "INSERT INTO discord_watermarks VALUES (?, ?) ON CONFLICT (channel_id)"
                " DO UPDATE SET message_id = MAX(message_id, excluded.message_id)",
                (channel_id, message_id),
            )


class Logins:
    """When we logged in, newest last: a process that keeps crashing must not hammer Discord."""

    def __init__(self, store: Store) -> None:
        """Keep them in ``store``, which was opened with ``SCHEMA``."""
        self._store = store

    def note(self, at: datetime) -> None:
        """Keep a login, before it is made."""
        with self._store.transaction():
            self._store.execute(
                "INSERT OR IGNORE INTO discord_logins VALUES (?)", (at.isoformat(),)
            )
            self._store.execute(
                "DELETE FROM discord_logins WHERE logged_in_at NOT IN (SELECT logged_in_at"
                " FROM discord_logins ORDER BY logged_in_at DESC LIMIT ?)",
                (_KEPT_LOGINS,),
            )

    def all(self) -> tuple[datetime, ...]:
        """Return the logins that are remembered, oldest first."""
        rows = self._store.execute("SELECT logged_in_at FROM discord_logins ORDER BY logged_in_at")
        return tuple(datetime.fromisoformat(at) for (at,) in rows)
