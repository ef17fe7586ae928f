"""Ingest, as a process, in a storm: whatever happens to it, the log holds what was written."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest

from autoscalper.links.ingest_to_parser import LINK, PostDeleted, PostEdited, PostPublished
from tests.fakes.discord_server import DiscordServer
from tests.fakes.discord_server.rest import Trouble
from tests.fakes.home import Home, a_home, until

#: Ingest in a hurry: what takes minutes in earnest takes seconds.
_IN_A_HURRY = """
import functools
import runpy
from autoscalper.ingest import discord_catch_up, discord_client
from autoscalper.ingest.discord_history import History
from autoscalper.ingest.discord_patience import Patience

patience = Patience(
    silence_seconds=1.5,
    reconnect_seconds=1.0,
    max_connects_per_minute=1000,
    max_logins=100_000,
    check_seconds=0.5,
    check_grace_seconds=0.5,
    retry_seconds=0.05,
    max_retry_seconds=0.5,
)
discord_client.DiscordClient = functools.partial(discord_client.DiscordClient, patience=patience)
"""
#: A connection that is back is taken for complete.
_WITHOUT_BACKFILL = """
async def nothing(fetch, channel_id, watermark):
    return History(messages=())

discord_catch_up.fetch_since = nothing
"""
_RUN = """
runpy.run_module("autoscalper.ingest", run_name="__main__")
"""


@pytest.fixture
def home() -> Iterator[Home]:
    with a_home() as home:
        yield home


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(heartbeat_seconds=0.5) as started:
        yield started


@dataclass
class Kept:
    """What the log holds: the ids of each channel in order, and each message's texts in order."""

    order: dict[str, list[int]] = field(default_factory=dict)
    texts: dict[str, list[str]] = field(default_factory=dict)
    deletions: int = 0


