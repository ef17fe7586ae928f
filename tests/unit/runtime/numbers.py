"""A link that carries numbers, and a sender and a receiver to test it with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import msgspec

from autoscalper.runtime.clock import Clock, SystemClock
from autoscalper.runtime.follower import Follower
from autoscalper.runtime.link import Entry, Link
from autoscalper.runtime.log import Log
from autoscalper.runtime.publisher import Publisher
from autoscalper.runtime.store import Store

SCHEMA = "CREATE TABLE IF NOT EXISTS taken (value INTEGER PRIMARY KEY) WITHOUT ROWID;"


class Number(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The only message of the link."""

    value: int


NUMBERS: Link[Number] = Link("tests_to_tests", msgspec.msgpack.Decoder(Number))


def log_in(store: Store) -> Log[Number]:
    return Log(store, NUMBERS, SystemClock())


def append(log: Log[Number], values: Iterable[int]) -> None:
    with log.store.transaction():
        for value in values:
            log.append(str(value), Number(value=value))


def follower_in(store: Store, address: str, clock: Clock | None = None) -> Follower[Number]:
    return Follower(NUMBERS, address, store, clock or SystemClock())


@asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run ``work`` beside the body, and stop it afterwards."""
    task = asyncio.create_task(work)
    # A coroutine that never began does not clean up either.
    await asyncio.sleep(0)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def publishing(log: Log[Number], address: str) -> AsyncIterator[Publisher[Number]]:
    publisher = Publisher(log, address, SystemClock())
    async with running(publisher.publish()):
        yield publisher


async def take(follower: Follower[Number], last: int) -> list[int]:
    """Return the values that come, up to ``last``, without keeping the cursor."""
    values: list[int] = []
    async with aclosing(_batches(follower)) as batches:
        async for batch in batches:
            values += [entry.message.value for entry in batch]
            if last in values:
                return values
    raise AssertionError("a follower ended by itself")


async def take_and_keep(follower: Follower[Number], store: Store, last: int) -> list[int]:
    """Return the values that come, at least up to ``last``; each is kept once.

    A sender that goes on may have put more into the batch that brings ``last``.
    """
    values: list[int] = []
    async with aclosing(_batches(follower)) as batches:
        async for batch in batches:
            values += _keep(follower, store, batch)
            if batch[-1].message.value >= last:
                return values
    raise AssertionError("a follower ended by itself")


def _keep(follower: Follower[Number], store: Store, batch: list[Entry[Number]]) -> list[int]:
    fresh = []
    with store.transaction():
        for entry in batch:
            value = entry.message.value
            if store.execute("INSERT OR IGNORE INTO taken VALUES (?)", (value,)).rowcount:
                fresh.append(value)
        follower.keep(batch)
    return fresh


async def _batches(follower: Follower[Number]) -> AsyncGenerator[list[Entry[Number]], None]:
    async with asyncio.timeout(30), aclosing(follower.batches()) as batches:
        async for batch in batches:
            yield batch
