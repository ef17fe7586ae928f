"""Start alert: notices in, one readable line each out, and the user's chat where there is one."""

from __future__ import annotations

import logging
import sys
from collections.abc import Awaitable, Callable

from autoscalper.alert import confirmations, outbox, shelf, stories, watch
from autoscalper.alert.keeper import Keeper
from autoscalper.alert.shelf import Shelf
from autoscalper.alert.stories import Stories
from autoscalper.domain.settings import BY_PROCESS, AlertSettings, contradictions
from autoscalper.links import alert_to_broker, any_to_alert
from autoscalper.runtime import config
from autoscalper.runtime.follower import Follower
from autoscalper.runtime.heartbeat import beating
from autoscalper.runtime.log import Log
from autoscalper.runtime.process import Process
from autoscalper.runtime.publisher import Publisher
from autoscalper.runtime.retention import forgetting
from autoscalper.runtime.service import run, serve
from autoscalper.runtime.store import Store

logger = logging.getLogger(__name__)

_LINKS = (any_to_alert.FROM_INGEST, any_to_alert.FROM_PARSER, any_to_alert.FROM_BROKER)
_SCHEMA = shelf.SCHEMA + stories.SCHEMA + outbox.SCHEMA + confirmations.SCHEMA + watch.SCHEMA


async def alert() -> None:
    """Keep and say what the other processes have to tell, until told to stop."""
    settings = config.load(AlertSettings, known=BY_PROCESS.values(), contradictions=contradictions)
    process = Process("alert", settings)
    store = Store(process.store_path, durable=False, schema=_SCHEMA)
    kept, told = Shelf(store), Stories(store)
    links = (*_LINKS, any_to_alert.FROM_PAPER) if settings.paper_autostart else _LINKS
    followers = [Follower(link, process.address(link.name), store, process.clock) for link in links]
    commands = Log(store, alert_to_broker.LINK, process.clock)
    address = process.address(alert_to_broker.LINK.name)
    publisher = Publisher(commands, address, process.clock, at_once=True)
    tasks: list[Callable[[], Awaitable[None]]] = []
    chat_details: Callable[[], dict[str, str]] = dict
    keeper = Keeper(store, kept, told)
    if settings.telegram_enabled:
        # Only now: the library takes 20 MB.
        from autoscalper.alert.telegram import Telegram

        telegram = Telegram(process, store, kept, told, commands)
        keeper.news, tasks, chat_details = telegram.news, telegram.tasks(), telegram.details

    def details() -> dict[str, str]:
        waiting = sum(max(0, each.head - each.received) for each in followers)
        return {"outcomes": str(kept.outcomes), "waiting": str(waiting), **chat_details()}

    logger.info("alert ready outcomes=%s telegram=%s", kept.outcomes, settings.telegram_enabled)
    await serve(
        *(keeper.following(each) for each in followers),
        *tasks,
        publisher.publish,
        forgetting(process, publisher),
        beating("alert", process.run_dir, process.clock, details),
    )


if __name__ == "__main__":
    sys.exit(run(alert))
