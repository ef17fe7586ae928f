import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from autoscalper.runtime.errors import AddressUnusable
from autoscalper.simulator.control import Control
from tests.unit.simulator.stand import Stand


class Caller:
    """One control connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, line: bytes) -> Any:
        self._writer.write(line + b"\n")
        return json.loads(await self._reader.readline())

    def close(self) -> None:
        self._writer.close()


@pytest.fixture
async def path(gateway: Stand, tmp_path: Path) -> AsyncIterator[Path]:
    control = Control(gateway.server, gateway.operations)
    path = tmp_path / "simulator.sock"
    await control.open(path)
    serving = asyncio.ensure_future(control.serve())
    yield path
    serving.cancel()
    await asyncio.wait([serving])


@pytest.fixture
async def caller(path: Path) -> AsyncIterator[Caller]:
    caller = Caller(*await asyncio.open_unix_connection(path))
    yield caller
    caller.close()


async def test_each_line_has_one_answer_in_order(caller: Caller) -> None:
    first = await caller.ask(b'{"command": "stats"}')
    second = await caller.ask(b'{"command": "faults"}')
    assert (first["sequence"], first["ok"]) == (1, True)
    assert second == {"sequence": 2, "ok": True, "result": {"faults": {}}}


async def test_a_wrong_line_is_answered_and_the_next_one_too(caller: Caller) -> None:
    for line in (b"junk", b'{"command": "explode"}', b'{"command": "fill", "order_ref": "x"}'):
        reply = await caller.ask(line)
        assert reply["ok"] is False
        assert reply["error"]
    assert (await caller.ask(b'{"command": "stats"}'))["sequence"] == 4


async def test_decimals_and_dates_are_words(caller: Caller) -> None:
    reply = await caller.ask(
        b'{"command": "quote", "underlying": "SPY", "expiry": "2026-03-20", "strike": "685",'
        b' "right": "C", "bid": "0.42", "ask": "0.43"}'
    )
    assert reply["result"]["quote"]["bid"] == "0.42"


async def test_a_line_that_never_ends_ends_the_connection(path: Path) -> None:
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(b"x" * 2_000_000)
    # What was not read when it ended makes the end a reset.
    with suppress(ConnectionResetError):
        assert await reader.read() == b""
    writer.close()


async def test_a_path_that_cannot_be_used_is_one_clear_line(gateway: Stand) -> None:
    control = Control(gateway.server, gateway.operations)
    with pytest.raises(AddressUnusable, match="RUN_DIR"):
        await control.open(Path("/nowhere/at/all.sock"))
