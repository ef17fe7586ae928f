"""The order of things: heard, decided, kept, and only then done."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from autoscalper.broker import desk as broker_desk
from autoscalper.broker import journal
from autoscalper.broker.book import Book
from autoscalper.broker.commands import CancelOrder, Command, PlaceOrders
from autoscalper.broker.desk import Desk
from autoscalper.broker.events import (
    ClockTicked,
    GatewayConnected,
    QuoteChanged,
    SignalArrived,
)
from autoscalper.broker.journal import Journal
from autoscalper.broker.pacing import BOUNDLESS
from autoscalper.broker.records import Changes
from autoscalper.domain.identity import CommandId
from autoscalper.links import alert_to_broker, any_to_alert, parser_to_broker
from autoscalper.links.alert_to_broker import PauseEntries
from autoscalper.links.any_to_alert import CommandAnswered
from autoscalper.links.parser_to_broker import SignalIssued
from autoscalper.runtime.errors import StorageFailed
from autoscalper.runtime.follower import Follower
from autoscalper.runtime.log import Log
from autoscalper.runtime.publisher import Publisher
from autoscalper.runtime.store import Store
from tests.fakes.home import PATIENCE_SECONDS, until
from tests.unit.broker.model_gateway import ModelGateway
from tests.unit.broker.story import CALL, MORNING, SETTINGS, Story, entry

#: What "PRAGMA synchronous" calls it.
FULL = 2


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "broker.db", durable=True, schema=journal.SCHEMA)
    yield store
    store.close()


class StandingClock:
    """A Friday morning that does not end by itself."""

    def __init__(self) -> None:
        self.present = MORNING

    def now(self) -> datetime:
        return self.present

    def monotonic(self) -> float:
        return 0.0


class Watching:
    """A gateway that notes what is on disk when an order reaches it."""

    def __init__(self, desk: Desk, store: Store) -> None:
        self.model = ModelGateway()
        self.on_disk: list[tuple[str, bool]] = []
        self.has_orders = asyncio.Event()
        #: Whether the disk had everything when a cancel came.
        self.settled_at_cancels: list[bool] = []
        self._desk = desk
        self._store = store
        self.free = BOUNDLESS
        self.answers_orders = True

    def room(self) -> int:
        return self.free

    def carry_out(self, commands: Sequence[Command]) -> None:
        for command in commands:
            self._carry_out(command)

    def _carry_out(self, command: Command) -> None:
        if isinstance(command, PlaceOrders):
            for order in command.orders:
                row = self._store.execute(
                    "SELECT 1 FROM orders WHERE client_order_id = ?", (order.client_order_id,)
                ).fetchone()
                self.on_disk.append((order.client_order_id, row is not None))
            self.has_orders.set()
            if not self.answers_orders:
                return
        if isinstance(command, CancelOrder):
            self.settled_at_cancels.append(self._store.is_settled)
        self.model.now = StandingClock().now()
        self.model.inbox.append(command)
        self.model.take_in()
        said, self.model.outbox = self.model.outbox, []
        for event in said:
            self._desk.hear(event)


def read(notices: Log[any_to_alert.Message]) -> list[any_to_alert.Message]:
    return [notices.link.decode(payload) for _, payload in notices.read(0, 99)]


def a_signal() -> SignalIssued:
    return Story().signal(entry())


@asynccontextmanager
async def working(*tasks: Awaitable[None]) -> AsyncIterator[None]:
    running = asyncio.gather(*tasks)
    try:
        yield
    finally:
        await stopped(running)


async def stopped(task: asyncio.Future[Any]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_an_order_reaches_the_gateway_after_its_intent_is_on_disk(store: Store) -> None:
    clock = StandingClock()
    memory = Journal(store, Log(store, any_to_alert.FROM_BROKER, clock))
    desk = Desk(Book(SETTINGS), store, memory, clock)
    gateway = Watching(desk, store)
    desk.hear(GatewayConnected(account="DU1234567"))
    desk.hear(SignalArrived(message=a_signal()))
    async with working(desk.decide_for(gateway), desk.tick()):
        await until(gateway.has_orders.is_set, "an entry")
    assert [kept for _, kept in gateway.on_disk] == [True, True, True, True]


async def test_an_entry_is_not_decided_before_it_could_leave(store: Store) -> None:
    clock = StandingClock()
    memory = Journal(store, Log(store, any_to_alert.FROM_BROKER, clock))
    desk = Desk(Book(SETTINGS), store, memory, clock)
    gateway = Watching(desk, store)
    gateway.free = 3
    desk.hear(GatewayConnected(account="DU1234567"))
    desk.hear(SignalArrived(message=a_signal()))
    async with working(desk.decide_for(gateway), desk.tick()):
        await until(lambda: desk.book.quotes, "the quote")
        desk.hear(ClockTicked())
        await until(lambda: not desk.backlog, "a look at it")
        assert not desk.book.orders
        assert len(desk.book.at_hand.undecided) == 1
        gateway.free = 4
        await until(gateway.has_orders.is_set, "the bracket")
    assert len(gateway.on_disk) == 4


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


async def test_the_disk_is_waited_for_with_intents_and_has_the_rest_soon_after(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[tuple[bool, bool]] = []
    monkeypatch.setattr(broker_desk, "SETTLE_SECONDS", 0.01)
    clock = StandingClock()
    memory = Journal(store, Log(store, any_to_alert.FROM_BROKER, clock))
    keep = memory.keep

    def noting(changes: Changes) -> None:
        (level,) = store.execute("PRAGMA synchronous").fetchone()
        waited.append((level == FULL, bool(changes.heard) or changes.high_water_mark is not None))
        keep(changes)

    monkeypatch.setattr(memory, "keep", noting)
    desk = Desk(Book(SETTINGS), store, memory, clock)
    gateway = Watching(desk, store)
    desk.hear(GatewayConnected(account="DU1234567"))
    desk.hear(SignalArrived(message=a_signal()))
    async with working(desk.decide_for(gateway), desk.tick()):
        await until(gateway.has_orders.is_set, "an entry")
        await until(lambda: not store.is_settled, "a report of it")
        async with working(desk.settle()):
            await until(lambda: store.is_settled, "the disk")
    assert waited
    assert all(is_full == must_last for is_full, must_last in waited)


async def test_the_clock_ticks_only_after_what_a_signal_calls_for_is_on_its_way(
    store: Store, tmp_path: Path
) -> None:
    clock = StandingClock()
    memory = Journal(store, Log(store, any_to_alert.FROM_BROKER, clock))
    desk = Desk(Book(SETTINGS), store, memory, clock)
    gateway = Waiting()
    async with following(desk, gateway, store, tmp_path):
        async with asyncio.timeout(PATIENCE_SECONDS):
            await gateway.has_commands.wait()
        assert desk.backlog == 0
        await until(lambda: desk.backlog == 1, "a tick")


class Waiting:
    """A gateway that does nothing, and says when it is asked to."""

    def __init__(self) -> None:
        self.has_commands = asyncio.Event()

    def room(self) -> int:
        return BOUNDLESS

    def carry_out(self, commands: Sequence[Command]) -> None:
        self.has_commands.set()


@asynccontextmanager
async def following(
    desk: Desk, gateway: Waiting, store: Store, tmp_path: Path
) -> AsyncIterator[None]:
    """Let ``desk`` follow a log that has one signal."""
    sender = Store(tmp_path / "parser.db", durable=False)
    log = Log(sender, parser_to_broker.LINK, StandingClock())
    with sender.transaction():
        log.append("1", a_signal())
    publisher = Publisher(log, "tcp://127.0.0.1:*", StandingClock())
    follower = Follower(parser_to_broker.LINK, publisher.address, store, StandingClock())
    async with working(publisher.publish(), desk.follow(follower, gateway)):
        yield
    sender.close()


PAUSE = PauseEntries(command_id=CommandId("message 7.1"), given_at=MORNING)


class Operator:
    """Alert's half of the link, and the desk that follows it."""

    def __init__(self, store: Store, log: Log[alert_to_broker.Message], address: str) -> None:
        self.log = log
        self.address = address
        self._store = store
        self.clock = StandingClock()
        self.notices = Log(store, any_to_alert.FROM_BROKER, self.clock)
        self.memory = Journal(store, self.notices)
        self.restart()

    def restart(self) -> None:
        """Begin anew with what is on disk, a second later."""
        self.clock.present += timedelta(seconds=1)
        self.book = Book(SETTINGS)
        self.memory.load(self.book, self.clock.now())
        self.desk = Desk(self.book, self._store, self.memory, self.clock)
        self.gateway = Watching(self.desk, self._store)

    def give(self, command: alert_to_broker.Message) -> None:
        with self.log.store.transaction():
            self.log.append(command.command_id, command)

    def obeying(self) -> asyncio.Future[None]:
        follower = Follower(alert_to_broker.LINK, self.address, self._store, StandingClock())
        return asyncio.ensure_future(self.desk.obey(follower, self.gateway))

    def answers(self) -> list[CommandAnswered]:
        return [each for each in read(self.notices) if isinstance(each, CommandAnswered)]

    def cursor(self) -> int:
        query = "SELECT position FROM cursors WHERE log = ?"
        row = self._store.execute(query, (alert_to_broker.LINK.name,)).fetchone()
        return int(row[0]) if row else 0


