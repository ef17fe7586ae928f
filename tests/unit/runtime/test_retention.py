from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from autoscalper.domain.settings import BY_PROCESS, Common
from autoscalper.runtime import frames, retention
from autoscalper.runtime.clock import ShiftedClock, SystemClock
from autoscalper.runtime.errors import StorageFailed
from autoscalper.runtime.log import Log
from autoscalper.runtime.process import Process
from autoscalper.runtime.publisher import Publisher
from autoscalper.runtime.retention import forgetting
from autoscalper.runtime.store import Store
from tests.fakes.home import until
from tests.unit.runtime.conftest import OpenStore
from tests.unit.runtime.numbers import (
    NUMBERS,
    Number,
    append,
    follower_in,
    running,
    take_and_keep,
)

pytestmark = pytest.mark.usefixtures("root_logger_as_before")

PACKAGE = Path(retention.__file__).parent.parent
LONG_AGO = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "FIRST_SECONDS", 0.0)
    monkeypatch.setattr(retention, "PERIOD_SECONDS", 0.01)
    # A follower that left is forgotten soon, one that is there says so in time.
    monkeypatch.setattr(frames, "HEARTBEAT_SECONDS", 0.02)
    monkeypatch.setattr(frames, "RENEW_SECONDS", 0.0)
    monkeypatch.setattr(frames, "FORGET_SECONDS", 1.0)


@pytest.fixture
def process(tmp_path: Path) -> Process[Common]:
    """A process that keeps data for 90 days and logs for 30, by a clock that can be moved."""
    place = str(tmp_path)
    return Process(
        "sender",
        Common(log_dir=place, data_dir=place, run_dir=place, clock_file=str(tmp_path / "clock")),
    )


@pytest.fixture
def log(process: Process[Common], open_store: OpenStore) -> Log[Number]:
    """A log with three old entries and two of now."""
    log = Log(open_store("sender"), NUMBERS, process.clock)
    move(process, LONG_AGO)
    append(log, [1, 2, 3])
    move(process, LONG_AGO + timedelta(days=89))
    append(log, [4, 5])
    return log


def move(process: Process[Common], moment: datetime) -> None:
    assert isinstance(process.clock, ShiftedClock)
    process.clock.move_to(moment)


def positions(log: Log[Number]) -> list[int]:
    return [position for position, _ in log.read(0, 100)]


class Serving:
    """A publisher with its retention, and what went."""

    def __init__(self, process: Process[Common], log: Log[Number], address: str) -> None:
        self.publisher = Publisher(log, address, process.clock)
        self.gone: list[str] = []
        self._forget = forgetting(process, self.publisher, too=self._too)

    def _too(self, keys: Sequence[str], before: datetime) -> None:
        self.gone += keys

    async def serve(self) -> None:
        await asyncio.gather(self.publisher.publish(), self._forget())


async def test_old_entries_go_once_their_follower_has_kept_them(
    process: Process[Common], log: Log[Number], open_store: OpenStore, address: str
) -> None:
    serving = Serving(process, log, address)
    receiver = open_store("receiver")
    async with running(serving.serve()):
        await take_and_keep(follower_in(receiver, address), receiver, last=5)
        # It says where it stands when it follows again.
        async with running(listen(receiver, address)):
            await until(lambda: serving.publisher.lags() != {}, "the follower")
            assert positions(log) == [1, 2, 3, 4, 5]
            move(process, LONG_AGO + timedelta(days=90, minutes=1))
            await until(lambda: positions(log) == [4, 5], "the old entries to go")
    assert serving.gone == ["1", "2", "3"]


async def test_what_a_follower_has_not_kept_stays_however_old(
    process: Process[Common], log: Log[Number], open_store: OpenStore, address: str
) -> None:
    serving = Serving(process, log, address)
    receiver = open_store("receiver")
    receiver.execute("INSERT INTO cursors VALUES (?, ?, 2)", (NUMBERS.name, log.store.epoch))
    async with running(serving.serve()), running(stop_at_the_first(receiver, address)):
        move(process, LONG_AGO + timedelta(days=1000))
        await until(lambda: serving.gone == ["1", "2"], "what was kept to go")
        await asyncio.sleep(0.1)
        assert positions(log) == [3, 4, 5]


async def test_while_nobody_follows_nothing_goes(
    process: Process[Common], log: Log[Number], address: str
) -> None:
    serving = Serving(process, log, address)
    move(process, LONG_AGO + timedelta(days=1000))
    async with running(serving.serve()):
        await asyncio.sleep(0.1)
    assert positions(log) == [1, 2, 3, 4, 5]


async def test_positions_go_on_after_everything_old_is_gone(
    process: Process[Common], log: Log[Number], open_store: OpenStore, address: str
) -> None:
    serving = Serving(process, log, address)
    receiver = open_store("receiver")
    async with running(serving.serve()):
        await take_and_keep(follower_in(receiver, address), receiver, last=5)
        move(process, LONG_AGO + timedelta(days=1000))
        async with running(listen(receiver, address)):
            await until(lambda: positions(log) == [5], "all but the newest to go")
        append(log, [6])
        assert await take_and_keep(follower_in(receiver, address), receiver, last=6) == [6]


async def test_a_receiver_without_a_cursor_begins_with_what_is_left(
    process: Process[Common], log: Log[Number], open_store: OpenStore, address: str
) -> None:
    with log.store.transaction():
        log.forget(LONG_AGO + timedelta(days=1), up_to=5, limit=100)
    receiver = open_store("receiver")
    async with running(Serving(process, log, address).serve()):
        assert await take_and_keep(follower_in(receiver, address), receiver, last=5) == [4, 5]


async def test_a_disk_that_refuses_does_not_end_the_process(
    process: Process[Common],
    log: Log[Number],
    address: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    publisher = Publisher(log, address, process.clock)

    def refuse(*_: object) -> list[str]:
        raise StorageFailed("full")

    monkeypatch.setattr(publisher, "forget", refuse)
    async with running(publisher.publish()), running(forgetting(process, publisher)()):
        await until(lambda: caplog.text.count("old entries stay error=full") > 1, "two looks")


async def test_old_log_files_go_too(process: Process[Common], tmp_path: Path) -> None:
    logging.getLogger("somewhere").info("hello")
    move(process, SystemClock().now() + timedelta(days=31))
    async with running(forgetting(process)()):
        await until((tmp_path / "sender.jsonl.1").exists, "the old lines to be put aside")


async def listen(receiver: Store, address: str) -> None:
    async for _ in follower_in(receiver, address).batches():
        pass


async def stop_at_the_first(receiver: Store, address: str) -> None:
    async for _ in follower_in(receiver, address).batches():
        await asyncio.Event().wait()


@pytest.mark.parametrize("process", BY_PROCESS)
def test_every_process_forgets(process: str) -> None:
    assert "forgetting(process" in (PACKAGE / process / "__main__.py").read_text()
