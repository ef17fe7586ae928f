"""Tells that a disk fills before it is full: once, again when worse, and when it is over."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from autoscalper.domain.room import Room, in_words, judge

logger = logging.getLogger(__name__)


class Disks:
    """The disks that hold what AutoScalper writes."""

    def __init__(self, places: Mapping[str, Path]) -> None:
        """Watch the disks of ``places``, each under its name for people."""
        self._disks = _by_disk(places)
        self._room = dict.fromkeys(self._disks, Room.AMPLE)
        self._free = dict.fromkeys(self._disks, 0)

    def look(self) -> Iterator[str]:
        """Yield what is to be told after a look at each disk."""
        for names, path in self._disks.items():
            try:
                usage = shutil.disk_usage(path)
            except OSError as error:
                # Whoever writes there will say it louder.
                logger.warning("disk unknown path=%s error=%s", path, error.strerror)
                continue
            before = self._room[names]
            self._room[names] = judge(usage.free, usage.total, before)
            self._free[names] = usage.free
            if self._room[names] is not before:
                yield from self._changed(names, before)

    def in_words(self) -> str:
        """Return how much room there is, in words for people."""
        short = [
            f"{room.value} for {names} ({in_words(self._free[names])} left)"
            for names, room in self._room.items()
            if room is not Room.AMPLE
        ]
        return ", ".join(short) or Room.AMPLE.value

    def _changed(self, names: str, before: Room) -> Iterator[str]:
        room, left = self._room[names], in_words(self._free[names])
        logger.warning("disk room changed of=%s room=%s left=%s", names, room.value, left)
        match room:
            case Room.AMPLE:
                yield f"The disk for {names} has room again: {left} left."
            case Room.SCARCE if before is Room.AMPLE:
                yield f"The disk for {names} fills up: {left} left. Free some soon."
            case Room.SCARCE:
                # Better than it was, and not yet good.
                pass
            case Room.CRITICAL:
                yield (
                    f"The disk for {names} is nearly full: {left} left. Free some now: once it is"
                    " full, nothing new is traded and exits wait. Stops and targets rest at the"
                    " broker."
                )


def _by_disk(places: Mapping[str, Path]) -> dict[str, Path]:
    names: dict[int, list[str]] = {}
    paths: dict[int, Path] = {}
    for name, path in places.items():
        if not path.exists():
            # Its own process says so and ends.
            continue
        disk = _disk_of(path)
        names.setdefault(disk, []).append(name)
        paths.setdefault(disk, path)
    return {" and ".join(names[disk]): path for disk, path in paths.items()}


def _disk_of(path: Path) -> int:
    return path.stat().st_dev
