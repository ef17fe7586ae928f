from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import zmq.asyncio

from autoscalper.runtime import frames
from autoscalper.runtime.afterwards import afterwards
from autoscalper.runtime.clock import SystemClock
from autoscalper.runtime.errors import AddressUnusable
from autoscalper.runtime.link import Link
from autoscalper.runtime.log import Log
from autoscalper.runtime.publisher import Publisher
from tests.fakes.home import until
from tests.unit.runtime.conftest import OpenStore
from tests.unit.runtime.numbers import NUMBERS, Number, append, log_in, publishing, running


class Peer:
    """A follower that says exactly what a test wants, and nothing by itself."""

    def __init__(self, address: str) -> None:
        self.socket = zmq.asyncio.Context.instance().socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.connect(address)

    async def follow(self, *, epoch: str = "", after: int = 0, stream: int = 1) -> None:
        await self.socket.send(
            frames.encode(frames.Follow(stream=stream, epoch=epoch, after=after))
        )

    async def batch(self) -> frames.Batch:
        async with asyncio.timeout(20):
            return frames.decode_batch(await self.socket.recv())

    async def positions_until_heartbeat(self) -> list[int]:
        """Return the positions that come before the publisher has nothing more to say."""
        positions: list[int] = []
        while (batch := await self.batch()).entries:
            positions += [position for position, _ in batch.entries]
        return positions


@pytest.fixture
async def peer(address: str) -> AsyncIterator[Peer]:
    peer = Peer(address)
    yield peer
    peer.socket.close()


async def test_a_follower_of_no_log_yet_gets_everything_as_a_log_that_starts(
    open_store: OpenStore, address: str, peer: Peer
) -> None:
    log = log_in(open_store("sender"))
    append(log, [1, 2])
    async with publishing(log, address):
        await peer.follow()
        batch = await peer.batch()
    assert batch.restarted
    assert batch.epoch == log.store.epoch
    assert [position for position, _ in batch.entries] == [1, 2]
    assert batch.head == 2


async def test_a_follower_of_this_log_gets_what_is_after_its_cursor(
    open_store: OpenStore, address: str, peer: Peer
) -> None:
    log = log_in(open_store("sender"))
    append(log, [1, 2, 3])
    async with publishing(log, address):
        await peer.follow(epoch=log.store.epoch, after=2)
        batch = await peer.batch()
    assert not batch.restarted
    assert batch.after == 2
    assert [position for position, _ in batch.entries] == [3]


async def test_an_empty_log_says_at_once_that_it_is_empty(
    open_store: OpenStore, address: str, peer: Peer
) -> None:
    async with publishing(log_in(open_store("sender")), address):
        await peer.follow()
        batch = await peer.batch()
    assert (batch.entries, batch.head, batch.restarted) == ((), 0, True)


async def test_heads_come_while_nothing_happens(
    open_store: OpenStore, address: str, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "HEARTBEAT_SECONDS", 0.02)
    log = log_in(open_store("sender"))
    append(log, [1])
    async with publishing(log, address):
        await peer.follow(epoch=log.store.epoch, after=1)
        heads = [await peer.batch() for _ in range(3)]
    assert [(each.entries, each.head) for each in heads] == [((), 1)] * 3


async def test_no_more_is_sent_than_was_permitted_until_the_follower_renews(
    open_store: OpenStore, address: str, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "HEARTBEAT_SECONDS", 0.05)
    log = log_in(open_store("sender"))
    append(log, range(10_000))
    window = frames.WINDOW
    async with publishing(log, address):
        await peer.follow(epoch=log.store.epoch, after=0)
        assert await peer.positions_until_heartbeat() == list(range(1, window + 1))
        await peer.follow(epoch=log.store.epoch, after=100)
        assert await peer.positions_until_heartbeat() == list(range(window + 1, window + 101))


async def test_another_stream_starts_over_from_its_own_cursor(
    open_store: OpenStore, address: str, peer: Peer
) -> None:
    log = log_in(open_store("sender"))
    append(log, [1, 2, 3])
    async with publishing(log, address):
        await peer.follow(epoch=log.store.epoch, after=0)
        await peer.batch()
        await peer.follow(epoch=log.store.epoch, after=1, stream=2)
        batch = await peer.batch()
    assert (batch.stream, batch.after, len(batch.entries)) == (2, 1, 2)


