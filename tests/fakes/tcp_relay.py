"""Carries bytes to a server and back, counts the connections, and can cut them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class TcpRelay:
    """A port of its own in front of another one on this machine."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._ends: set[asyncio.StreamWriter] = set()
        self._open = 0
        self.all_closed = asyncio.Event()
        self.port = 0
        #: Whether the next piece that comes is answered by hanging up.
        self.hangs_up_next = False
        #: How many connections were made, and how many pieces came over them.
        self.connections = 0
        self.pieces = 0

    def cut(self) -> None:
        """Close every connection, as a server does that has no patience with quiet ones."""
        for end in self._ends:
            end.transport.abort()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open += 1
        self.all_closed.clear()
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._target)
        ends = {writer, there_writer}
        self._ends |= ends
        await asyncio.gather(self._carry(reader, there_writer), self._carry(there_reader, writer))
        self._ends -= ends
        self._open -= 1
        if not self._open:
            self.all_closed.set()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Either end may be cut.
        with suppress(ConnectionError):
            while piece := await reader.read(65536):
                self.pieces += 1
                if self.hangs_up_next:
                    self.hangs_up_next = False
                    self.cut()
                writer.write(piece)
                await writer.drain()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def a_relay(port: int) -> AsyncIterator[TcpRelay]:
    """Relay to ``port`` until the end of the block."""
    relay = TcpRelay(port)
    server = await asyncio.start_server(relay.accept, "127.0.0.1", 0)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
        relay.cut()
        if relay.connections:
            await relay.all_closed.wait()
