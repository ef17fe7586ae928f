"""The whole way: from a frame at the Discord stand-in's socket to the order at the gateway."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench import figures, stamps
from tests.bench.figures import Series
from tests.bench.ground import Ground, Written, a_ground, entry, exit_of
from tests.bench.paced import CONTRACTS
from tests.fakes.discord_server import DiscordServer

_PAUSE_SECONDS = 0.2


class Discord:
    """The stand-in, in a thread of its own."""

    def __init__(self) -> None:
        self.server = DiscordServer()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def start(self) -> None:
        """Listen."""
        self._thread.start()
        self._do(self.server.start())

    def stop(self) -> None:
        """Listen no more."""
        self._do(self.server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def write(self, ground: Ground, post: Written) -> str:
        """Have a post written now and return its id; the time is taken before the frame."""
        return str(asyncio.run_coroutine_threadsafe(self._write(ground, post), self._loop).result())

    async def _write(self, ground: Ground, post: Written) -> str:
        now = ground.clock.now()
        message = await self.server.post(post.text, at=now)
        ground.handed[f"{message.id}.1"] = now
        return str(message.id)

    def _do(self, work: object) -> None:
        assert asyncio.iscoroutine(work)
        asyncio.run_coroutine_threadsafe(work, self._loop).result()


@contextmanager
def a_discord() -> Iterator[Discord]:
    """Run the stand-in."""
    discord = Discord()
    discord.start()
    try:
        yield discord
    finally:
        discord.stop()


def measure(entries: int) -> Series:
    """Return the series of ``entries`` posts through Discord's client library."""
    with a_discord() as discord, a_ground(discord.server.environment) as ground:
        ground.quote(CONTRACTS)
        asked = discord.server.rest.asked
        wanted = len(discord.server.channels)
        ground.until(lambda: asked.total() > wanted, "ingest to read the channels")
        ids = [_round(ground, discord, number) for number in range(-len(CONTRACTS), entries)]
        time.sleep(1)
        ledger = ground.market.ask("ledger")["orders"]
        handed = {f"{each}.1": ground.handed[f"{each}.1"] for each in ids[len(CONTRACTS) :]}
        ways = stamps.ways(ground.data_dir, ledger, handed, {})
    took = figures.between(list(ways.values()), stamps.POINTS[0], stamps.WHOLE)
    return Series(
        name="from Discord's frame",
        order=figures.spread(took),
        stages=figures.stages(list(ways.values())),
        more={} if len(took) == entries else {"posts without an order": entries - len(took)},
    )


def _round(ground: Ground, discord: Discord, number: int) -> str:
    contract = CONTRACTS[number % len(CONTRACTS)]
    # One author writes them all, so each has its own price: the same again would be a repost.
    bought = entry("", contract)
    text = bought.text.replace("1.00", f"1.{number // len(CONTRACTS) % 50:02}")
    message_id = discord.write(ground, Written(message_id="", author="", text=text))
    time.sleep(_PAUSE_SECONDS)
    discord.write(ground, exit_of(bought, contract))
    time.sleep(_PAUSE_SECONDS)
    return message_id
