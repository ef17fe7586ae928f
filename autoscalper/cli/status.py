"""`autoscalper status`: whether every process runs, and what it says of itself."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from autoscalper.cli.surroundings import read_settings
from autoscalper.cli.table import table
from autoscalper.runtime import heartbeat
from autoscalper.runtime.heartbeat import Heartbeat
from autoscalper.runtime.supervisord import ProcessInfo, Supervisor, SupervisorFailed

#: Age in seconds from which a heartbeat is called old.
OLD_SECONDS = 5.0
#: States of a process that somebody stopped or never wanted.
_NOT_WANTED = ("STOPPED",)


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """One process as seen from outside and as it describes itself."""

    process: str
    state: str
    pid: int
    #: Seconds since its last heartbeat, None if it left none.
    beat_age_seconds: float | None
    details: dict[str, str]

    @property
    def is_well(self) -> bool:
        """Return whether it runs and its loop turns, or is not meant to run."""
        if self.state in _NOT_WANTED:
            return True
        beats = self.beat_age_seconds is not None and self.beat_age_seconds < OLD_SECONDS
        return self.state == "RUNNING" and beats


def add_to(commands: Any) -> None:
    """Add the command to ``commands``."""
    parser = commands.add_parser("status", help="whether every process runs and turns")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Show every process; 1 if one of them is not well."""
    run_dir = Path(read_settings().run_dir)
    try:
        processes = Supervisor(run_dir).processes()
    except SupervisorFailed as error:
        hint = "is AutoScalper running, and is RUN_DIR the one it runs with?"
        print(f"autoscalper: {error}; {hint}", file=sys.stderr)
        return 1
    now = time.monotonic()
    statuses = [describe(each, heartbeat.read(run_dir, each.name), now) for each in processes]
    if arguments.json:
        print(msgspec.json.encode(statuses).decode())
    else:
        print(
            table(
                ("process", "state", "pid", "last beat", "says"),
                [_row(each) for each in statuses],
                shutil.get_terminal_size().columns,
            )
        )
    return 0 if all(each.is_well for each in statuses) else 1


def describe(process: ProcessInfo, beat: Heartbeat | None, now: float) -> Status:
    """Return the status of ``process`` whose last heartbeat is ``beat``, at monotonic ``now``."""
    return Status(
        process=process.name,
        state=process.statename,
        pid=process.pid,
        beat_age_seconds=None if beat is None else round(now - beat.monotonic, 1),
        details={} if beat is None else beat.details,
    )


def _row(status: Status) -> tuple[str, ...]:
    age = "never" if status.beat_age_seconds is None else f"{status.beat_age_seconds:.1f} s ago"
    says = " ".join(f"{name}={value}" for name, value in status.details.items())
    return (status.process, status.state, str(status.pid or ""), age, says)
