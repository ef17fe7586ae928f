"""Time, as a thing that is handed in, so that tests and replays can move it."""

from __future__ import annotations

import mmap
import struct
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from autoscalper.runtime.errors import CannotStart

_SHIFT = struct.Struct("<d")


class Clock(Protocol):
    """What a process knows about time."""

    def now(self) -> datetime:
        """Return the present time, aware, in UTC."""

    def monotonic(self) -> float:
        """Return seconds that only rise, for measuring durations. Never shifted."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present time, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that only rise."""
        return time.monotonic()


class ShiftedClock:
    """The machine's clock plus a shift that all processes read from one small file.

    Demos and replays play a trading day of another date: whoever plays it moves the shift, and
    every process that maps the file sees the move at once. Never used with a real gateway.
    """

    def __init__(self, path: Path) -> None:
        """Map the shift in ``path``; a file that is missing is made with a shift of zero.

        Raises:
            CannotStart: the file cannot be made or holds no shift.
        """
        try:
            if not path.exists():
                path.write_bytes(_SHIFT.pack(0.0))
            with path.open("r+b") as file:
                self._shift = mmap.mmap(file.fileno(), _SHIFT.size)
        except (OSError, ValueError) as error:
            raise CannotStart(f"CLOCK_FILE {path} cannot be used ({error}); unset it") from error

    def now(self) -> datetime:
        """Return the shifted time, aware, in UTC."""
        (seconds,) = _SHIFT.unpack_from(self._shift)
        return datetime.now(UTC) + timedelta(seconds=seconds)

    def monotonic(self) -> float:
        """Return seconds that only rise; the shift does not move them."""
        return time.monotonic()

    def move_to(self, moment: datetime) -> None:
        """Make ``moment`` (aware) the present for every process that maps the file."""
        seconds = (moment - datetime.now(UTC)).total_seconds()
        _SHIFT.pack_into(self._shift, 0, seconds)


def open_clock(shift_file: Path | None) -> Clock:
    """Return the machine's clock, or one shifted by ``shift_file`` where it is given."""
    return SystemClock() if shift_file is None else ShiftedClock(shift_file)
