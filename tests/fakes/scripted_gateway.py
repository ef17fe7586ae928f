"""A gateway at the level of frames that does exactly what a test scripts, however wrong.

Frames are a length of four bytes and fields that end in NUL. A script is a coroutine that talks to
one connection; each connection gets the next script, and the last one serves all that follow.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

SERVER_VERSION = 178
ACCOUNT = "DU1234567"

START_API = "71"
PLACE_ORDER = "3"
OPEN_ORDERS, ALL_OPEN_ORDERS, EXECUTIONS, COMPLETED, POSITIONS = "5", "16", "7", "99", "61"
CURRENT_TIME, CONTRACT_DETAILS = "49", "9"
#: The message that answers a request, by the request's number.
Answers = Mapping[str, tuple[object, ...]]
#: What a quiet gateway without orders says to each request of a snapshot.
NOTHING: Answers = {
    OPEN_ORDERS: ("53", 1),
    ALL_OPEN_ORDERS: ("53", 1),
    EXECUTIONS: ("55", 1, "reqId"),
    COMPLETED: ("102",),
    POSITIONS: ("62", 1),
    CURRENT_TIME: ("49", 1, 1_790_000_000),
}


class Peer:
    """One connection of a client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.heard: list[list[str]] = []

    async def hear(self) -> list[str]:
        """Return the fields of the next message."""
        (length,) = struct.unpack(">I", await self._reader.readexactly(4))
        payload = await self._reader.readexactly(length)
        fields = payload.decode().split("\0")[:-1]
        self.heard.append(fields)
        return fields

    def say(self, *fields: object) -> None:
        """Send one message."""
        payload = "".join(f"{field}\0" for field in fields).encode()
        self._writer.write(struct.pack(">I", len(payload)) + payload)

    def error(self, code: int, text: str = "", request: object = -1) -> None:
        """Send an error or a notice."""
        self.say(4, 2, request, code, text, "")

    async def greet(self) -> None:
        """Answer the client's first bytes with our version."""
        assert await self._reader.readexactly(4) == b"API\0"
        (length,) = struct.unpack(">I", await self._reader.readexactly(4))
        await self._reader.readexactly(length)
        self.say(SERVER_VERSION, "20261120 10:00:00 EST")

    async def log_in(self, *, accounts: str = ACCOUNT, next_order_id: int = 1) -> None:
        """Let the client in."""
        await self.greet()
        assert (await self.hear())[0] == START_API
        self.say(15, 1, accounts)
        self.say(9, 1, next_order_id)

    async def answer(self, answers: Answers | None = None) -> None:
        """Answer requests until the client goes; what has no answer gets none."""
        answers = NOTHING if answers is None else answers
        while True:
            fields = await self.hear()
            self.answer_one(fields, answers)

    def answer_one(self, fields: list[str], answers: Answers) -> None:
        """Answer one request."""
        answer = answers.get(fields[0])
        if answer is not None:
            # The id of a request follows its version, where it has one.
            self.say(*(fields[2] if part == "reqId" else part for part in answer))

    async def gone(self) -> None:
        """Return when the client has closed the connection."""
        while await self._reader.read(4096):
            pass

    def hang_up(self) -> None:
        """Close the connection."""
        self._writer.close()


Script = Callable[[Peer], Awaitable[None]]


class ScriptedGateway:
    """What a test knows of the gateway that it scripted."""

    def __init__(self, scripts: tuple[Script, ...]) -> None:
        self._scripts = list(scripts)
        self.port = 0
        self.peers: list[Peer] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Play the next script on a connection."""
        script = self._scripts[0] if len(self._scripts) == 1 else self._scripts.pop(0)
        peer = Peer(reader, writer)
        self.peers.append(peer)
        try:
            await script(peer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def a_gateway(*scripts: Script) -> AsyncIterator[ScriptedGateway]:
    """Serve ``scripts`` on a port of this machine."""
    gateway = ScriptedGateway(scripts)
    server = await asyncio.start_server(gateway.serve, "127.0.0.1", 0)
    gateway.port = server.sockets[0].getsockname()[1]
    try:
        yield gateway
    finally:
        server.close()
