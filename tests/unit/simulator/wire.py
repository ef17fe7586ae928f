"""A client of nothing but bytes, for what client libraries do not show."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from autoscalper.simulator import codec
from tests.unit.simulator.stand import EXPIRY, Stand

#: A plain limit order on an option as ib_async 2.1.0 sends it at version 178, after the order id.
_ORDER = (
    f"0|SPY|OPT|{EXPIRY:%Y%m%d}|685.0|C|100|SMART||USD||SPY|||BUY|2|LMT|1.2||DAY||DU1234567|O|0|ref|"
    "1|0|0|0|0|0|0|0||0.0|||||||0||-1|0|||0|||0|0||0||||||0|||||0|||||||||||0|||0|0|||0||0|0|0|0||"
    "|||||0|||||||||0|0|0|0|||0|||"
)


def order_fields(order_id: int, **changes: str) -> list[str]:
    """Return the fields of a placeOrder; ``changes`` are by name."""
    fields = ["3", str(order_id), *_ORDER.split("|")[:-1]]
    for name, value in changes.items():
        fields[PLACES[name]] = value
    return fields


#: Where fields stand in placeOrder.
PLACES = {
    "strike": 6,
    "action": 16,
    "totalQuantity": 17,
    "orderType": 18,
    "lmtPrice": 19,
    "auxPrice": 20,
    "tif": 21,
    "ocaGroup": 22,
    "account": 23,
    "orderRef": 26,
    "transmit": 27,
    "parentId": 28,
    "goodAfterTime": 37,
    "goodTillDate": 38,
    "ocaType": 46,
    "trailingPercent": 69,
    "algoStrategy": 82,
    "whatIf": 84,
}


class Wire:
    """A raw connection to a simulator."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def greet(self, versions: str = "v157..178", client_id: int = 5) -> list[str]:
        """Agree on a version and name the client; return the answer to the greeting."""
        self._writer.write(b"API\0" + len(versions).to_bytes(4, "big") + versions.encode())
        hello = await self.read()
        self.send("71", "2", str(client_id), "")
        await self.read_until("9")
        return hello

    def send(self, *fields: str) -> None:
        self._writer.write(codec.encode(*fields))

    def send_bytes(self, data: bytes) -> None:
        self._writer.write(data)

    async def read(self) -> list[str]:
        """Return the fields of the next message.

        Raises:
            EOFError: the connection ended.
            ConnectionResetError: it ended with a reset.
        """
        async with asyncio.timeout(10):
            length = int.from_bytes(await self._reader.readexactly(4), "big")
            payload = await self._reader.readexactly(length)
        return payload.decode().split("\0")[:-1]

    async def read_until(self, message_id: str) -> list[list[str]]:
        """Return the messages up to and with the first one of that id."""
        messages = [await self.read()]
        while messages[-1][0] != message_id:
            messages.append(await self.read())
        return messages

    async def answers(self) -> list[list[str]]:
        """Return what came before the answer to a question that is asked now."""
        self.send("49", "1")
        return (await self.read_until("49"))[:-1]

    async def ending(self) -> bytes:
        """Return what comes until the connection ends."""
        async with asyncio.timeout(10):
            return await self._reader.read()


@asynccontextmanager
async def wired(stand: Stand, *, greets: bool = True, client_id: int = 5) -> AsyncIterator[Wire]:
    """Connect, and greet unless told otherwise."""
    reader, writer = await asyncio.open_connection("127.0.0.1", stand.server.port)
    wire = Wire(reader, writer)
    try:
        if greets:
            await wire.greet(client_id=client_id)
            await wire.answers()
        yield wire
    finally:
        writer.close()


def ids(messages: list[list[str]]) -> list[str]:
    """Return the ids of messages."""
    return [message[0] for message in messages]


def errors(messages: list[list[str]]) -> list[tuple[str, str]]:
    """Return subject and code of the errors among messages."""
    return [(message[2], message[3]) for message in messages if message[0] == "4"]
