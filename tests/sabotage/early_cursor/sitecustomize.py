"""The cursor moves past a signal before what comes of the signal is on disk."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any


def sabotage() -> None:
    from autoscalper.broker.core import decide
    from autoscalper.broker.desk import Desk
    from autoscalper.broker.events import Event
    from autoscalper.runtime import crashpoints

    def keep_entries(self: Any, follower: Any, entries: Any, events: Sequence[Event]) -> list[Any]:
        with self._store.transaction():
            follower.keep(entries)
        crashpoints.reach("broker-before-commit")
        commands = [
            command for event in events for command in decide(self.book, event, self._clock.now())
        ]
        with self._store.transaction():
            self._journal.keep(self.book.take_changes())
        return commands

    desk: Any = Desk
    desk._keep_entries = keep_entries


if "autoscalper.broker" in sys.orig_argv:
    sabotage()
