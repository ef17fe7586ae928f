"""The order of things in the broker: hear, decide, keep, and only then act."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol, TypeVar

from autoscalper.broker.book import Book
from autoscalper.broker.commands import Command, places
from autoscalper.broker.core import decide_all, decide_signals
from autoscalper.broker.events import (
    ClockTicked,
    CommandArrived,
    Event,
    QuoteChanged,
    SignalArrived,
)
from autoscalper.broker.journal import Journal
from autoscalper.links import alert_to_broker, parser_to_broker
from autoscalper.runtime import crashpoints
from autoscalper.runtime.afterwards import afterwards
from autoscalper.runtime.clock import Clock
from autoscalper.runtime.follower import Follower
from autoscalper.runtime.link import Entry
from autoscalper.runtime.store import Store

M = TypeVar("M")

#: Seconds between two looks at what time alone brings about.
TICK_SECONDS = 0.25
#: Seconds after which the disk has what was kept without waiting for it.
SETTLE_SECONDS = 0.5


class Gateway(Protocol):
    """Whoever carries out what was decided."""

    def carry_out(self, commands: Sequence[Command]) -> None:
        """Do all of it now, in this order, or leave it for the next reconciliation."""

    def room(self) -> int:
        """Return how many messages of entries could leave now without waiting."""


class Desk:
    """Takes events one after the other through one transaction each."""

    def __init__(self, book: Book, store: Store, journal: Journal, clock: Clock) -> None:
        """Decide on ``book`` and keep in ``store``."""
        self.book = book
        self._store = store
        self._journal = journal
        self._clock = clock
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        #: Set when people said something: where it came from may have lost it with the same power.
        #: The cancels that an exit begins with do not wait for the disk to have it.
        self._must_last = asyncio.Event()

    def hear(self, event: Event) -> None:
        """Take an event in, to be decided in its turn."""
        is_awaited = self.backlog or self.book.at_hand.undecided
        if isinstance(event, QuoteChanged) and not is_awaited:
            # Nearly all events are such: they change what is known, and call for nothing.
            decide_all(self.book, [event], self._clock.now())
            return
        self._events.put_nowait(event)

    @property
    def backlog(self) -> int:
        """Return how many events wait."""
        return self._events.qsize()

    async def decide_for(self, gateway: Gateway) -> None:
        """Decide event after event; ``gateway`` acts once the decision is on disk."""
        while True:
            batch = [await self._events.get()]
            while not self._events.empty():
                batch.append(self._events.get_nowait())
            self.book.at_hand.room = gateway.room()
            commands = self._keep(batch)
            gateway.carry_out(commands)
            if places(commands):
                afterwards(self._tick)

    async def follow(self, follower: Follower[parser_to_broker.Message], gateway: Gateway) -> None:
        """Decide signals as they come, each with its place in the log in one transaction."""
        async for entries in follower.batches():
            signals = [SignalArrived(message=entry.message) for entry in entries]
            crashpoints.reach("broker-before-signals-commit")
            self.book.at_hand.room = gateway.room()
            decided = decide_signals(self.book, signals, self._clock.now())
            commands = self._keep_entries(follower, entries, decided)
            crashpoints.reach("broker-after-signals-commit")
            gateway.carry_out(commands)
            if not places(commands):
                afterwards(self._must_last.set)
            # For all that was left out, of an order or of other trades.
            afterwards(self._tick)

    async def obey(self, follower: Follower[alert_to_broker.Message], gateway: Gateway) -> None:
        """Decide the operator's commands as they come, in the same way."""
        async for entries in follower.batches():
            given = [CommandArrived(command=entry.message) for entry in entries]
            self.book.at_hand.room = gateway.room()
            decided = decide_all(self.book, given, self._clock.now())
            commands = self._keep_entries(follower, entries, decided)
            gateway.carry_out(commands)
            afterwards(self._tick if places(commands) else self._must_last.set)

    async def tick(self) -> None:
        """Let time be noticed."""
        while True:
            self._tick()
            await asyncio.sleep(TICK_SECONDS)

    async def settle(self) -> None:
        """Bring to the disk what was kept without waiting for it; nothing waits meanwhile."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(SETTLE_SECONDS):
                    await self._must_last.wait()
            self._must_last.clear()
            if not self._store.is_settled:
                await asyncio.to_thread(self._store.settle)

    def _tick(self) -> None:
        self.hear(ClockTicked())

    def _keep(self, batch: list[Event]) -> list[Command]:
        commands = decide_all(self.book, batch, self._clock.now())
        changes = self.book.take_changes()
        if changes.is_empty:
            return commands
        _reach("before", commands)
        with self._store.transaction(durable=places(commands) or changes.must_last):
            self._journal.keep(changes)
        _reach("after", commands)
        return commands

    def _keep_entries(
        self, follower: Follower[M], entries: list[Entry[M]], commands: list[Command]
    ) -> list[Command]:
        _reach("before", commands)
        with self._store.transaction(durable=places(commands)):
            self._journal.keep(self.book.take_changes())
            follower.keep(entries)
        _reach("after", commands)
        return commands


def _reach(moment: str, commands: list[Command]) -> None:
    crashpoints.reach(f"broker-{moment}-commit")
    if places(commands):
        crashpoints.reach(f"broker-{moment}-intent")
