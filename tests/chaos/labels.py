"""Points in the code at which a process shall die or stand still, kept until one gets there."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Protocol

import msgspec

#: Points of one process that are armed at once: it dies at the first that it reaches, and those
#: that are reached seldom must neither hold up the others nor miss their moment.
MOST_ARMED = 4


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A label and what happens to the process that gets there."""

    label: str
    #: It stands still for so long; 0: it dies.
    freeze_seconds: float = 0.0
    #: The process that ran when the point was armed.
    pid: int = 0

    @property
    def process(self) -> str:
        """Return the process whose point it is."""
        return self.label.partition("-")[0]


class Armory(Protocol):
    """Who can arm a point; see ``Stack``."""

    def arm(self, label: str, *, stops: bool = False) -> Path:
        """Arm it and return the file that is there until it is reached."""

    def pid(self, process: str) -> int:
        """Return the pid of a process, 0 while it does not run."""


class Labels:
    """Points that wait for their process. One that was armed in vain waits on."""

    def __init__(self, stack: Armory) -> None:
        """Arm in ``stack``; nothing waits yet."""
        self._stack = stack
        self._waiting: list[Point] = []
        self._armed: dict[Path, Point] = {}
        #: How often a process died at which label.
        self.fired: Counter[str] = Counter()
        #: How often a process stood still at which label.
        self.stood_still: Counter[str] = Counter()
        #: How many deaths were given up by ``give_up``.
        self.missed: Counter[str] = Counter()

    def plan(self, label: str, *, freeze_seconds: float = 0.0) -> None:
        """Let a process die, or stand still, at ``label`` as soon as it may."""
        self._waiting.append(Point(label=label, freeze_seconds=freeze_seconds))

    @property
    def waiting(self) -> bool:
        """Return whether there is a point that nobody reached."""
        return bool(self._waiting or self._armed)

    @property
    def processes(self) -> set[str]:
        """Return the processes that have an armed point."""
        return {point.process for point in self._armed.values()}

    def waiting_processes(self) -> list[str]:
        """Return the processes for which more can be armed."""
        counts = Counter(point.process for point in self._armed.values())
        wanted = dict.fromkeys(point.process for point in self._waiting)
        return [process for process in wanted if counts[process] < MOST_ARMED]

    def arm(self, process: str) -> None:
        """Arm what waits for ``process``, the longest first, as long as there is room."""
        armed = [point.label for point in self._armed.values() if point.process == process]
        for point in [each for each in self._waiting if each.process == process]:
            if len(armed) >= MOST_ARMED:
                return
            if point.label not in armed:
                armed.append(point.label)
                self._waiting.remove(point)
                point = msgspec.structs.replace(point, pid=self._stack.pid(process))
                self._armed[self._stack.arm(point.label, stops=point.freeze_seconds > 0)] = point

    def reached(self) -> list[Point]:
        """Return the points that were reached since the last look; the rest of their processes
        waits again.
        """
        found = [path for path in self._armed if not path.exists()]
        points = [self._armed.pop(path) for path in found]
        for point in points:
            if point.freeze_seconds:
                self.stood_still[point.label] += 1
            else:
                self.fired[point.label] += 1
                self.disarm(point.process)
        return points

    def disarm(self, *processes: str) -> None:
        """Let the points of some processes wait again."""
        for path, point in list(self._armed.items()):
            if point.process in processes and _remove(path):
                del self._armed[path]
                self._waiting.insert(0, point)

    def give_up(self) -> list[str]:
        """Forget every point; return the process of each death that did not take place."""
        self.disarm(*self.processes)
        given_up = [point for point in self._waiting if not point.freeze_seconds]
        self._waiting.clear()
        self.missed.update(point.label for point in given_up)
        return [point.process for point in given_up]


def _remove(path: Path) -> bool:
    # A point that was reached just now is gone, and counts.
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True
