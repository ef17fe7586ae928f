"""What a reading costs after quiet minutes: is the connection to the model still there?

Two services are asked side by side, each through a relay that counts connections: a stand-in that
others wrote (aimock, on node, which closes what was quiet for 6 s and says so) and a plain HTTP/1.1
server that closes after 75 s and does not say so. First one reading a second, then nothing, then
one reading, and so on.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from decimal import Decimal

from autoscalper.domain.settings import ParserSettings, Secret
from autoscalper.parser.claims import Claim
from autoscalper.parser.llm_client import LlmClient
from autoscalper.parser.questions import Question
from autoscalper.runtime.clock import SystemClock
from tests.fakes.model_servers import a_claim, aimock
from tests.fakes.tcp_relay import TcpRelay, a_relay

#: Seconds after which the plain server closes a quiet connection.
_PATIENCE_SECONDS = 75.0


@dataclass
class Found:
    """What was seen at one service; times in milliseconds, from the question to the claim."""

    service: str
    busy_ms: list[float] = field(default_factory=list)
    after_quiet_ms: list[float] = field(default_factory=list)
    #: Connections opened while everything was busy, in the quiet, and by the reading after it.
    opened_busy: int = 0
    opened_in_quiet: int = 0
    opened_by_reading: int = 0


class Asked:
    """A client, the relay that it goes through, and what was found."""

    def __init__(self, service: str, client: LlmClient, relay: TcpRelay) -> None:
        self.found = Found(service)
        self._client = client
        self._relay = relay
        self._number = 0

    async def busy(self, readings: int) -> None:
        """Read once a second."""
        for _ in range(readings):
            self.found.busy_ms.append(await self._read())
            await asyncio.sleep(1)
        self.found.opened_busy = self._relay.connections

    async def quiet(self, seconds: float) -> None:
        """Read nothing for ``seconds`` and then one post."""
        before = self._relay.connections
        await asyncio.sleep(seconds)
        during = self._relay.connections
        self.found.after_quiet_ms.append(await self._read())
        self.found.opened_in_quiet += during - before
        self.found.opened_by_reading += self._relay.connections - during

    async def _read(self) -> float:
        self._number += 1
        started = time.perf_counter()
        claim = await self._client.ask(Question(post=f"post {self._number}"))
        if not isinstance(claim, Claim):
            raise SystemExit(f"{self.found.service}: {claim.reason}")
        return (time.perf_counter() - started) * 1000


async def measure(readings: int, quiet: float, rounds: int) -> list[Found]:
    """Return what ``rounds`` quiet times cost after ``readings`` busy seconds."""
    async with AsyncExitStack() as stack:
        others = stack.enter_context(aimock([]))
        plain = await stack.enter_async_context(a_plain_server())
        asked = []
        for service, port in (("aimock", others.port), ("plain HTTP/1.1", plain)):
            relay = await stack.enter_async_context(a_relay(port))
            client = await stack.enter_async_context(_a_client(relay.port))
            asked.append(Asked(service, client, relay))
        await asyncio.gather(*(each.busy(readings) for each in asked))
        for _ in range(rounds):
            await asyncio.gather(*(each.quiet(quiet) for each in asked))
        return [each.found for each in asked]


@asynccontextmanager
async def a_plain_server() -> AsyncIterator[int]:
    """Answer every question with the same claim; yields the port."""
    server = await asyncio.start_server(_answer_all, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    try:
        yield port
    finally:
        server.close()


async def _answer_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    message = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "any",
        "content": [{"type": "text", "text": a_claim()}], "stop_reason": "end_turn",
        "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1},
    }  # fmt: skip
    body = json.dumps(message).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    try:
        async with asyncio.timeout(None) as patience:
            while True:
                patience.reschedule(asyncio.get_running_loop().time() + _PATIENCE_SECONDS)
                asked = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(_length_of(asked))
                writer.write(head.encode() + b"\r\n\r\n" + body)
    except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def _length_of(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


@asynccontextmanager
async def _a_client(port: int) -> AsyncIterator[LlmClient]:
    settings = ParserSettings(
        anthropic_api_key=Secret("key"),
        anthropic_api_url=f"http://127.0.0.1:{port}/",
        llm_timeout_seconds=Decimal(4),
    )
    client = LlmClient(settings, SystemClock())
    await client.warm_up()
    warming = asyncio.ensure_future(client.keep_warm())
    try:
        yield client
    finally:
        warming.cancel()
        await client.close()


def table(found: Sequence[Found], quiet: float) -> str:
    """Return ``found`` as lines for people."""
    lines = [
        f"{'':16}{'busy ms':>10}{'worst':>8}{f'after {quiet:g} s':>14}{'worst':>8}"
        f"{'connections: busy':>20}{'quiet':>7}{'reading':>9}"
    ]
    for each in found:
        lines.append(
            f"{each.service:16}{statistics.median(each.busy_ms):10.1f}{max(each.busy_ms):8.1f}"
            f"{statistics.median(each.after_quiet_ms):14.1f}{max(each.after_quiet_ms):8.1f}"
            f"{each.opened_busy:20}{each.opened_in_quiet:7}{each.opened_by_reading:9}"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Measure, print, and return 1 if a reading after a quiet time had to open a connection."""
    parser = argparse.ArgumentParser(prog="bench-model", description=__doc__)
    parser.add_argument("--readings", type=int, default=60, help="seconds of one reading each")
    parser.add_argument("--quiet", type=float, default=130, help="seconds of quiet")
    parser.add_argument("--rounds", type=int, default=1, help="quiet times in a row")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    logging.disable(logging.WARNING)
    found = asyncio.run(measure(options.readings, options.quiet, options.rounds))
    if options.json:
        sys.stdout.write(json.dumps([asdict(each) for each in found]) + "\n")
    else:
        sys.stdout.write(table(found, options.quiet) + "\n")
    return 1 if any(each.opened_by_reading for each in found) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
