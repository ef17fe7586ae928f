"""A market that plays a file: JSON lines, each the quote of one contract at one time.

::

    {"at": 1.5, "underlying": "SPY", "expiry": "2026-11-27", "strike": "685", "right": "C",
     "bid": "0.42", "ask": "0.43"}

``at`` is seconds since the simulator started, or a time with a zone; the lines are in its order.
The other members are those of the ``quote`` command.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec

from autoscalper.runtime.errors import CannotStart
from autoscalper.simulator.commands import SetQuote

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class _Line(msgspec.Struct, frozen=True):
    at: float | _Moment


class Script:
    """The lines of a file that have not been played."""

    def __init__(self, path: Path) -> None:
        """Read all of ``path``.

        Raises:
            CannotStart: it cannot be read, or a line of it is wrong.
        """
        self._waiting: list[tuple[float | datetime, SetQuote]] = []
        try:
            lines = path.read_bytes().splitlines()
        except OSError as error:
            raise CannotStart(f"{path} cannot be read ({error.strerror})") from error
        for number, line in enumerate(lines, start=1):
            try:
                if line.strip():
                    self._waiting.append(_read(line))
            except (msgspec.DecodeError, KeyError) as error:
                raise CannotStart(f"{path} line {number}: {error}") from error

    def due(self, elapsed_seconds: float, now: datetime) -> list[SetQuote]:
        """Return the quotes whose time has come, in order, and forget them."""
        due = []
        while self._waiting and _has_come(self._waiting[0][0], elapsed_seconds, now):
            due.append(self._waiting.pop(0)[1])
        return due


def _read(line: bytes) -> tuple[float | datetime, SetQuote]:
    at = msgspec.json.decode(line, type=_Line).at
    members = msgspec.json.decode(line, type=dict[str, object])
    del members["at"]
    quote = msgspec.convert({"command": "quote", **members}, SetQuote, strict=False)
    return at, quote


def _has_come(at: float | datetime, elapsed_seconds: float, now: datetime) -> bool:
    return at <= now if isinstance(at, datetime) else at <= elapsed_seconds
