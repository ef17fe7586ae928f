"""What a process writes about itself: readable lines on standard output, JSON lines in a file.

Neither ever holds a secret: both formatters replace the secrets' values.
"""

from __future__ import annotations

import logging
import logging.handlers
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from autoscalper.runtime.clock import Clock
from autoscalper.runtime.errors import CannotStart

#: Size at which a log file is rotated, in bytes, and how many old ones are kept.
MAX_FILE_BYTES = 10_000_000
KEPT_FILES = 10

#: Libraries whose INFO lines hold addresses with tokens in them, or only noise.
_NOISY = ("httpx", "httpx2", "ib_async", "discord", "telegram", "asyncio")


def set_up(
    process: str, *, level: str, log_dir: Path, clock: Clock, secrets: Sequence[str] = ()
) -> None:
    """Send the root logger to standard output and to ``log_dir/<process>.jsonl``.

    Raises:
        CannotStart: the directory is missing or not writable.
    """
    hidden = tuple(sorted((s for s in secrets if s), key=len, reverse=True))
    console = logging.StreamHandler(sys.stdout)
    console.setFormatter(_Readable(process, clock, hidden))
    path = log_dir / f"{process}.jsonl"
    try:
        file = logging.handlers.RotatingFileHandler(
            path, maxBytes=MAX_FILE_BYTES, backupCount=KEPT_FILES, encoding="utf-8"
        )
    except OSError as error:
        raise CannotStart(
            f"{path} cannot be written ({error.strerror}); create LOG_DIR and let the process"
            " write there"
        ) from error
    file.setFormatter(_JsonLines(process, clock, hidden))
    root = logging.getLogger()
    root.handlers[:] = [console, file]
    root.setLevel(level)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def forget(
    log_dir: Path, process: str, keep: timedelta, *, now: datetime, files_now: datetime
) -> None:
    """Remove the files of ``process`` whose last line is older than ``keep``.

    The present file is put aside once its first line is so old, so that a line of a quiet process
    goes at twice that age at the latest. ``now`` is the time by which lines are written,
    ``files_now`` the one by which files are.
    """
    for path in log_dir.glob(f"{process}.jsonl.*"):
        with suppress(FileNotFoundError):
            if datetime.fromtimestamp(path.stat().st_mtime, UTC) < files_now - keep:
                path.unlink()
    began_at = _began_at(log_dir / f"{process}.jsonl")
    if began_at is not None and began_at < now - keep:
        for handler in logging.getLogger().handlers:
            if isinstance(handler, logging.handlers.RotatingFileHandler):
                handler.doRollover()


class _Line(msgspec.Struct, frozen=True):
    at: datetime


def _began_at(path: Path) -> datetime | None:
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.readline(), type=_Line).at
    except (OSError, msgspec.DecodeError):
        return None


class _Formatter(logging.Formatter):
    def __init__(self, process: str, clock: Clock, secrets: tuple[str, ...]) -> None:
        super().__init__()
        self._process = process
        self._clock = clock
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        return self.render(record, self._clock.now())

    def render(self, record: logging.LogRecord, now: datetime) -> str:
        raise NotImplementedError

    def _message(self, record: logging.LogRecord) -> str:
        return self._hide(record.getMessage())

    def _trace(self, record: logging.LogRecord) -> str:
        return self._hide(self.formatException(record.exc_info)) if record.exc_info else ""

    def _hide(self, text: str) -> str:
        # Before the text is encoded in any way: an encoded secret would not be recognised.
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


class _Readable(_Formatter):
    def render(self, record: logging.LogRecord, now: datetime) -> str:
        line = (
            f"{now.astimezone(UTC):%Y-%m-%d %H:%M:%S}.{now.microsecond // 1000:03d}Z"
            f" {record.levelname:<7} {self._process:<9} {self._message(record)}"
        )
        trace = self._trace(record)
        return f"{line}\n{trace}" if trace else line


class _JsonLines(_Formatter):
    def render(self, record: logging.LogRecord, now: datetime) -> str:
        line = {
            "at": now,
            "level": record.levelname,
            "process": self._process,
            "logger": record.name,
            "message": self._message(record),
        }
        trace = self._trace(record)
        if trace:
            line["trace"] = trace
        return msgspec.json.encode(line).decode()
