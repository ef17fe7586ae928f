"""The part of the checklist about this machine: places to write, room, the clock."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from autoscalper.cli.finding import Finding, failure, ok, warning
from autoscalper.domain.room import Room, in_words, judge

#: How wrong the clock may be: an alert's age is measured with it.
SKEW = timedelta(seconds=2)
HARMFUL_SKEW = timedelta(seconds=20)


def check_places(places: Sequence[tuple[str, Path]]) -> list[Finding]:
    """Return whether each of the named directories can be written to."""
    found = []
    for name, path in places:
        try:
            with tempfile.TemporaryFile(dir=path):
                found.append(ok(name, f"{path} can be written to"))
        except OSError as error:
            found.append(
                failure(name, f"{path}: {error.strerror}; make it, owned by whoever runs this")
            )
    return found


def check_room(data_dir: Path) -> list[Finding]:
    """Return whether the disk that holds ``data_dir`` has room."""
    try:
        usage = shutil.disk_usage(data_dir)
    except OSError:
        # That the directory is not there has been said.
        return []
    text = f"{in_words(usage.free)} free for {data_dir}"
    match judge(usage.free, usage.total):
        case Room.CRITICAL:
            return [failure("disk", f"{text}: free some, orders need their intents written")]
        case Room.SCARCE:
            return [warning("disk", f"{text}: free some soon")]
        case Room.AMPLE:
            return [ok("disk", text)]


def check_clock(here: datetime, there: datetime) -> Finding:
    """Return whether the clock ``here`` agrees with another one's time, told to the second."""
    skew = abs(here - there)
    text = f"{skew.total_seconds():.0f} s apart from the world's"
    if skew > HARMFUL_SKEW:
        return failure("clock", f"{text}: switch on NTP; alerts would be too old or from tomorrow")
    if skew > SKEW:
        return warning("clock", f"{text}: switch on NTP")
    return ok("clock", text)
