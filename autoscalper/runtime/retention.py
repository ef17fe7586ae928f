"""Forgets what is old: entries of logs that their followers have, and files of old log lines."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from autoscalper.runtime import logs
from autoscalper.runtime.clock import SystemClock
from autoscalper.runtime.errors import StorageFailed
from autoscalper.runtime.process import Process
from autoscalper.runtime.publisher import Publisher

logger = logging.getLogger(__name__)

#: Seconds from the start to the first look, when followers have come, and between two looks.
FIRST_SECONDS = 60.0
PERIOD_SECONDS = 3600.0
#: Entries of a log that are forgotten at one look, so that none takes long. More than come in an
#: hour.
AT_ONCE = 1000
#: How much longer a receiver remembers by its own log what it has answered than its sender may
#: offer it: a sender that was away for less has forgotten it by then.
RECEIVERS_MARGIN = timedelta(days=7)

#: Removes, inside the caller's transaction, what else a store keeps about entries with these keys
#: or from before that time.
ForgetToo = Callable[[Sequence[str], datetime], None]


def forgetting(
    process: Process[Any],
    *publishers: Publisher[Any],
    margin: timedelta = timedelta(0),
    too: ForgetToo = lambda keys, before: None,
) -> Callable[[], Coroutine[Any, Any, None]]:
    """Return a task that forgets, hour by hour, what is older than the settings say.

    Entries go once they are ``keep_data_days`` and ``margin`` old and every follower has kept
    them; while nobody follows a log, nobody is known to have it and nothing goes. ``too`` is
    called at every look, with the keys of what goes. Log files go by ``keep_logs_days``.
    """
    settings = process.settings
    keep = timedelta(days=settings.keep_data_days) + margin

    async def forget() -> None:
        await asyncio.sleep(FIRST_SECONDS)
        while True:
            _forget_lines(process)
            for publisher in publishers:
                _forget_entries(publisher, process.clock.now() - keep, too)
            await asyncio.sleep(PERIOD_SECONDS)

    return forget


def _forget_lines(process: Process[Any]) -> None:
    logs.forget(
        Path(process.settings.log_dir),
        process.name,
        timedelta(days=process.settings.keep_logs_days),
        now=process.clock.now(),
        files_now=SystemClock().now(),
    )


def _forget_entries(publisher: Publisher[Any], before: datetime, too: ForgetToo) -> None:
    try:
        keys = publisher.forget(before, AT_ONCE, too)
    except StorageFailed as error:
        # Nobody waits for this.
        logger.warning("old entries stay error=%s", error)
        return
    if keys:
        logger.info("old entries forgotten count=%d last=%s", len(keys), keys[-1])
