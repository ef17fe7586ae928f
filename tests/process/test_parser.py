from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from typing import TypeVar

import pytest

from autoscalper.domain.instruction import CloseTrade, OpenTrade
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.ingest import post_log
from autoscalper.ingest.post_log import PostLog
from autoscalper.links import any_to_alert, ingest_to_parser, parser_to_broker
from autoscalper.links.any_to_alert import OutcomeDecided
from autoscalper.links.parser_to_broker import SignalIssued, TickerMentioned
from autoscalper.runtime.follower import Follower
from autoscalper.runtime.link import Link
from autoscalper.runtime.publisher import Publisher
from autoscalper.runtime.store import Store
from tests.fakes.home import Home, a_home, until
from tests.fakes.posts import FixedClock, a_post

M = TypeVar("M")

ENTRY, CHATTER, EXIT = "BTO IWM 210c 0.88", "good morning everyone", "all out of IWM"


@pytest.fixture
def home() -> Iterator[Home]:
    with a_home() as home:
        yield home


@asynccontextmanager
async def ingest_in_this_process(home: Home) -> AsyncIterator[PostLog]:
    """Publish a log as ingest does, from a store of its own."""
    store = Store(home.data_dir / "posts.db", durable=False, schema=post_log.SCHEMA)
    posts = PostLog(store, FixedClock())
    address = f"ipc://{home.run_dir}/{ingest_to_parser.LINK.name}.ipc"
    publisher = Publisher(posts.log, address, FixedClock())
    with closing(store):
        async with asyncio.TaskGroup() as group:
            publishing = group.create_task(publisher.publish())
            yield posts
            publishing.cancel()


async def heard(home: Home, link: Link[M], count: int) -> list[M]:
    """Return the first ``count`` messages of one of parser's logs."""
    store = Store(home.data_dir / f"{link.name}.db", durable=False)
    messages: list[M] = []
    address = f"ipc://{home.run_dir}/{link.name}.ipc"
    async with asyncio.timeout(20):
        async for batch in Follower(link, address, store, FixedClock()).batches():
            messages += [entry.message for entry in batch]
            if len(messages) >= count:
                break
    store.close()
    return messages


async def test_an_entry_reaches_the_broker_and_chatter_the_user(home: Home) -> None:
    async with ingest_in_this_process(home) as posts:
        home.start("parser")
        posts.publish(a_post(ENTRY, message_id="1"))
        posts.publish(a_post(CHATTER, message_id="2"))
        posts.publish(a_post(EXIT, message_id="3"))
        entry, exit_ = await heard(home, parser_to_broker.LINK, 2)
        (chatter,) = await heard(home, any_to_alert.FROM_PARSER, 1)
    assert isinstance(entry, SignalIssued)
    assert isinstance(exit_, SignalIssued)
    assert isinstance(entry.instruction, OpenTrade)
    assert str(entry.instruction.contract) == "IWM 210C"
    assert isinstance(exit_.instruction, CloseTrade)
    assert isinstance(chatter, OutcomeDecided)
    assert (chatter.post_id, chatter.outcome.kind) == ("2.1", OutcomeKind.IGNORED)


async def test_a_kill_at_any_moment_leaves_one_answer_for_each_post(home: Home) -> None:
    posts_in_all = 120
    async with ingest_in_this_process(home) as posts:
        for number in range(posts_in_all):
            if number % 30 == 0:
                home.start("parser")
            text = ENTRY if number % 2 else CHATTER
            posts.publish(a_post(text, message_id=str(number)))
            await asyncio.sleep(0)
            if number % 30 == 29:
                home.kill("parser")
        home.start("parser")
        signals = await heard(home, parser_to_broker.LINK, posts_in_all // 2)
        outcomes = await heard(home, any_to_alert.FROM_PARSER, posts_in_all // 2)
    answered = [str(each.signal_id) for each in signals if not isinstance(each, TickerMentioned)]
    answered += [each.post_id for each in outcomes if isinstance(each, OutcomeDecided)]
    assert sorted(answered) == sorted(f"{number}.1" for number in range(posts_in_all))


async def test_a_restart_goes_on_behind_the_last_answer(home: Home) -> None:
    async with ingest_in_this_process(home) as posts:
        home.start("parser")
        for number in range(3):
            posts.publish(a_post(ENTRY, message_id=str(number)))
        await heard(home, parser_to_broker.LINK, 3)
        home.kill("parser")
        home.start("parser")
    assert "parser ready posts=3 signals=3" in home.output("parser")


@pytest.mark.parametrize("point", ["parser-before-commit", "parser-after-commit"])
async def test_a_death_around_the_commit_of_an_answer_leaves_one_answer(
    home: Home, point: str
) -> None:
    async with ingest_in_this_process(home) as posts:
        home.arm(point)
        home.start("parser")
        posts.publish(a_post(ENTRY, message_id="1"))
        await until(lambda: home.has_died("parser"), "parser to die")
        home.start("parser")
        posts.publish(a_post(EXIT, message_id="2"))
        signals = await heard(home, parser_to_broker.LINK, 2)
    ids = [each.signal_id for each in signals if not isinstance(each, TickerMentioned)]
    assert ids == ["1.1", "2.1"]


def test_a_stop_is_clean(home: Home) -> None:
    home.start("parser")
    assert home.terminate("parser") == 0
