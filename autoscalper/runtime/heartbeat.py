"""A process says that its loop turns: a small file in RUN_DIR, rewritten every second."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from autoscalper.runtime.clock import Clock
from autoscalper.runtime.errors import CannotStart, StorageFailed

#: Seconds between two beats.
PERIOD_SECONDS = 1.0


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """What a process says about itself in one beat."""

    process: str
    pid: int
    started_at: datetime
    beat_at: datetime
    #: The machine's monotonic clock, which no shift and no correction moves.
    monotonic: float
    #: What the process wants people to see: states, queue lengths, ages.
    details: dict[str, str] = {}


def path_of(run_dir: Path, process: str) -> Path:
    """Return where ``process`` leaves its heartbeat."""
    return run_dir / f"{process}.heartbeat"


def beating(
    process: str, run_dir: Path, clock: Clock, details: Callable[[], Mapping[str, str]]
) -> Callable[[], Awaitable[None]]:
    """Return a task that leaves a heartbeat of ``process`` every second, with its ``details``.

    Raises:
        CannotStart: ``run_dir`` is missing or not writable.
        StorageFailed: (the task) the disk refused a beat.
    """
    if not os.access(run_dir, os.W_OK | os.X_OK):
        raise CannotStart(
            f"{run_dir} is missing or not writable; create RUN_DIR and let the process write there"
        )
    started_at = clock.now()
    path = path_of(run_dir, process)

    async def beat() -> None:
        while True:
            heartbeat = Heartbeat(
                process=process,
                pid=os.getpid(),
                started_at=started_at,
                beat_at=clock.now(),
                monotonic=clock.monotonic(),
                details=dict(details()),
            )
            _leave(path, heartbeat)
            await asyncio.sleep(PERIOD_SECONDS)

    return beat


def _leave(path: Path, heartbeat: Heartbeat) -> None:
    # A reader must never see half a heartbeat.
    fresh = path.with_suffix(".fresh")
    try:
        fresh.write_bytes(msgspec.json.encode(heartbeat))
        fresh.replace(path)
    except OSError as error:
        raise StorageFailed(f"{path}: {error.strerror}; free space or mend the disk") from error


def read(run_dir: Path, process: str) -> Heartbeat | None:
    """Return the last heartbeat of ``process``, None if it never left one that can be read."""
    try:
        return msgspec.json.decode(path_of(run_dir, process).read_bytes(), type=Heartbeat)
    except (OSError, msgspec.DecodeError):
        return None
