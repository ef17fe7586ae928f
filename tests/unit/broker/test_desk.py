"""The order of things: heard, decided, kept, and only then done."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest

from autoscalper.broker import journal
from autoscalper.broker.book import Book
from autoscalper.broker.commands import Command, PlaceOrders
from autoscalper.broker.desk import Desk
from autoscalper.broker.events import GatewayConnected, SignalArrived
from autoscalper.broker.journal import Journal
from autoscalper.links import any_to_alert
from autoscalper.links.parser_to_broker import SignalIssued
from autoscalper.runtime.errors import StorageFailed
from autoscalper.runtime.log import Log
from autoscalper.runtime.store import Store
from tests.unit.broker.model_gateway import ModelGateway
from tests.unit.broker.story import MORNING, SETTINGS, Story, entry


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "broker.db", durable=True, schema=journal.SCHEMA)
    yield store
    store.close()


class StandingClock:
    """A Friday morning that does not end."""

    def now(self) -> datetime:
        return MORNING

    def monotonic(self) -> float:
        return 0.0


class Watching:
    """A gateway that notes what is on disk when an order reaches it."""

    def __init__(self, desk: Desk, store: Store) -> None:
        self.model = ModelGateway()
        self.on_disk: list[tuple[str, bool]] = []
        self.has_orders = asyncio.Event()
        self._desk = desk
        self._store = store

    def carry_out(self, command: Command) -> None:
        if isinstance(command, PlaceOrders):
            for order in command.orders:
                row = self._store.execute(
                    "SELECT 1 FROM orders WHERE client_order_id = ?", (order.client_order_id,)
                ).fetchone()
                self.on_disk.append((order.client_order_id, row is not None))
            self.has_orders.set()
        self.model.now = StandingClock().now()
        self.model.inbox.append(command)
        self.model.take_in()
        said, self.model.outbox = self.model.outbox, []
        for event in said:
            self._desk.hear(event)


def a_signal() -> SignalIssued:
    story = Story()
    heard: list[object] = []
    story.tell = heard.append  # type: ignore[assignment, method-assign]
    story.post(entry())
    (signal,) = heard
    assert isinstance(signal, SignalIssued)
    return signal


async def test_an_order_reaches_the_gateway_after_its_intent_is_on_disk(store: Store) -> None:
    clock = StandingClock()
    memory = Journal(store, Log(store, any_to_alert.FROM_BROKER, clock))
    desk = Desk(Book(SETTINGS), store, memory, clock)
    gateway = Watching(desk, store)
    desk.hear(GatewayConnected(account="DU1234567"))
    desk.hear(SignalArrived(message=a_signal()))
    working = asyncio.gather(desk.decide_for(gateway), desk.tick())
    async with asyncio.timeout(10):
        await gateway.has_orders.wait()
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working
    assert [kept for _, kept in gateway.on_disk] == [True, True, True, True]


async def test_what_cannot_be_kept_is_not_done(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = StandingClock()
    memory = Journal(store, Log(store, any_to_alert.FROM_BROKER, clock))
    desk = Desk(Book(SETTINGS), store, memory, clock)
    gateway = Watching(desk, store)

    def full(_: object) -> None:
        raise StorageFailed("the disk is full")

    monkeypatch.setattr(memory, "keep", full)
    desk.hear(SignalArrived(message=a_signal()))
    with pytest.raises(StorageFailed):
        await desk.decide_for(gateway)
    assert not gateway.on_disk
    assert not gateway.model.inbox
