from __future__ import annotations

import asyncio
import enum
import random
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import assert_never

import pytest
import zmq.asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autoscalper.runtime import frames, store
from autoscalper.runtime.follower import Follower
from autoscalper.runtime.sockets import Ear
from autoscalper.runtime.store import Store
from tests.fakes.home import until
from tests.unit.runtime.conftest import OpenStore
from tests.unit.runtime.numbers import (
    NUMBERS,
    SCHEMA,
    Number,
    append,
    follower_in,
    log_in,
    publishing,
    running,
    take,
    take_and_keep,
)


async def test_entries_come_in_order_those_that_were_there_and_those_that_follow(
    open_store: OpenStore, address: str
) -> None:
    log = log_in(open_store("sender"))
    append(log, [1, 2, 3])
    follower = follower_in(open_store("receiver"), address)
    async with publishing(log, address):
        assert await take(follower, last=3) == [1, 2, 3]
        append(log, [4])
        append(log, [5, 6])
        assert await take(follower, last=6) == [4, 5, 6]
    assert follower.received == 6


async def test_a_follower_may_start_before_its_sender(open_store: OpenStore, address: str) -> None:
    log = log_in(open_store("sender"))
    follower = follower_in(open_store("receiver"), address)
    waiting = asyncio.create_task(take(follower, last=1))
    await asyncio.sleep(0)
    async with publishing(log, address):
        append(log, [1])
        assert await waiting == [1]


