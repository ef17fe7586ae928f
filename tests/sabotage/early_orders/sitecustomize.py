"""Orders leave before their intent is on disk."""

from __future__ import annotations

import sys
from typing import Any


def sabotage() -> None:
    from autoscalper.broker import desk as broker_desk
    from autoscalper.broker.commands import Command
    from autoscalper.broker.core import decide_all
    from autoscalper.broker.events import Event

    desk_module: Any = broker_desk
    desk: Any = broker_desk.Desk
    decide_for, follow = desk.decide_for, desk.follow

    def decide_early(self: Any, gateway: Any) -> Any:
        self.gateway = gateway
        return decide_for(self, gateway)

    def follow_early(self: Any, follower: Any, gateway: Any) -> Any:
        self.gateway = gateway
        return follow(self, follower, gateway)

    def act(self: Any, commands: list[Command]) -> None:
        self.gateway.carry_out(commands)
        desk_module._reach("before", commands)

    def keep(self: Any, batch: list[Event]) -> list[Command]:
        act(self, decide_all(self.book, batch, self._clock.now()))
        with self._store.transaction():
            self._journal.keep(self.book.take_changes())
        return []

    def keep_entries(
        self: Any, follower: Any, entries: Any, commands: list[Command]
    ) -> list[Command]:
        act(self, commands)
        with self._store.transaction():
            self._journal.keep(self.book.take_changes())
            follower.keep(entries)
        return []

    desk.decide_for, desk.follow = decide_early, follow_early
    desk._keep, desk._keep_entries = keep, keep_entries


if "autoscalper.broker" in sys.orig_argv:
    sabotage()
