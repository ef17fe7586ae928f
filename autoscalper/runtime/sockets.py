"""A ZeroMQ socket in an asyncio loop that wakes it once for a message.

pyzmq's own asyncio sockets turn each message into several turns of the loop and a future, which
costs a process that was idle about as much as the message's way. Waiting for a message never takes
one, so that a wait may be called off at any time.
"""

from __future__ import annotations

import asyncio

import zmq


class Ear:
    """One socket, read and written from one loop."""

    def __init__(self, kind: int) -> None:
        """Make a socket of ``kind`` that keeps nothing back when it is closed."""
        self.socket: zmq.Socket[bytes] = zmq.Context.instance().socket(kind)
        self.socket.setsockopt(zmq.LINGER, 0)
        self._is_heard = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def send(self, *parts: bytes) -> None:
        """Send one message of ``parts``; it must have room in the socket.

        Raises:
            zmq.Again: there is none.
        """
        self.socket.send_multipart(parts, zmq.NOBLOCK)
        # The descriptor tells once of what came, and sending takes notice of it (zmq_getsockopt(3),
        # ZMQ_FD).
        if self._has_message():
            self._is_heard.set()

    async def receive(self) -> list[bytes]:
        """Return the next message, as soon as there is one."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._loop.add_reader(self.socket.fileno(), self._notice)
        while not self._has_message():
            self._is_heard.clear()
            await self._is_heard.wait()
        return self.socket.recv_multipart(zmq.NOBLOCK)

    def receive_at_once(self) -> list[bytes] | None:
        """Return the next message, None if there is none yet."""
        return self.socket.recv_multipart(zmq.NOBLOCK) if self._has_message() else None

    def close(self) -> None:
        """Let go of the socket."""
        if self._loop is not None:
            self._loop.remove_reader(self.socket.fileno())
            self._loop = None
        self.socket.close()

    def _notice(self) -> None:
        # Asking is what quiets the descriptor, whether anybody waits for a message or not.
        if self._has_message():
            self._is_heard.set()

    def _has_message(self) -> bool:
        events = self.socket.getsockopt(zmq.EVENTS)
        assert isinstance(events, int)
        return bool(events & zmq.POLLIN)
