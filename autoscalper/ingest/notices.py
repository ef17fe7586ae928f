"""What ingest tells the user: a log that alert follows."""

from __future__ import annotations

from autoscalper.links import any_to_alert
from autoscalper.links.any_to_alert import Level, Reported
from autoscalper.runtime.clock import Clock
from autoscalper.runtime.log import Log
from autoscalper.runtime.store import Store


class Notices:
    """Puts notices into the log, each exactly once."""

    def __init__(self, store: Store, clock: Clock) -> None:
        """Write into ``store``."""
        self.log: Log[any_to_alert.Message] = Log(store, any_to_alert.FROM_INGEST, clock)
        self._store = store
        self._clock = clock

    def report(self, key: str, level: Level, text: str) -> bool:
        """Tell the user ``text``, unless ``key``, made from its cause, was told before.

        Returns whether it was told now.
        """
        reported = Reported(level=level, text=text, reported_at=self._clock.now())
        with self._store.transaction():
            return self.log.append(key, reported)