class Storm:
    """Writes into the stand-in, breaks it, and kills ingest, by the dice of one seed."""

    def __init__(self, server: DiscordServer, home: Home, sabotage: str = "") -> None:
        self._server = server
        self._home = home
        self._script = _IN_A_HURRY + sabotage + _RUN
        self._dice = random.Random(7)
        self._calm = asyncio.Event()
        self.written: dict[str, list[str]] = {}
        self.weather: dict[str, int] = {}
        home.environment |= server.environment

    async def start(self) -> None:
        await asyncio.to_thread(self._start)
        # Read once each: what is written from now on must be in the log.
        asked = self._server.rest.asked
        await until(lambda: len(asked) > len(self._server.channels), "the channels to be read")

    async def write(self, count: int) -> None:
        """Write ``count`` posts and edit some, in bursts, while the weather is bad."""
        for number in range(count):
            channel = self._dice.choice(self._server.channels)
            text = f"post {number}"
            message = await self._server.post(text, channel=channel)
            self.written[message.id] = [text]
            if self._dice.random() < 0.15:
                await self._edit_a_recent_one(number)
            await asyncio.sleep(self._dice.expovariate(1.0) * 0.02)
        self._calm.set()

    async def rage(self) -> None:
        """Break something every now and then until everything is written."""
        while not self._calm.is_set():
            name = self._dice.choice(sorted(self._faults))
            self.weather[name] = self.weather.get(name, 0) + 1
            await self._faults[name](self)
            await asyncio.sleep(self._dice.uniform(0.05, 1.2))

    async def settle(self, seconds: float) -> bool:
        """Wait until the log holds the newest text of everything; return whether it came."""
        deadline = asyncio.get_running_loop().time() + seconds
        newest = {message_id: texts[-1] for message_id, texts in self.written.items()}
        while newest != {each: texts[-1] for each, texts in self.kept().texts.items()}:
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(0.25)
        return True

    def kept(self) -> Kept:
        """Read the log."""
        kept = Kept()
        connection = sqlite3.connect(f"file:{self._home.data_dir}/ingest.db?mode=ro", uri=True)
        rows = connection.execute(
            "SELECT payload FROM entries WHERE log = ? ORDER BY position", (LINK.name,)
        ).fetchall()
        connection.close()
        for (payload,) in rows:
            match LINK.decode(payload):
                case PostPublished(post=post):
                    kept.order.setdefault(post.channel_id, []).append(int(post.message_id))
                    kept.texts.setdefault(post.message_id, []).append(post.text)
                case PostEdited(post=post):
                    kept.texts[post.message_id].append(post.text)
                case PostDeleted():
                    kept.deletions += 1
        return kept

    async def _edit_a_recent_one(self, number: int) -> None:
        message_id = self._dice.choice(list(self.written)[-20:])
        text = f"{self.written[message_id][0]}, edited at {number}"
        await self._server.edit(message_id, text)
        self.written[message_id].append(text)

    def _start(self) -> None:
        self._home.running["ingest"] = subprocess.Popen(
            [sys.executable, "-c", self._script],
            env=self._home.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    async def _kill_ingest(self) -> None:
        await asyncio.to_thread(self._home.kill, "ingest")
        await asyncio.sleep(self._dice.uniform(0.0, 0.5))
        await asyncio.to_thread(self._start)

    async def _drop(self) -> None:
        await self._server.gateway.drop(self._dice.choice([None, 1000, 1001, 4000, 4009]))

    async def _ask_to_reconnect(self) -> None:
        await self._server.gateway.send_op(7)

    async def _invalidate(self) -> None:
        self._server.gateway.forget_sessions()
        await self._server.gateway.send_op(9, False)

    async def _forget(self) -> None:
        self._server.gateway.forget_sessions()
        await self._server.gateway.drop()

    async def _hang(self) -> None:
        self._server.gateway.silence()

    async def _deafen(self) -> None:
        self._server.gateway.deafen()

    async def _restart(self) -> None:
        self._server.gateway.forget_sessions()
        await self._server.go_away()
        await asyncio.sleep(self._dice.uniform(0.1, 1.5))
        await self._server.come_back()

    async def _garble(self) -> None:
        await self._server.gateway.send_garbage()

    async def _trouble(self) -> None:
        self._server.rest.trouble = Trouble(self._dice.choice([500, 429]), 1, retry_after=0.3)

    _faults = {
        "kill": _kill_ingest,
        "drop": _drop,
        "reconnect": _ask_to_reconnect,
        "invalidate": _invalidate,
        "forget": _forget,
        "hang": _hang,
        "deafen": _deafen,
        "restart": _restart,
        "garble": _garble,
        "trouble": _trouble,
    }


async def strike(storm: Storm, posts: int) -> None:
    await storm.start()
    async with asyncio.TaskGroup() as group:
        group.create_task(storm.write(posts))
        group.create_task(storm.rage())


def is_subsequence(part: list[str], whole: list[str]) -> bool:
    rest = iter(whole)
    return all(each in rest for each in part)


@pytest.mark.timeout(300)
async def test_two_thousand_posts_in_a_storm_are_each_in_the_log_once_and_in_order(
    server: DiscordServer, home: Home
) -> None:
    storm = Storm(server, home)
    await strike(storm, 2000)
    assert await storm.settle(90), "posts are missing"
    kept = storm.kept()
    assert {"kill", "hang", "deafen", "invalidate", "restart"} <= set(storm.weather)
    assert sorted(kept.texts) == sorted(storm.written)
    assert kept.deletions == 0
    for ids in kept.order.values():
        assert ids == sorted(set(ids))
    for message_id, texts in kept.texts.items():
        assert is_subsequence(texts, storm.written[message_id])
    home.terminate("ingest")


@pytest.mark.timeout(300)
async def test_the_storm_tells_an_ingest_without_backfill(
    server: DiscordServer, home: Home
) -> None:
    storm = Storm(server, home, sabotage=_WITHOUT_BACKFILL)
    await storm.start()
    async with asyncio.TaskGroup() as group:
        group.create_task(storm.write(300))
        group.create_task(storm.rage())
    assert not await storm.settle(15)
    assert len(storm.kept().texts) < len(storm.written)
