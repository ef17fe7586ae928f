"""Start alert: notices in, one readable line each out."""

from __future__ import annotations

import logging
import sys
from collections.abc import Awaitable, Callable

from autoscalper.alert import shelf
from autoscalper.alert.shelf import Shelf
from autoscalper.domain.settings import BY_PROCESS, AlertSettings, contradictions
from autoscalper.links import any_to_alert
from autoscalper.runtime import config, crashpoints
from autoscalper.runtime.follower import Follower
from autoscalper.runtime.heartbeat import beating
from autoscalper.runtime.process import Process
from autoscalper.runtime.service import run, serve
from autoscalper.runtime.store import Store

logger = logging.getLogger(__name__)

_LINKS = (any_to_alert.FROM_INGEST, any_to_alert.FROM_PARSER, any_to_alert.FROM_BROKER)


async def alert() -> None:
    """Keep and say what the other processes have to tell, until told to stop."""
    settings = config.load(AlertSettings, known=BY_PROCESS.values(), contradictions=contradictions)
    process = Process("alert", settings)
    store = Store(process.store_path, durable=False, schema=shelf.SCHEMA)
    kept = Shelf(store)
    followers = [
        Follower(link, process.address(link.name), store, process.clock) for link in _LINKS
    ]

    def details() -> dict[str, str]:
        waiting = sum(max(0, each.head - each.received) for each in followers)
        return {"outcomes": str(kept.outcomes), "waiting": str(waiting)}

    logger.info("alert ready outcomes=%s", kept.outcomes)
    await serve(
        *(following(each, kept, store) for each in followers),
        beating("alert", process.run_dir, process.clock, details),
    )


def following(
    notices: Follower[any_to_alert.Message], kept: Shelf, store: Store
) -> Callable[[], Awaitable[None]]:
    """Return a task that keeps what comes from one sender."""

    async def keep_notices() -> None:
        async for batch in notices.batches():
            with store.transaction():
                for entry in batch:
                    kept.take(entry.message)
                notices.keep(batch)
                crashpoints.reach("alert-before-commit")
            crashpoints.reach("alert-after-commit")

    return keep_notices


if __name__ == "__main__":
    sys.exit(run(alert))
