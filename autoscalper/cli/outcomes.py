"""What alert keeps, read while alert runs: the outcomes of posts. Never written from here."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

import msgspec

from autoscalper.domain.identity import PostId, TradeId
from autoscalper.links import any_to_alert
from autoscalper.links.any_to_alert import OutcomeDecided

#: Seconds between two looks for an outcome that is not there yet.
_LOOK_SECONDS = 0.01

_DECODER = msgspec.json.Decoder(any_to_alert.Message)


class Numbered(msgspec.Struct, frozen=True, kw_only=True):
    """An outcome and the number under which people ask for it."""

    number: int
    decided: OutcomeDecided


class Outcomes:
    """The outcomes in one ``alert.db``, which may not be there yet."""

    def __init__(self, path: Path) -> None:
        """Read ``path``; a file that is missing has no outcomes."""
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def of_post(self, post_id: PostId) -> OutcomeDecided | None:
        """Return the outcome of one version of a post, None while it has none."""
        found = self._select("WHERE post_id = ?", post_id)
        return found[0].decided if found else None

    def wait_for(self, post_id: PostId, *, patience_seconds: float) -> OutcomeDecided | None:
        """Return the outcome of ``post_id`` as soon as it is there, None if it did not come."""
        deadline = time.monotonic() + patience_seconds
        while (decided := self.of_post(post_id)) is None and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
        return decided

    def named(self, name: str) -> list[Numbered]:
        """Return the outcomes that ``name`` may mean: a number, a message's id or a post's."""
        return self._select("WHERE ? IN (CAST(number AS TEXT), message_id, post_id)", name)

    def of_trade(self, trade_id: TradeId) -> list[any_to_alert.Message]:
        """Return what was told of a trade and its orders, in the order in which alert heard it."""
        rows = self._rows(
            "SELECT notice FROM notices WHERE notice LIKE ? ORDER BY number",
            f'%"trade_id":"{trade_id}"%',
        )
        return [_DECODER.decode(notice) for (notice,) in rows]

    def all(self) -> list[Numbered]:
        """Return every outcome, in the order in which alert heard them."""
        return self._select("")

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _select(self, where: str, *values: str) -> list[Numbered]:
        rows = self._rows(f"SELECT number, decided FROM outcomes {where} ORDER BY number", *values)
        found = ((number, _DECODER.decode(decided)) for number, decided in rows)
        return [
            Numbered(number=number, decided=decided)
            for number, decided in found
            if isinstance(decided, OutcomeDecided)
        ]

    def _rows(self, statement: str, *values: str) -> list[Any]:
        if self._connection is None:
            if not self._path.exists():
                return []
            self._connection = sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.OperationalError:
            # Alert has made the file and not yet its tables.
            return []
