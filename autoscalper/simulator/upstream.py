"""The connection to IBKR's gateway whose market is followed: one after the other, for ever.

It reads. What can be said over it are the questions of ``upstream_talk``, none of which is about
an order.
"""

from __future__ import annotations

import asyncio
import logging
import os

from autoscalper.runtime.backoff import waits
from autoscalper.runtime.service import run_until_one_ends
from autoscalper.simulator import upstream_talk
from autoscalper.simulator.codec import ProtocolError, Value, split_frames
from autoscalper.simulator.relay_desk import RelayDesk
from autoscalper.simulator.server import Server
from autoscalper.simulator.upstream_talk import Answer, Question

logger = logging.getLogger(__name__)

#: Seconds for a gateway to say its version, and to be ready to answer.
GREETING_SECONDS = 2.0
CONNECT_SECONDS = 10.0
#: Seconds between heartbeats, and for each to be answered; two in a row unanswered are a loss.
HEARTBEAT_SECONDS = 5.0
#: Seconds between attempts while nothing answers at the port.
ABSENT_SECONDS = 0.5
#: Longest wait between attempts at a gateway that answers and is not usable yet.
NOT_READY_SECONDS = 10.0
#: Codes of a gateway that lost IBKR's servers, and of one that has them back.
LOST_CODES = frozenset({"1100", "2110"})
BACK_CODES = frozenset({"1101", "1102"})
#: Codes of a gateway that is up and cannot be used yet: the client id is still held, the paper
#: disclaimer is not accepted.
NOT_READY_CODES = frozenset({"326", "10141"})

#: How IBKR says that the quotes of options have stopped: the last ones would be taken for new.
_FARM_LOST_CODE = "2103"
_OPTIONS_FARM = "usopt"
#: A connection that broke, and one that says what cannot be read.
_UNUSABLE = (OSError, ProtocolError, ValueError, LookupError)
_CHUNK_BYTES = 65536


class MarketAway(Exception):
    """The gateway cannot be asked now. The text says why."""


class MarketAbsent(MarketAway):
    """Nothing that speaks the API answers at the port."""


class Upstream:
    """Holds the connection and serves clients only while there is a market."""

    def __init__(self, server: Server, relay: RelayDesk) -> None:
        """Hand what is heard to ``relay``; ``server`` is open while the gateway is there."""
        self._server = server
        self._relay = relay
        self._settings = server.gateway.world.settings
        self._beats = 0
        #: Why there is no market; empty while there is one.
        self.away = "not connected yet"

    async def follow_for_ever(self) -> None:
        """Hold a connection; after a loss make a new one, with the same client id, always."""
        absent = waits(ABSENT_SECONDS, ABSENT_SECONDS)
        not_ready = waits(ABSENT_SECONDS, NOT_READY_SECONDS)
        while True:
            try:
                await self._one_connection()
            except MarketAbsent as error:
                self._lose(str(error))
                await asyncio.sleep(next(absent))
                continue
            except (MarketAway, TimeoutError, *_UNUSABLE) as error:
                if not self.away:
                    not_ready = waits(ABSENT_SECONDS, NOT_READY_SECONDS)
                self._lose(str(error) or "the gateway does not answer")
            await asyncio.sleep(next(not_ready))

    async def _one_connection(self) -> None:
        settings = self._settings
        try:
            async with asyncio.timeout(GREETING_SECONDS):
                reader, writer = await asyncio.open_connection(settings.host, settings.port)
        except (OSError, TimeoutError) as error:
            why = os.strerror(error.errno) if error.errno else "no answer"
            raise MarketAbsent(f"{settings.host}:{settings.port}: {why}") from error
        try:
            await self._converse(_Line(reader, writer))
        finally:
            writer.close()

    async def _converse(self, line: _Line) -> None:
        version = await self._log_in(line)
        self._find(line, version)
        await run_until_one_ends(listen=self._listen(line), heartbeat=self._watch_heartbeat(line))

    async def _log_in(self, line: _Line) -> int:
        line.greet()
        async with asyncio.timeout(GREETING_SECONDS):
            version = int((await line.next())[0])
        line.ask(Question.START_API, 2, self._settings.upstream_client_id, "")
        # What is wrong with the gateway it says before it answers the first question.
        line.ask(Question.CURRENT_TIME, 1)
        async with asyncio.timeout(CONNECT_SECONDS):
            while (fields := await line.next())[0] != str(Answer.CURRENT_TIME):
                _check(fields)
        return version

    async def _listen(self, line: _Line) -> None:
        gateway = self._server.gateway
        while True:
            for fields in await line.some():
                _check(fields)
                if fields[0] == str(Answer.CURRENT_TIME):
                    self._beats = 0
                self._relay.hear(fields)
            gateway.let_prices_act()
            self._server.flush()

    async def _watch_heartbeat(self, line: _Line) -> None:
        self._beats = 0
        while self._beats < 2:
            self._beats += 1
            line.ask(Question.CURRENT_TIME, 1)
            await asyncio.sleep(HEARTBEAT_SECONDS)
        raise MarketAway("the gateway does not answer")

    def _find(self, line: _Line, version: int) -> None:
        logger.info("market found version=%s", version)
        self.away = ""
        self._relay.begin(line.ask, version)
        self._server.market_came(version)

    def _lose(self, reason: str) -> None:
        if self.away != reason:
            logger.warning("market away reason=%s", reason)
        self.away = reason
        self._relay.end()
        self._server.market_went()


class _Line:
    """One connection's bytes as messages."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._buffer = bytearray()
        self._waiting: list[list[str]] = []

    def greet(self) -> None:
        self._writer.write(upstream_talk.GREETING)

    def ask(self, question: Question, *fields: Value) -> None:
        self._writer.write(upstream_talk.said(question, *fields))

    async def next(self) -> list[str]:
        while not self._waiting:
            self._waiting = await self.some()
        return self._waiting.pop(0)

    async def some(self) -> list[list[str]]:
        """Return the messages that are there, at least one.

        Raises:
            MarketAway: the gateway closed the connection.
        """
        found, self._waiting = self._waiting, []
        while not found:
            chunk = await self._reader.read(_CHUNK_BYTES)
            if not chunk:
                raise MarketAway("the gateway closed the connection")
            self._buffer += chunk
            found = [
                payload.decode(errors="replace").removesuffix("\0").split("\0")
                for payload in split_frames(self._buffer)
            ]
        return found


def _check(fields: list[str]) -> None:
    if fields[0] != str(Answer.ERROR) or len(fields) < 5 or fields[2] != "-1":
        return
    code = fields[3]
    if code in LOST_CODES:
        raise MarketAway("the gateway lost IBKR's servers")
    if code == _FARM_LOST_CODE and fields[4].endswith(_OPTIONS_FARM):
        raise MarketAway("the gateway gets no quotes of options")
    if code in BACK_CODES:
        raise MarketAway("the gateway has IBKR's servers back")
    if code in NOT_READY_CODES:
        raise MarketAway(f"{code} {fields[4]}")