async def test_what_is_committed_while_nobody_waits_is_sent_at_once(
    open_store: OpenStore, address: str, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Longer than the test may take: only the commit can wake the publisher.
    monkeypatch.setattr(frames, "HEARTBEAT_SECONDS", 3600)
    log = log_in(open_store("sender"))
    append(log, [1])
    async with publishing(log, address):
        await peer.follow(epoch=log.store.epoch)
        await peer.batch()
        append(log, [2])
        batch = await peer.batch()
    assert [position for position, _ in batch.entries] == [2]
    assert not batch.restarted


class CountingLog(Log[Number]):
    """Counts how often it was read."""

    reads = 0

    def read(self, after: int, limit: int) -> tuple[tuple[int, bytes], ...]:
        self.reads += 1
        return super().read(after, limit)


@pytest.mark.parametrize("at_once", [True, False])
async def test_only_a_commit_that_appends_to_its_log_wakes_a_publisher(
    open_store: OpenStore,
    address: str,
    peer: Peer,
    monkeypatch: pytest.MonkeyPatch,
    *,
    at_once: bool,
) -> None:
    monkeypatch.setattr(frames, "HEARTBEAT_SECONDS", 3600)
    store = open_store("sender")
    log = CountingLog(store, NUMBERS, SystemClock())
    other = Log(store, Link("tests_to_nobody", msgspec.msgpack.Decoder(Number)), SystemClock())
    append(log, [1])
    publisher = Publisher(log, address, SystemClock(), at_once=at_once)
    async with running(publisher.publish()):
        await peer.follow(epoch=store.epoch)
        await peer.batch()
        reads = log.reads
        append(other, [1])
        append(log, [1])
        await turned_afterwards()
        assert log.reads == reads
        append(log, [2])
        assert log.reads == reads + at_once
        batch = await peer.batch()
        assert (batch.entries[0][0], batch.head) == (2, 2)
        assert log.reads == reads + 1


async def turned_afterwards() -> None:
    """Return when whatever was put off before was done, and whoever that woke has had a turn."""
    is_done = asyncio.Event()
    afterwards(is_done.set)
    await is_done.wait()
    for _ in range(5):
        await asyncio.sleep(0)


async def test_every_batch_knows_the_newest_entry_whether_it_brings_it_or_not(
    open_store: OpenStore, address: str, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(frames, "WINDOW", 4)
    log = log_in(open_store("sender"))
    append(log, range(10))
    async with publishing(log, address):
        await peer.follow(epoch=log.store.epoch)
        seen = [await peer.batch() for _ in range(2)]
        await peer.follow(epoch=log.store.epoch, after=4)
        while len(seen[-1].entries) == 0:
            seen.append(await peer.batch())
        await peer.follow(epoch=log.store.epoch, after=8)
        while seen[-1].after != 8:
            seen.append(await peer.batch())
    assert [len(each.entries) for each in seen if each.entries] == [4, 4, 2]
    assert {each.head for each in seen} == {10}


class MovedClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 5, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds


async def test_a_follower_that_says_nothing_for_long_is_forgotten(
    open_store: OpenStore, address: str, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "HEARTBEAT_SECONDS", 0.01)
    log = log_in(open_store("sender"))
    append(log, range(frames.WINDOW + 7))
    clock = MovedClock()
    publisher = Publisher(log, address, clock)
    async with running(publisher.publish()):
        await peer.follow(epoch=log.store.epoch)
        await until(lambda: list(publisher.lags().values()) == [7], "a full window")
        clock.seconds += frames.FORGET_SECONDS
        await asyncio.sleep(0.05)
        assert list(publisher.lags().values()) == [7]
        clock.seconds += 0.1
        await until(lambda: publisher.lags() == {}, "the follower to be forgotten")


@pytest.mark.parametrize("parts", [[b"no follow"], [b""], [b"two", b"parts"], [b"\x81", b""]])
async def test_a_follow_that_nobody_understands_is_reported_and_harms_nobody(
    open_store: OpenStore,
    address: str,
    peer: Peer,
    parts: list[bytes],
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = log_in(open_store("sender"))
    append(log, [1])
    async with publishing(log, address):
        await peer.socket.send_multipart(parts)
        await peer.follow()
        assert (await peer.batch()).head == 1
    assert "follow not understood link=tests_to_tests" in caplog.text


async def test_an_address_that_is_taken_is_said_at_the_start(open_store: OpenStore) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(AddressUnusable, match="stop the process that holds it"):
            Publisher(log_in(open_store("sender")), address, SystemClock())


async def test_a_socket_in_a_directory_that_is_missing_is_said_at_the_start(
    open_store: OpenStore, tmp_path: Path
) -> None:
    address = f"ipc://{tmp_path}/missing/link.ipc"
    with pytest.raises(AddressUnusable, match="create RUN_DIR"):
        Publisher(log_in(open_store("sender")), address, SystemClock())


async def test_a_port_that_was_left_to_the_kernel_can_be_asked_for(open_store: OpenStore) -> None:
    async with publishing(log_in(open_store("sender")), "tcp://127.0.0.1:*") as publisher:
        assert publisher.address.startswith("tcp://127.0.0.1:")
        assert not publisher.address.endswith("*")


async def test_a_publisher_that_ended_leaves_its_store_alone(
    open_store: OpenStore, address: str
) -> None:
    log = log_in(open_store("sender"))
    async with publishing(log, address):
        assert len(log.store.after_commit) == 1
    assert log.store.after_commit == []


async def test_a_stop_that_comes_together_with_a_new_entry_is_not_forgotten(
    open_store: OpenStore, tmp_path: Path
) -> None:
    log = log_in(open_store("sender"))
    publisher = Publisher(log, f"ipc://{tmp_path}/stop.ipc", SystemClock())
    task = asyncio.ensure_future(publisher.publish())
    for _ in range(5):
        await asyncio.sleep(0)
    append(log, [1])
    task.cancel()
    async with asyncio.timeout(5):
        with pytest.raises(asyncio.CancelledError):
            await task
