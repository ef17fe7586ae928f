"""Start the broker: signals in, orders out.

``python -m autoscalper.broker paper`` is the same for the channels on paper: beside the real one,
with a store of its own, at the simulator and nowhere else.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import sys
from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from autoscalper.broker import journal, standing
from autoscalper.broker.book import Book
from autoscalper.broker.desk import Desk
from autoscalper.broker.ib_client import IbClient
from autoscalper.broker.journal import Journal
from autoscalper.domain import profiles
from autoscalper.domain.settings import BY_PROCESS, BrokerSettings, contradictions
from autoscalper.links import alert_to_broker, any_to_alert, broker_to_alert, parser_to_broker
from autoscalper.runtime import config_file
from autoscalper.runtime.errors import SettingsInvalid
from autoscalper.runtime.follower import Follower
from autoscalper.runtime.heartbeat import beating
from autoscalper.runtime.log import Log
from autoscalper.runtime.process import Process
from autoscalper.runtime.publisher import Publisher
from autoscalper.runtime.retention import forgetting
from autoscalper.runtime.service import run, serve
from autoscalper.runtime.store import Store

logger = logging.getLogger(__name__)

#: Seconds between two states that are left for alert.
STATUS_SECONDS = 1.0


async def broker(name: str = broker_to_alert.BROKER) -> None:
    """Hold the gateway, follow the parser and decide, until told to stop."""
    is_paper = name == broker_to_alert.PAPER
    settings, channels = _read_config(is_paper=is_paper)
    process = Process(name, settings)
    store = Store(process.store_path, durable=True, schema=journal.SCHEMA)
    told = any_to_alert.FROM_PAPER if is_paper else any_to_alert.FROM_BROKER
    notices = Log(store, told, process.clock)
    memory = Journal(store, notices)
    book = Book(settings, channels, is_paper=is_paper)
    memory.load(book, process.clock.now())
    desk = Desk(book, store, memory, process.clock)
    gateway = IbClient(settings, desk.hear)
    link = parser_to_broker.LINK
    signals = Follower(link, process.address(link.name), store, process.clock)
    operator = alert_to_broker.LINK
    wishes = Follower(operator, process.address(operator.name), store, process.clock)
    publisher = Publisher(notices, process.address(told.name), process.clock)

    async def decide() -> None:
        await desk.decide_for(gateway)

    async def follow() -> None:
        await desk.follow(signals, gateway)

    async def obey() -> None:
        await desk.obey(wishes, gateway)

    logger.info(
        "%s ready open_trades=%s waiting=%s", name, len(book.open_trades()), len(book.waiting)
    )
    await serve(
        decide,
        follow,
        obey,
        leaving_status(book, process),
        desk.tick,
        desk.settle,
        gateway.connect_for_ever,
        publisher.publish,
        forgetting(process, publisher),
        beating(name, process.run_dir, process.clock, details_of(desk, signals)),
    )


def details_of(
    desk: Desk, signals: Follower[parser_to_broker.Message]
) -> Callable[[], dict[str, str]]:
    """Return what looks how the broker stands, for its heartbeat."""
    book = desk.book

    def details() -> dict[str, str]:
        return {
            "state": book.phase.value,
            "open_trades": str(len(book.open_trades())),
            "waiting": str(len(book.waiting)),
            "backlog": str(desk.backlog),
            "signals_behind": str(max(0, signals.head - signals.received)),
        }

    return details


def leaving_status(book: Book, process: Process[BrokerSettings]) -> Callable[[], Awaitable[None]]:
    """Return a task that leaves for alert how the broker stands."""

    async def leave_status() -> None:
        while True:
            status = standing.status_of(book, process.clock.now())
            broker_to_alert.leave(process.run_dir, status, process.name)
            await asyncio.sleep(STATUS_SECONDS)

    return leave_status


def _read_config(*, is_paper: bool) -> tuple[BrokerSettings, profiles.Profiles]:
    settings, tables = config_file.load(
        BrokerSettings,
        profiles.FORMS,
        known=BY_PROCESS.values(),
        contradictions=contradictions,
        table_contradictions=profiles.problems,
    )
    if is_paper:
        # Whatever is set: the simulator on this machine, and the simulator's account.
        settings = replace(settings, dry_run=True)
        if not settings.simulator_account.startswith("D"):
            problem = f"SIMULATOR_ACCOUNT is {settings.simulator_account}, expected D and a number"
            raise SettingsInvalid([problem])
    return settings, profiles.profiles_of(tables)


if __name__ == "__main__":
    sys.exit(run(functools.partial(broker, *sys.argv[1:2])))
