"""One socket in a loop, against pyzmq's plain sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
import zmq

from autoscalper.runtime.sockets import Ear


@pytest.fixture
def ear(address: str) -> Iterator[Ear]:
    ear = Ear(zmq.DEALER)
    ear.socket.bind(address)
    yield ear
    ear.close()


@pytest.fixture
def peer(ear: Ear, address: str) -> Iterator[zmq.Socket[bytes]]:
    peer: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
    peer.setsockopt(zmq.LINGER, 0)
    peer.connect(address)
    # Both ends know of each other once something went through.
    peer.send(b"first")
    assert ear.socket.poll(10_000)
    assert ear.receive_at_once() == [b"first"]
    yield peer
    peer.close()


async def received(ear: Ear) -> list[bytes]:
    async with asyncio.timeout(10):
        return await ear.receive()


async def test_a_message_comes_that_was_there_and_one_that_is_waited_for(
    ear: Ear, peer: zmq.Socket[bytes]
) -> None:
    peer.send_multipart([b"one", b"part"])
    assert await received(ear) == [b"one", b"part"]
    waiting = asyncio.ensure_future(received(ear))
    await asyncio.sleep(0.01)
    peer.send(b"two")
    assert await waiting == [b"two"]


async def test_what_is_there_is_taken_at_once_and_nothing_is_waited_for(
    ear: Ear, peer: zmq.Socket[bytes]
) -> None:
    assert ear.receive_at_once() is None
    peer.send(b"one")
    assert ear.socket.poll(10_000)
    assert ear.receive_at_once() == [b"one"]
    assert ear.receive_at_once() is None


async def test_what_came_while_something_was_sent_wakes_who_waits(
    ear: Ear, peer: zmq.Socket[bytes]
) -> None:
    # Sending takes notice of what came, and the descriptor does not tell of it again.
    for number in range(200):
        waiting = asyncio.ensure_future(received(ear))
        await asyncio.sleep(0)
        peer.send(b"%d" % number)
        while not waiting.done():
            ear.send(b"meanwhile")
            await asyncio.sleep(0)
        assert await waiting == [b"%d" % number]


async def test_a_wait_that_is_called_off_loses_nothing(ear: Ear, peer: zmq.Socket[bytes]) -> None:
    for number in range(100):
        waiting = asyncio.ensure_future(ear.receive())
        await asyncio.sleep(0)
        peer.send(b"%d" % number)
        await asyncio.sleep(0)
        waiting.cancel()
        (got,) = await asyncio.gather(waiting, return_exceptions=True)
        if isinstance(got, asyncio.CancelledError):
            got = await received(ear)
        assert got == [b"%d" % number]


class CountingEar(Ear):
    noticed = 0

    def _notice(self) -> None:
        self.noticed += 1
        super()._notice()


async def test_a_message_that_nobody_waits_for_lets_the_loop_rest(address: str) -> None:
    ear = CountingEar(zmq.DEALER)
    ear.socket.bind(address)
    peer: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
    peer.setsockopt(zmq.LINGER, 0)
    peer.connect(address)
    try:
        peer.send(b"first")
        await received(ear)
        # Only who has looked in vain is told.
        assert ear.receive_at_once() is None
        before = ear.noticed
        peer.send(b"second")
        await asyncio.sleep(0.1)
        assert ear.noticed - before < 20
        assert ear.socket.poll(10_000)
        assert ear.receive_at_once() == [b"second"]
    finally:
        peer.close()
        ear.close()
