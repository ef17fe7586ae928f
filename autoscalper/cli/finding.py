"""What a check found: ok, something to know, or something that must be mended."""

from __future__ import annotations

import enum

import msgspec


class Level(enum.Enum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


class Finding(msgspec.Struct, frozen=True):
    """One line of the checklist; a warning or a failure says what to do."""

    what: str
    level: Level
    text: str


def ok(what: str, text: str) -> Finding:
    """Return that ``what`` is as it should be."""
    return Finding(what, Level.OK, text)


def warning(what: str, text: str) -> Finding:
    """Return that ``what`` may be meant so."""
    return Finding(what, Level.WARNING, text)


def failure(what: str, text: str) -> Finding:
    """Return that ``what`` must be mended."""
    return Finding(what, Level.FAILURE, text)
