"""What shall stand in the chat, kept until Telegram has taken it.

A card is one message of the chat: it is sent once and edited from then on, and only its newest
text is kept, so that an hour without Telegram costs one edit for each and not a flood. Lines are
cards that are never edited: those that say the same while they wait become one with a count.
"""

from __future__ import annotations

import hashlib

import msgspec
from msgspec.structs import replace

from autoscalper.alert.chat import Keyboard
from autoscalper.runtime.store import Store

#: ``due`` orders what is not shown yet, by the turn at which it first was not; NULL: shown.
SCHEMA = """
CREATE TABLE IF NOT EXISTS cards (
    slot TEXT PRIMARY KEY, card TEXT NOT NULL, version INTEGER NOT NULL, due INTEGER,
    urgent INTEGER NOT NULL, times INTEGER NOT NULL, message_id INTEGER,
    drawings INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS due_cards ON cards (due) WHERE due IS NOT NULL;
"""
#: Slots of lines, which are forgotten once they are shown, begin with this.
_LINE = "line "


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """One message as it shall stand in the chat."""

    #: Telegram's HTML.
    html: str
    buttons: Keyboard = ()
    #: Whether the phone rings; only when it is new, never when it is edited.
    loud: bool = True
    #: Goes before everything that is not.
    urgent: bool = False
    #: Name of the picture that goes with it; the text is its caption then.
    picture: str | None = None


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A card that the chat does not show yet, or not as it is now."""

    slot: str
    card: Card
    version: int
    #: How often it was said before it could be shown.
    times: int
    #: The message that shows an earlier text of it; None: it is new.
    message_id: int | None


class Outbox:
    """The cards in alert's store. Everything that changes is inside the caller's transaction."""

    def __init__(self, store: Store) -> None:
        """Use ``store``, which was opened with ``SCHEMA``."""
        self._store = store
        (turn,) = store.execute("SELECT COALESCE(MAX(due), 0) FROM cards").fetchone()
        self._turn = int(turn)

    @property
    def waiting(self) -> int:
        """Return how many cards are not shown as they are."""
        (count,) = self._store.execute(
            "SELECT COUNT(*) FROM cards WHERE due IS NOT NULL"
        ).fetchone()
        return int(count)

    def has(self, slot: str) -> bool:
        """Return whether there is, or ever was, a card in ``slot``."""
        found = self._store.execute("SELECT 1 FROM cards WHERE slot = ?", (slot,)).fetchone()
        return found is not None

    def put(self, slot: str, card: Card, *, shown_by: int | None = None) -> None:
        """Let ``card`` stand in the chat as the one of ``slot``.

        ``shown_by`` is a message that is there already and becomes the card's.
        """
        text = msgspec.json.encode(card).decode()
        row = self._store.execute("SELECT card, due FROM cards WHERE slot = ?", (slot,)).fetchone()
        if row is None:
            self._store.execute(
                "INSERT INTO cards VALUES (?, ?, 1, ?, ?, 1, ?, 0)",
                (slot, text, self._next_turn(), card.urgent, shown_by),
            )
        elif row[0] != text:
            due = row[1] if row[1] is not None else self._next_turn()
            self._store.execute(
                "UPDATE cards SET card = ?, version = version + 1, due = ?, urgent = ?"
                " WHERE slot = ?",
                (text, due, card.urgent, slot),
            )

    def say(self, card: Card) -> None:
        """Let ``card`` be sent as a message of its own; one that waits already is counted."""
        text = msgspec.json.encode(card).decode()
        slot = f"{_LINE}{hashlib.sha256(text.encode()).hexdigest()[:20]}"
        if self.has(slot):
            self._store.execute(
                "UPDATE cards SET times = times + 1, version = version + 1 WHERE slot = ?", (slot,)
            )
        else:
            self.put(slot, card)

    def next(self) -> Due | None:
        """Return what shall be shown next: what is urgent first, else the oldest."""
        row = self._store.execute(
            "SELECT slot, card, version, times, message_id FROM cards WHERE due IS NOT NULL"
            " ORDER BY urgent DESC, due LIMIT 1"
        ).fetchone()
        if row is None:
            return None
        slot, text, version, times, message_id = row
        card = msgspec.json.decode(text, type=Card)
        if times > 1:
            card = replace(card, html=f"{card.html}\n<i>said {times} times</i>")
        return Due(slot=slot, card=card, version=version, times=times, message_id=message_id)

    def shown(self, due: Due, message_id: int | None) -> None:
        """Remember that ``message_id`` shows ``due``; None: it was given up.

        If the card changed meanwhile, it is due again.
        """
        if due.slot.startswith(_LINE):
            self._line_shown(due)
            return
        self._store.execute(
            "UPDATE cards SET message_id = ?, due = CASE version WHEN ? THEN NULL ELSE due END"
            " WHERE slot = ?",
            (message_id, due.version, due.slot),
        )

    def begin_drawing(self, due: Due) -> bool:
        """Return whether the picture of ``due`` was never begun before, and remember it.

        One that was begun and never sent may be what ended the process.
        """
        cursor = self._store.execute(
            "UPDATE cards SET drawings = 1 WHERE slot = ? AND drawings = 0", (due.slot,)
        )
        return cursor.rowcount == 1

    def lost(self, due: Due) -> None:
        """Remember that the message of ``due`` is gone from the chat: it is sent anew."""
        self._store.execute("UPDATE cards SET message_id = NULL WHERE slot = ?", (due.slot,))

    def _line_shown(self, due: Due) -> None:
        self._store.execute(
            "DELETE FROM cards WHERE slot = ? AND version = ?", (due.slot, due.version)
        )
        # What was said again while it was on its way is the rest.
        self._store.execute(
            "UPDATE cards SET times = times - ?, due = ? WHERE slot = ?",
            (due.times, self._next_turn(), due.slot),
        )

    def _next_turn(self) -> int:
        self._turn += 1
        return self._turn
