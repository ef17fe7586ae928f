"""`autoscalper restore DIR`: the data files of a backup in the place of the present ones."""

from __future__ import annotations

import argparse
import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from autoscalper.cli.backup import copy_database
from autoscalper.cli.surroundings import read_settings
from autoscalper.runtime.clock import SystemClock
from autoscalper.runtime.errors import CannotStart


def add_to(commands: Any) -> None:
    """Add the command to ``commands``."""
    parser = commands.add_parser(
        "restore", help="put a backup's data in place; all must be stopped"
    )
    parser.add_argument("backup", type=Path, metavar="DIR", help="what `autoscalper backup` made")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Put the backup in place, and show where the files went that were there."""
    aside = restore(arguments.backup, Path(read_settings().data_dir))
    print(f"restored; what was there is in {aside}")
    return 0


def restore(backup: Path, data_dir: Path) -> Path:
    """Put the data of ``backup`` into ``data_dir`` and return where its present files went.

    Whether a data file is too new for this AutoScalper its process says when it starts.

    Raises:
        CannotStart: there is no whole backup, or a process still runs. Nothing was changed.
        OSError: a file cannot be moved or copied.
    """
    sources = sorted(backup.glob("*.db"))
    if not sources:
        raise CannotStart(f"{backup} holds no data; name a directory that a backup made")
    for source in sources:
        _check(source)
    with _nobody_running(data_dir):
        aside = data_dir / f"before-restore-{SystemClock().now():%Y%m%dT%H%M%SZ}"
        aside.mkdir(mode=0o700)
        # A log of writes that stayed behind would be taken for the restored file's.
        for present in sorted(data_dir.glob("*.db*")):
            if present.suffix != ".lock":
                present.rename(aside / present.name)
        for source in sources:
            copy_database(source, data_dir / source.name)
    return aside


def _check(source: Path) -> None:
    try:
        with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as file:
            (damage,) = file.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        damage = str(error)
    if damage != "ok":
        raise CannotStart(f"{source} is damaged ({damage}); take another backup")


@contextmanager
def _nobody_running(data_dir: Path) -> Iterator[None]:
    """Hold the locks that the processes would take."""
    with ExitStack() as held:
        for path in sorted(data_dir.glob("*.db.lock")):
            lock = held.enter_context(path.open("wb"))
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise CannotStart(f"{path.stem} is in use; stop AutoScalper first") from error
        yield