async def test_a_sender_that_was_away_for_very_many_questions_is_followed_when_it_comes(
    open_store: OpenStore, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = log_in(open_store("sender"))
    append(log, [1])
    asked = 0

    def ask(follower: Follower[Number], ear: Ear, *, anew: bool) -> None:
        nonlocal asked
        asked += 1
        usual(follower, ear, anew=anew)

    usual = Follower._ask
    monkeypatch.setattr(Follower, "_ask", ask)
    monkeypatch.setattr(frames, "SILENCE_SECONDS", 0.0001)
    waiting = asyncio.create_task(take(follower_in(open_store("receiver"), address), last=1))
    await until(lambda: asked > 1500, "more questions than a socket holds")
    monkeypatch.setattr(frames, "SILENCE_SECONDS", 2.5)
    async with publishing(log, address):
        assert await waiting == [1]


async def test_what_was_kept_does_not_come_again_and_what_was_not_kept_does(
    open_store: OpenStore, address: str
) -> None:
    log = log_in(open_store("sender"))
    append(log, [1, 2])
    receiver = open_store("receiver")
    async with publishing(log, address):
        await take_and_keep(follower_in(receiver, address), receiver, last=2)
        append(log, [3])
        assert await take(follower_in(receiver, address), last=3) == [3]
        assert await take(follower_in(receiver, address), last=3) == [3]


async def test_a_cursor_moves_with_its_transaction_or_not_at_all(
    open_store: OpenStore, address: str
) -> None:
    log = log_in(open_store("sender"))
    append(log, [1])
    receiver = open_store("receiver")
    follower = follower_in(receiver, address)
    async with publishing(log, address):
        async with aclosing(follower.batches()) as batches:
            batch = await anext(batches)
        with pytest.raises(ZeroDivisionError), receiver.transaction():
            follower.keep(batch)
            raise ZeroDivisionError
        assert await take(follower_in(receiver, address), last=1) == [1]


async def test_a_sender_that_starts_again_is_followed_from_where_it_stopped(
    open_store: OpenStore, address: str
) -> None:
    sender = open_store("sender")
    append(log_in(sender), [1])
    receiver = open_store("receiver")
    follower = follower_in(receiver, address)
    async with aclosing(follower.batches()) as batches:
        async with publishing(log_in(sender), address):
            assert [entry.message.value for entry in await anext(batches)] == [1]
        sender.close()
        sender = open_store("sender")
        append(log_in(sender), [2])
        async with asyncio.timeout(20), publishing(log_in(sender), address):
            assert [entry.message.value for entry in await anext(batches)] == [2]


async def test_ten_thousand_entries_come_in_order(open_store: OpenStore, address: str) -> None:
    log = log_in(open_store("sender"))
    append(log, range(10_000))
    receiver = open_store("receiver")
    async with publishing(log, address):
        values = await take_and_keep(follower_in(receiver, address), receiver, last=9_999)
    assert values == list(range(10_000))


async def test_two_followers_are_served_each_from_its_own_cursor(
    open_store: OpenStore, address: str
) -> None:
    log = log_in(open_store("sender"))
    append(log, [1, 2])
    early = open_store("early")
    async with publishing(log, address):
        await take_and_keep(follower_in(early, address), early, last=2)
        append(log, [3])
        first = take(follower_in(early, address), last=3)
        second = take(follower_in(open_store("late"), address), last=3)
        assert list(await asyncio.gather(first, second)) == [[3], [1, 2, 3]]


async def test_another_log_under_the_same_name_is_read_from_its_beginning(
    open_store: OpenStore, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = open_store("receiver")
    log = log_in(open_store("sender"))
    append(log, [1, 2])
    async with publishing(log, address):
        await take_and_keep(follower_in(receiver, address), receiver, last=2)
    assert not caplog.records

    replacement = log_in(open_store("replacement"))
    append(replacement, [7, 8])
    async with publishing(replacement, address):
        assert await take(follower_in(receiver, address), last=8) == [7, 8]
    assert caplog.records[0].getMessage().startswith("log starts over link=tests_to_tests epoch=")


async def test_a_log_that_became_shorter_than_the_cursor_is_read_from_its_beginning(
    open_store: OpenStore, address: str
) -> None:
    receiver = open_store("receiver")
    log = log_in(open_store("sender"))
    append(log, [1, 2, 3])
    async with publishing(log, address):
        await take_and_keep(follower_in(receiver, address), receiver, last=3)
    log.store.execute("DELETE FROM entries WHERE position > 1")
    append(log, [4])
    async with publishing(log, address):
        fresh = await take_and_keep(follower_in(receiver, address), receiver, last=4)
    assert fresh == [4]


async def test_after_a_reboot_positions_that_are_given_out_again_are_not_missed(
    open_store: OpenStore, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_BOOT_ID", tmp_path / "boot_id")
    (tmp_path / "boot_id").write_text("first boot\n")
    receiver = open_store("receiver")
    sender = open_store("sender")
    append(log_in(sender), [1, 2, 3])
    async with publishing(log_in(sender), address):
        await take_and_keep(follower_in(receiver, address), receiver, last=3)
    # The power went before the last two commits were on the disk.
    sender.execute("DELETE FROM entries WHERE position > 1")
    sender.close()
    (tmp_path / "boot_id").write_text("second boot\n")
    sender = open_store("sender")
    append(log_in(sender), [4, 5, 6])
    async with publishing(log_in(sender), address):
        fresh = await take_and_keep(follower_in(receiver, address), receiver, last=6)
    assert fresh == [4, 5, 6]


async def test_the_heads_that_come_while_nothing_happens_tell_that_the_sender_lives(
    open_store: OpenStore, address: str
) -> None:
    log = log_in(open_store("sender"))
    follower = follower_in(open_store("receiver"), address)
    async with publishing(log, address), running(_drain(follower)):
        await until(lambda: follower.heard_at is not None, "the first head")
        append(log, [1, 2])
        await until(lambda: follower.head == 2, "the head after an append")


async def test_a_message_that_nobody_understands_ends_the_follower_and_stays(
    open_store: OpenStore, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    log = log_in(open_store("sender"))
    append(log, [1])
    log.store.execute("UPDATE entries SET payload = x'c1'")
    receiver = open_store("receiver")
    async with publishing(log, address):
        for _ in range(2):
            with pytest.raises(Exception, match="MessagePack"):
                await take(follower_in(receiver, address), last=1)
    assert "message not understood link=tests_to_tests" in caplog.text


async def test_what_comes_while_the_receiver_is_busy_comes_to_it_at_once(
    open_store: OpenStore, address: str
) -> None:
    log = log_in(open_store("sender"))
    follower = follower_in(open_store("receiver"), address)
    async with publishing(log, address), aclosing(follower.batches()) as batches:
        append(log, [0])
        assert [entry.message.value for entry in await anext(batches)] == [0]
        for value in range(1, 6):
            append(log, [value])
            # Each leaves in a batch of its own.
            await asyncio.sleep(0.02)
        taken: list[list[int]] = []
        while sum(map(len, taken)) < 5:
            taken.append([entry.message.value for entry in await anext(batches)])
    assert taken == [[1, 2, 3, 4, 5]]


async def test_a_gap_makes_the_follower_ask_anew(open_store: OpenStore, address: str) -> None:
    follower = follower_in(open_store("receiver"), address)
    async with impostor(address) as sender, running(_drain(follower)):
        identity, follow = await heard(sender)
        await sender.send_multipart([identity, batch(follow, after=0, values=[1])])
        await sender.send_multipart([identity, batch(follow, after=2, values=[3])])
        _, again = await heard(sender)
        assert again.stream == follow.stream + 1
        assert again.after == 1


async def test_what_was_sent_before_the_follower_asked_anew_is_left_aside(
    open_store: OpenStore, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "RENEW_SECONDS", 0)
    follower = follower_in(open_store("receiver"), address)
    async with impostor(address) as sender, running(_drain(follower)):
        identity, first = await heard(sender)
        await sender.send_multipart([identity, batch(first, after=5, values=[6])])
        _, second = await heard(sender)
        await sender.send_multipart([identity, batch(first, after=0, values=[1])])
        await sender.send_multipart([identity, batch(second, after=0, values=[1, 2])])
        await sender.send_multipart([identity, batch(second, after=2, values=[])])
        _, third = await heard(sender)
        assert (third.stream, third.after) == (second.stream, 2)


async def test_the_permission_to_send_is_renewed_before_it_is_used_up(
    open_store: OpenStore, address: str
) -> None:
    follower = follower_in(open_store("receiver"), address)
    half = list(range(1, frames.WINDOW // 2 + 1))
    async with impostor(address) as sender, running(_drain(follower)):
        identity, follow = await heard(sender)
        await sender.send_multipart([identity, batch(follow, after=0, values=half)])
        _, renewal = await heard(sender)
        assert (renewal.stream, renewal.after) == (follow.stream, half[-1])


async def test_heads_are_not_answered_one_by_one(
    open_store: OpenStore, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "RENEW_SECONDS", 3600)
    follower = follower_in(open_store("receiver"), address)
    async with impostor(address) as sender, running(_drain(follower)):
        identity, follow = await heard(sender)
        for _ in range(3):
            await sender.send_multipart([identity, batch(follow, after=0, values=[])])
        await sender.send_multipart([identity, batch(follow, after=7, values=[8])])
        _, next_heard = await heard(sender)
        assert next_heard.stream == follow.stream + 1


async def test_a_follower_that_hears_heads_alone_says_now_and_then_that_it_is_there(
    open_store: OpenStore, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "RENEW_SECONDS", 0)
    follower = follower_in(open_store("receiver"), address)
    async with impostor(address) as sender, running(_drain(follower)):
        identity, follow = await heard(sender)
        await sender.send_multipart([identity, batch(follow, after=0, values=[])])
        _, renewal = await heard(sender)
        assert (renewal.stream, renewal.after) == (follow.stream, 0)


async def test_silence_makes_the_follower_ask_anew(
    open_store: OpenStore, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "SILENCE_SECONDS", 0.05)
    follower = follower_in(open_store("receiver"), address)
    async with impostor(address) as sender, running(_drain(follower)):
        _, first = await heard(sender)
        _, second = await heard(sender)
        assert second.stream == first.stream + 1


async def test_a_sender_that_is_killed_again_and_again_loses_nothing(
    open_store: OpenStore, address: str, tmp_path: Path
) -> None:
    receiver = open_store("receiver")
    values: list[int] = []
    for _ in range(3):
        async with started(COUNTING_SENDER, tmp_path / "sender.db", address):
            follower = follower_in(receiver, address)
            values += await take_and_keep(follower, receiver, last=len(values) + 300)
    assert values == list(range(1, len(values) + 1))


async def test_a_receiver_that_is_killed_again_and_again_does_everything_once(
    open_store: OpenStore, address: str, tmp_path: Path
) -> None:
    log = log_in(open_store("sender"))
    append(log, range(3_000))
    path = tmp_path / "receiver.db"
    async with publishing(log, address):
        for least in (1, 500, 1500):
            async with started(PATIENT_RECEIVER, path, address) as process:
                await _has_taken(process, least + random.randrange(100))
        receiver = open_store("receiver")
        await take_and_keep(follower_in(receiver, address), receiver, last=2_999)
    rows = receiver.execute("SELECT value FROM taken ORDER BY value").fetchall()
    assert [value for (value,) in rows] == list(range(3_000))


class Step(enum.Enum):
    """What can happen to two processes and what lies between them."""

    APPEND = enum.auto()
    RECEIVE = enum.auto()
    RESTART_SENDER = enum.auto()
    #: The receiver's last cursors were in transactions that did not make it.
    FORGET = enum.auto()
    #: The power goes, and the sender's last commits with it.
    LOSE = enum.auto()
    #: The sender's file is gone.
    REPLACE = enum.auto()


STEPS = st.lists(st.tuples(st.sampled_from(Step), st.integers(1, 700)), max_size=8)


@given(steps=STEPS)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_restarts_and_gets_lost_in_the_end_everything_was_taken_once_in_order(
    steps: list[tuple[Step, int]],
) -> None:
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patched:
        boot_id = Path(directory) / "boot_id"
        boot_id.write_text("0")
        patched.setattr(store, "_BOOT_ID", boot_id)
        with Pair(Path(directory)) as pair:
            for step, count in [*steps, (Step.APPEND, 1), (Step.RECEIVE, 1)]:
                asyncio.run(pair.take_step(step, count))
            assert pair.taken == pair.sent


class Pair:
    """A sender and a receiver, and what can happen to them."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._address = f"ipc://{directory}/link.ipc"
        self._receiver = self._open("receiver")
        self._sender = self._open("sender")
        self.sent: list[int] = []
        self.taken: list[int] = []

    def __enter__(self) -> Pair:
        return self

    def __exit__(self, *_: object) -> None:
        self._receiver.close()
        self._sender.close()

    async def take_step(self, step: Step, count: int) -> None:
        match step:
            case Step.APPEND:
                first = len(self.sent) + 1
                self.sent += range(first, first + count)
                append(log_in(self._sender), self.sent[first - 1 :])
            case Step.RECEIVE:
                await self._receive()
            case Step.RESTART_SENDER:
                self._reopen_sender()
            case Step.FORGET:
                self._receiver.execute("UPDATE cursors SET position = position / 2")
            case Step.LOSE:
                # Only what the receiver has can be lost for good without anybody's fault.
                await self._receive()
                self._sender.execute("DELETE FROM entries WHERE position > ?", (count,))
                boot_id = self._directory / "boot_id"
                boot_id.write_text(str(int(boot_id.read_text()) + 1))
                self._reopen_sender()
            case Step.REPLACE:
                await self._receive()
                (self._directory / "sender.db").unlink()
                self._reopen_sender()
            case _:
                assert_never(step)

    async def _receive(self) -> None:
        if len(self.taken) == len(self.sent):
            return
        follower = follower_in(self._receiver, self._address)
        async with publishing(log_in(self._sender), self._address):
            self.taken += await take_and_keep(follower, self._receiver, last=self.sent[-1])

    def _reopen_sender(self) -> None:
        self._sender.close()
        self._sender = self._open("sender")

    def _open(self, name: str) -> Store:
        return Store(self._directory / f"{name}.db", durable=False, schema=SCHEMA)


async def _drain(follower: Follower[Number]) -> None:
    async for _ in follower.batches():
        pass


@asynccontextmanager
async def impostor(address: str) -> AsyncIterator[zmq.asyncio.Socket]:
    socket = zmq.asyncio.Context.instance().socket(zmq.ROUTER)
    socket.linger = 0
    socket.bind(address)
    yield socket
    socket.close()


async def heard(sender: zmq.asyncio.Socket) -> tuple[bytes, frames.Follow]:
    async with asyncio.timeout(20):
        identity, payload = await sender.recv_multipart()
    return identity, frames.decode_follow(payload)


def batch(follow: frames.Follow, *, after: int, values: list[int]) -> bytes:
    entries = tuple(
        (after + number, NUMBERS.encode(Number(value=value)))
        for number, value in enumerate(values, 1)
    )
    return frames.encode(
        frames.Batch(
            stream=follow.stream,
            epoch=follow.epoch,
            restarted=False,
            after=after,
            head=after + len(values),
            entries=entries,
        )
    )


@asynccontextmanager
async def started(script: str, *arguments: str | Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run ``script`` in a process that is killed at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, *map(str, arguments), stdout=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.kill()
        await process.communicate()


async def _has_taken(process: asyncio.subprocess.Process, least: int) -> None:
    assert process.stdout is not None
    async with asyncio.timeout(20):
        while int(await process.stdout.readline()) < least:
            pass


COUNTING_SENDER = """
import asyncio, sys
from pathlib import Path
from autoscalper.runtime.follower import Follower
from autoscalper.runtime.store import Store
from tests.unit.runtime.numbers import SCHEMA, append, log_in, publishing

async def main():
    log = log_in(Store(Path(sys.argv[1]), durable=False, schema=SCHEMA))
    async with publishing(log, sys.argv[2]):
        while True:
            append(log, [log.head + 1])
            await asyncio.sleep(0.001)

asyncio.run(main())
"""

PATIENT_RECEIVER = """
import asyncio, sys
from pathlib import Path
from autoscalper.runtime.follower import Follower
from autoscalper.runtime.store import Store
from tests.unit.runtime.numbers import SCHEMA, follower_in

async def main():
    store = Store(Path(sys.argv[1]), durable=False, schema=SCHEMA)
    follower = follower_in(store, sys.argv[2])
    async for batch in follower.batches():
        for entry in batch:
            with store.transaction():
                # Fails if a value comes a second time after it was kept.
                store.execute("INSERT INTO taken VALUES (?)", (entry.message.value,))
                follower.keep([entry])
            print(entry.message.value, flush=True)

asyncio.run(main())
"""
