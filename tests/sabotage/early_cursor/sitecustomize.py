"""The cursor moves past a signal before what comes of the signal is on disk."""

from __future__ import annotations

import sys
from typing import Any


def sabotage() -> None:
    from autoscalper.broker.core import decide_signals
    from autoscalper.broker.desk import Desk
    from autoscalper.broker.events import ClockTicked, SignalArrived
    from autoscalper.runtime import crashpoints

    async def follow(self: Any, follower: Any, gateway: Any) -> None:
        async for entries in follower.batches():
            with self._store.transaction():
                follower.keep(entries)
            crashpoints.reach("broker-before-signals-commit")
            signals = [SignalArrived(message=entry.message) for entry in entries]
            commands = decide_signals(self.book, signals, self._clock.now())
            with self._store.transaction():
                self._journal.keep(self.book.take_changes())
            crashpoints.reach("broker-after-signals-commit")
            gateway.carry_out(commands)
            self.hear(ClockTicked())

    desk: Any = Desk
    desk.follow = follow


if "autoscalper.broker" in sys.orig_argv:
    sabotage()
