"""The control socket: tests and demos say what the market does and what goes wrong.

RUN_DIR/simulator.sock is a Unix stream socket. Each request is one line of JSON, each reply one
line, in the order of the requests::

    {"command": "quote", "underlying": "SPY", "expiry": "2026-11-27", "strike": "685",
     "right": "C", "bid": "0.42", "ask": "0.43"}
    {"sequence": 1, "ok": true, "result": {...}}
    {"sequence": 2, "ok": false, "error": "what was expected and what was there"}

``sequence`` counts the requests of all control connections. Everything that a request causes is in
the file and on its way to the clients before its reply is sent. Prices and quantities are decimal
numbers, as strings or numbers; times are ISO 8601 with a zone; durations are seconds. The commands
are the structs of ``commands``, each with its name and members; ``ledger`` answers with
``{"orders": [...]}`` of ``ledger.LedgerEntry``, ``positions`` with ``{"positions": [{"contract",
"qty", "avg_cost", "realized_pnl"}], "account": {...}}``.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import msgspec

from autoscalper.runtime.errors import AddressUnusable
from autoscalper.simulator.commands import Command
from autoscalper.simulator.operations import CommandFailed, Operations
from autoscalper.simulator.server import Server

logger = logging.getLogger(__name__)

_MAX_LINE_BYTES = 1_000_000
_commands = msgspec.json.Decoder(Command, strict=False)


class Control:
    """The control socket of one simulator."""

    def __init__(self, server: Server, operations: Operations) -> None:
        """Carry out ``operations``, and send what comes of them through ``server``."""
        self._server = server
        self._operations = operations
        self._sequence = 0
        self._listener: asyncio.Server | None = None

    async def open(self, path: Path) -> None:
        """Make the socket at ``path``; one that a dead simulator left there is replaced.

        Raises:
            AddressUnusable: the path cannot be used.
        """
        try:
            self._listener = await asyncio.start_unix_server(
                self._talk, path, limit=_MAX_LINE_BYTES
            )
        except OSError as error:
            raise AddressUnusable(
                f"{path} cannot be used ({error}); make RUN_DIR a directory with a short path"
            ) from error

    async def serve(self) -> None:
        """Answer what comes, until cancelled."""
        assert self._listener is not None
        async with self._listener:
            await self._listener.serve_forever()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(self._answer(line) + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError) as error:
            logger.warning("control connection ends reason=%s", error)
        finally:
            writer.close()

    def _answer(self, line: bytes) -> bytes:
        self._sequence += 1
        try:
            result = self._operations.execute(_commands.decode(line))
        except (msgspec.DecodeError, CommandFailed) as error:
            return msgspec.json.encode(
                {"sequence": self._sequence, "ok": False, "error": str(error)}
            )
        self._server.flush()
        return msgspec.json.encode({"sequence": self._sequence, "ok": True, "result": result})