@asynccontextmanager
async def an_operator(store: Store, tmp_path: Path) -> AsyncIterator[Operator]:
    # Not pytest's own directory: the path of a unix socket must be short.
    short = Path(tempfile.mkdtemp(prefix="as-"))
    sender = Store(tmp_path / "alert.db", durable=False)
    log = Log(sender, alert_to_broker.LINK, StandingClock())
    address = f"ipc://{short}/operator.ipc"
    publishing = asyncio.ensure_future(Publisher(log, address, StandingClock()).publish())
    try:
        yield Operator(store, log, address)
    finally:
        await stopped(publishing)
        sender.close()
        shutil.rmtree(short)


async def test_a_command_is_kept_with_its_place_in_the_log(store: Store, tmp_path: Path) -> None:
    async with an_operator(store, tmp_path) as operator:
        obeying = operator.obeying()
        operator.give(PAUSE)
        await until(operator.answers, "an answer")
        await stopped(obeying)
        assert operator.cursor() == 1
        operator.restart()
        assert operator.book.paused
        assert PAUSE.command_id in operator.book.requests


async def test_a_command_that_could_not_be_kept_comes_again_and_is_obeyed_once(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise StorageFailed("the disk is full")

    async with an_operator(store, tmp_path) as operator:
        operator.give(PAUSE)
        with monkeypatch.context() as broken:
            broken.setattr(operator.memory, "keep", full)
            with pytest.raises(StorageFailed):
                await operator.obeying()
        assert (operator.cursor(), operator.answers()) == (0, [])
        operator.restart()
        assert not operator.book.paused
        obeying = operator.obeying()
        await until(operator.answers, "an answer")
        await stopped(obeying)
        assert len(operator.answers()) == 1
        assert operator.book.paused


async def test_a_command_that_is_delivered_again_is_answered_once(
    store: Store, tmp_path: Path
) -> None:
    async with an_operator(store, tmp_path) as operator:
        obeying = operator.obeying()
        operator.give(PAUSE)
        await until(operator.answers, "an answer")
        await stopped(obeying)
        # As if the log had started over.
        store.execute("DELETE FROM cursors")
        operator.restart()
        obeying = operator.obeying()
        await until(operator.cursor, "the command again")
        await stopped(obeying)
        assert len(operator.answers()) == 1


async def test_a_command_does_not_wait_for_what_is_queued(store: Store, tmp_path: Path) -> None:
    async with an_operator(store, tmp_path) as operator:
        for _ in range(1000):
            operator.desk.hear(ClockTicked())
        obeying = operator.obeying()
        operator.give(PAUSE)
        await until(operator.answers, "an answer")
        await stopped(obeying)
        assert operator.desk.backlog == 1000


async def test_what_a_command_calls_for_reaches_the_gateway(store: Store, tmp_path: Path) -> None:
    async with an_operator(store, tmp_path) as operator:
        desk, gateway = operator.desk, operator.gateway
        desk.hear(GatewayConnected(account="DU1234567"))
        desk.hear(SignalArrived(message=a_signal()))
        async with working(desk.decide_for(gateway), desk.tick(), operator.obeying()):
            await until(gateway.has_orders.is_set, "an entry")
            close = alert_to_broker.CloseTrades(command_id=CommandId("button 1"), given_at=MORNING)
            operator.give(close)
            await until(lambda: not gateway.model.live(), "an entry that is called off")


async def test_what_a_person_said_is_on_the_disk_soon_after_the_cancels_it_calls_for(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with an_operator(store, tmp_path) as operator:
        desk, gateway = operator.desk, operator.gateway
        desk.hear(GatewayConnected(account="DU1234567"))
        desk.hear(SignalArrived(message=a_signal()))
        async with working(desk.decide_for(gateway), desk.tick()):
            await until(gateway.has_orders.is_set, "an entry")
            await until(lambda: not desk.backlog, "its reports")
        monkeypatch.setattr(broker_desk, "SETTLE_SECONDS", 1000)
        async with working(operator.obeying(), desk.settle()):
            close = alert_to_broker.CloseTrades(command_id=CommandId("b 1"), given_at=MORNING)
            operator.give(close)
            await until(lambda: gateway.settled_at_cancels, "a cancel")
            assert set(gateway.settled_at_cancels) == {False}
            await until(lambda: store.is_settled, "the disk")


async def test_what_was_left_out_for_an_order_follows_it(store: Store) -> None:
    clock = StandingClock()
    notices = Log(store, any_to_alert.FROM_BROKER, clock)
    desk = Desk(Book(SETTINGS), store, Journal(store, notices), clock)
    gateway = Watching(desk, store)
    gateway.answers_orders = False
    desk.hear(GatewayConnected(account="DU1234567"))
    desk.hear(SignalArrived(message=a_signal()))
    async with working(desk.decide_for(gateway)):
        await until(gateway.has_orders.is_set, "an entry")
        told = any_to_alert.OrderChanged
        await until(lambda: any(isinstance(each, told) for each in read(notices)), "its state")


async def test_a_quote_that_nobody_waits_for_takes_no_turn(store: Store) -> None:
    clock = StandingClock()
    memory = Journal(store, Log(store, any_to_alert.FROM_BROKER, clock))
    desk = Desk(Book(SETTINGS), store, memory, clock)

    def hear(bid: str) -> None:
        ask = Decimal(bid) + 1
        desk.hear(QuoteChanged(contract=CALL, bid=Decimal(bid), ask=ask, underlying=None))

    def known() -> Decimal | None:
        return desk.book.quotes[CALL].bid

    hear("0.40")
    assert (desk.backlog, known()) == (0, Decimal("0.40"))
    desk.hear(SignalArrived(message=a_signal()))
    hear("0.41")
    assert (desk.backlog, known()) == (2, Decimal("0.40"))
    async with working(desk.decide_for(Waiting())):
        await until(lambda: known() == Decimal("0.41"), "the quote in its turn")
        assert desk.book.at_hand.undecided
        hear("0.42")
        assert desk.backlog == 1
