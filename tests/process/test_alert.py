from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from autoscalper.cli.outcomes import Outcomes
from autoscalper.domain.identity import MessageId
from autoscalper.links import any_to_alert
from autoscalper.links.any_to_alert import Level, Reported
from autoscalper.runtime.link import Link
from autoscalper.runtime.log import Log
from autoscalper.runtime.publisher import Publisher
from autoscalper.runtime.store import Store
from tests.fakes.home import Home, a_home, until
from tests.fakes.posts import NINE_FORTY_FIVE, FixedClock, an_outcome

SENDERS = (any_to_alert.FROM_INGEST, any_to_alert.FROM_PARSER, any_to_alert.FROM_BROKER)


@pytest.fixture
def home() -> Iterator[Home]:
    with a_home() as home:
        yield home


class Sender:
    """One log of notices, as ingest, parser and broker have it."""

    def __init__(self, home: Home, link: Link[any_to_alert.Message]) -> None:
        self.store = Store(home.data_dir / f"{link.name}.db", durable=False)
        self.log = Log(self.store, link, FixedClock())
        address = f"ipc://{home.run_dir}/{link.name}.ipc"
        self.publisher = Publisher(self.log, address, FixedClock())

    def tell(self, key: str, notice: any_to_alert.Message) -> None:
        with self.store.transaction():
            self.log.append(key, notice)


@asynccontextmanager
async def senders(home: Home) -> AsyncIterator[list[Sender]]:
    all_senders = [Sender(home, link) for link in SENDERS]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each.publisher.publish()) for each in all_senders]
            yield all_senders
            for task in tasks:
                task.cancel()
    finally:
        for sender in all_senders:
            sender.store.close()


def outcome(number: int) -> any_to_alert.OutcomeDecided:
    message_id = MessageId(f"m{number}")
    return an_outcome(post_id=f"{message_id}.1", message_id=message_id, text=f"post {number} end")


async def test_every_sender_is_heard_and_every_notice_is_a_line(home: Home) -> None:
    outcomes = Outcomes(home.data_dir / "alert.db")
    async with senders(home) as (ingest, parser, broker):
        home.start("alert")
        text = "Discord refused the token"
        report = Reported(level=Level.CRITICAL, text=text, reported_at=NINE_FORTY_FIVE)
        ingest.tell("login", report)
        parser.tell("m1.1", outcome(1))
        broker.tell("m2.1", outcome(2))
        await until(lambda: text in home.output("alert"), "the report")
        await until(lambda: len(outcomes.all()) == 2, "two outcomes")
    outcomes.close()
    lines = home.output("alert").splitlines()
    assert sum("CRITICAL alert" in line and text in line for line in lines) == 1
    assert [sum(f"post {number} end" in line for line in lines) for number in (1, 2)] == [1, 1]


async def test_a_kill_at_any_moment_leaves_one_outcome_for_each_post(home: Home) -> None:
    outcomes_in_all = 200
    outcomes = Outcomes(home.data_dir / "alert.db")
    async with senders(home) as (_, parser, broker):
        for number in range(outcomes_in_all):
            if number % 50 == 0:
                home.start("alert")
            sender = broker if number % 2 else parser
            sender.tell(f"m{number}.1", outcome(number))
            await asyncio.sleep(0)
            if number % 50 == 49:
                home.kill("alert")
        home.start("alert")
        await until(lambda: len(outcomes.all()) == outcomes_in_all, "all outcomes")
    found = sorted(each.decided.message_id for each in outcomes.all())
    outcomes.close()
    assert found == sorted(f"m{number}" for number in range(outcomes_in_all))


def test_a_stop_is_clean(home: Home) -> None:
    home.start("alert")
    assert home.terminate("alert") == 0
