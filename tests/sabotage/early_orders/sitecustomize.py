"""Orders leave before their intent is on disk."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any


def sabotage() -> None:
    from autoscalper.broker.core import decide
    from autoscalper.broker.desk import Desk
    from autoscalper.broker.events import Event
    from autoscalper.runtime import crashpoints

    desk: Any = Desk
    decide_for, follow = desk.decide_for, desk.follow

    def decide_early(self: Any, gateway: Any) -> Any:
        self.gateway = gateway
        return decide_for(self, gateway)

    def follow_early(self: Any, follower: Any, gateway: Any) -> Any:
        self.gateway = gateway
        return follow(self, follower, gateway)

    def act(self: Any, events: Sequence[Event]) -> None:
        for event in events:
            self._act(self.gateway, decide(self.book, event, self._clock.now()))

    def keep(self: Any, batch: list[Event]) -> list[Any]:
        act(self, batch)
        changes = self.book.take_changes()
        if not changes.is_empty:
            crashpoints.reach("broker-before-commit")
            with self._store.transaction():
                self._journal.keep(changes)
            crashpoints.reach("broker-after-commit")
        return []

    def keep_entries(self: Any, follower: Any, entries: Any, events: Sequence[Event]) -> list[Any]:
        act(self, events)
        crashpoints.reach("broker-before-commit")
        with self._store.transaction():
            self._journal.keep(self.book.take_changes())
            follower.keep(entries)
        return []

    desk.decide_for, desk.follow = decide_early, follow_early
    desk._keep, desk._keep_entries = keep, keep_entries


if "autoscalper.broker" in sys.orig_argv:
    sabotage()
