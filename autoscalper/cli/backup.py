"""`autoscalper backup`: consistent copies of the data files and the settings, while all runs."""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from autoscalper.cli.surroundings import read_settings
from autoscalper.domain.settings import BY_PROCESS, Secret
from autoscalper.runtime.clock import SystemClock
from autoscalper.runtime.errors import CannotStart

#: Receivers before senders: a cursor in a copy is then never ahead of the log that it counts in.
_ORDER = ("alert", "broker", "paper", "parser", "ingest")
#: Name of a backup's directory, in UTC.
_NAME = "%Y%m%dT%H%M%SZ"
#: A copy that is being made; what bears this name is no backup.
_UNFINISHED = ".unfinished"
SETTINGS_FILE = "settings.env"


def add_to(commands: Any) -> None:
    """Add the command to ``commands``."""
    parser = commands.add_parser("backup", help="copy data and settings, while everything runs")
    parser.add_argument("--to", type=Path, metavar="DIR", help="default: DATA_DIR/backups")
    parser.add_argument(
        "--keep-days", type=int, default=30, metavar="DAYS", help="remove older ones (default: 30)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Make a backup, remove those that are too old, and show where it is."""
    data_dir = Path(read_settings().data_dir)
    backups = arguments.to or data_dir / "backups"
    now = SystemClock().now()
    # What is set is read as text: a backup is made of settings that make no sense, too.
    made = make(data_dir, backups, os.environ, now)  # noqa: TID251
    removed = remove_older(backups, now - timedelta(days=arguments.keep_days))
    if arguments.json:
        shown = {"backup": str(made), "removed": [str(each) for each in removed]}
        print(msgspec.json.encode(shown).decode())
    else:
        print(made)
    return 0


def make(data_dir: Path, backups: Path, environment: Mapping[str, str], now: datetime) -> Path:
    """Return a fresh directory in ``backups`` with what there is to keep.

    A backup that is there is whole: it gets its name when it is done.

    Raises:
        CannotStart: there is nothing in ``data_dir``.
        OSError, sqlite3.Error: a file cannot be read or written.
    """
    sources = sorted(data_dir.glob("*.db"), key=lambda path: _rank(path.stem))
    if not sources:
        raise CannotStart(f"{data_dir} holds no data; is DATA_DIR the one AutoScalper runs with?")
    made = backups / now.astimezone(UTC).strftime(_NAME)
    unfinished = made.with_suffix(_UNFINISHED)
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True, mode=0o700)
    for source in sources:
        copy_database(source, unfinished / source.name)
    lines = [f"{name}={value}\n" for name, value in _settings(environment)]
    (unfinished / SETTINGS_FILE).write_text("".join(lines))
    return unfinished.rename(made)


def copy_database(source: Path, target: Path) -> None:
    """Copy an SQLite file as it is at one moment, whoever writes to it."""
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as there,
        closing(sqlite3.connect(target)) as here,
    ):
        there.backup(here)


def remove_older(backups: Path, than: datetime) -> list[Path]:
    """Remove the backups from before ``than`` and return what they were; the newest one stays."""
    dated = sorted((made_at, path) for path in backups.iterdir() if (made_at := _made_at(path)))
    old = [path for made_at, path in dated[:-1] if made_at < than]
    for path in old:
        shutil.rmtree(path)
    return old


def _rank(process: str) -> int:
    return _ORDER.index(process) if process in _ORDER else len(_ORDER)


def _made_at(path: Path) -> datetime | None:
    try:
        return datetime.strptime(path.name, _NAME).replace(tzinfo=UTC)
    except ValueError:
        return None


def _settings(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    fields = {
        field.name.upper(): field.type
        for settings in BY_PROCESS.values()
        for field in msgspec.structs.fields(settings)
    }
    for name in sorted(fields.keys() & environment.keys()):
        if environment[name]:
            yield name, "" if fields[name] is Secret else environment[name]
