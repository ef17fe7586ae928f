"""Buttons that do something: each works once, under its own message, for half a minute."""

from __future__ import annotations

import enum
import secrets
from datetime import datetime, timedelta

import msgspec

from autoscalper.domain.identity import PostId
from autoscalper.links.alert_to_broker import NamedPosition, Scope
from autoscalper.runtime.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS confirmations (
    nonce TEXT PRIMARY KEY, wish TEXT NOT NULL, message_id INTEGER, expires_at TEXT NOT NULL,
    spent INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
"""
#: How long a button can be pressed, from when it stands in the chat.
VALID_FOR = timedelta(seconds=30)
#: How long ago a button expired that nobody will press any more.
_FORGOTTEN_AFTER = timedelta(days=2)


class CloseAll(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Close every position of ``scope``."""

    scope: Scope
    #: What was shown of the account beyond the trades, and is closed as well.
    positions: tuple[NamedPosition, ...] = ()


class TakeLate(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Take an entry that came too late."""

    post_id: PostId
    #: Whether the paper broker missed it.
    is_paper: bool = False


Wish = CloseAll | TakeLate

_WISHES: msgspec.json.Decoder[Wish] = msgspec.json.Decoder(Wish)


class Void(enum.Enum):
    """Why a button does nothing."""

    SPENT = "pressed already"
    EXPIRED = "too late, it expired after 30 s"
    UNKNOWN = "not a button of this message"


class Confirmations:
    """The buttons that were offered, in alert's store, inside the caller's transaction."""

    def __init__(self, store: Store) -> None:
        """Use ``store``, which was opened with ``SCHEMA``."""
        self._store = store

    def offer(self, wish: Wish, now: datetime) -> str:
        """Return the nonce of a new button for ``wish``; it works only once it is bound."""
        nonce = secrets.token_urlsafe(9)
        self._store.execute(
            "INSERT INTO confirmations (nonce, wish, expires_at) VALUES (?, ?, ?)",
            (nonce, msgspec.json.encode(wish).decode(), (now + VALID_FOR).isoformat()),
        )
        self._store.execute(
            "DELETE FROM confirmations WHERE expires_at < ?",
            ((now - _FORGOTTEN_AFTER).isoformat(),),
        )
        return nonce

    def bind(self, nonce: str, message_id: int, now: datetime) -> None:
        """Let the button work under ``message_id``, from now on."""
        self._store.execute(
            "UPDATE confirmations SET message_id = ?, expires_at = ? WHERE nonce = ?",
            (message_id, (now + VALID_FOR).isoformat(), nonce),
        )

    def spend(self, nonce: str, message_id: int, now: datetime) -> Wish | Void:
        """Return what the pressed button was for, once; else why it does nothing."""
        row = self._store.execute(
            "SELECT wish, message_id, expires_at, spent FROM confirmations WHERE nonce = ?",
            (nonce,),
        ).fetchone()
        if row is None or row[1] != message_id:
            return Void.UNKNOWN
        wish, _, expires_at, spent = row
        if spent:
            return Void.SPENT
        if now > datetime.fromisoformat(expires_at):
            return Void.EXPIRED
        self._store.execute("UPDATE confirmations SET spent = 1 WHERE nonce = ?", (nonce,))
        return _WISHES.decode(wish)

    def have_expired(self, now: datetime) -> bool:
        """Return whether there is something to ``expire``."""
        row = self._store.execute(
            "SELECT 1 FROM confirmations"
            " WHERE spent = 0 AND expires_at < ? AND message_id IS NOT NULL LIMIT 1",
            (now.isoformat(),),
        ).fetchone()
        return row is not None

    def expire(self, now: datetime) -> list[int]:
        """Spend what expired and was never pressed; return the messages that have it."""
        rows = self._store.execute(
            "SELECT nonce, message_id FROM confirmations"
            " WHERE spent = 0 AND expires_at < ? AND message_id IS NOT NULL",
            (now.isoformat(),),
        ).fetchall()
        for nonce, _ in rows:
            self._store.execute("UPDATE confirmations SET spent = 2 WHERE nonce = ?", (nonce,))
        return [message_id for _, message_id in rows]
