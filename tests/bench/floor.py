"""The least that the same promise costs: one process, one durable intent, ib_async's placeOrder.

Run as a process, it takes one post a line on standard input and writes nothing until told to end.
A post is kept as an intent in SQLite (WAL, synchronous=FULL) and placed with ``IB.placeOrder`` of
ib_async: an order alone, or the four of AutoScalper's bracket, which are an entry, its target, its
sale for the last day and its stop. The orders rest below the market and are cancelled soon after,
so that they do not meet AutoScalper's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import ib_async

from autoscalper.runtime.clock import ShiftedClock
from tests.bench.ground import EXPIRY, Ground

#: Orders of the floor by what they are, as the line says it.
SINGLE, BRACKET = "single", "bracket"
_CLIENT_ID = 41
_STRIKE = 615
_LIMIT, _STOP, _TARGET = 0.50, 0.40, 0.80
#: What a child's reference ends with: target, sale for the last day, stop.
CHILDREN = ("|T", "|F", "|S")
_LAST_DAY = f"{EXPIRY.replace('-', '')} 15:45:00 US/Eastern"
_CANCEL_SECONDS = 0.005
_SCHEMA = """
CREATE TABLE IF NOT EXISTS intents (
    ref TEXT PRIMARY KEY, order_id INTEGER NOT NULL UNIQUE, payload TEXT NOT NULL) WITHOUT ROWID;
"""


class Floor:
    """The floor's process as the measurement sees it."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self._child = child

    def hand_in(self, ref: str, kind: str) -> None:
        """Hand one post in."""
        assert self._child.stdin is not None
        self._child.stdin.write(f"{kind} {ref}\n")
        self._child.stdin.flush()

    def end(self) -> dict[str, datetime]:
        """End it and return when it had each post in hand."""
        said, _ = self._child.communicate(timeout=60)
        return {ref: datetime.fromisoformat(at) for ref, at in json.loads(said).items()}


@contextmanager
def a_floor(ground: Ground) -> Iterator[Floor]:
    """Run the floor at the gateway of ``ground``."""
    arguments = ("--port", str(ground.port), "--directory", str(ground.stage.directory))
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.floor", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == "ready\n", "the floor did not start"
        yield Floor(child)
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
        child.stdin.close() if child.stdin else None
        child.stdout.close()


class _Trader:
    def __init__(self, ib: ib_async.IB, contract: ib_async.Contract, store: Path) -> None:
        self._ib = ib
        self._contract = contract
        self._store = sqlite3.connect(store, isolation_level=None)
        self._store.execute("PRAGMA journal_mode=WAL")
        self._store.execute("PRAGMA synchronous=FULL")
        self._store.executescript(_SCHEMA)

    def place(self, ref: str, kind: str) -> None:
        orders = self._orders(ref, kind)
        self._store.execute("BEGIN IMMEDIATE")
        for order in orders:
            self._store.execute(
                "INSERT INTO intents VALUES (?, ?, ?)",
                (order.orderRef, order.orderId, f"{order.action} {order.lmtPrice}"),
            )
        self._store.execute("COMMIT")
        for order in orders:
            self._ib.placeOrder(self._contract, order)
        loop = asyncio.get_running_loop()
        loop.call_later(_CANCEL_SECONDS, self._ib.cancelOrder, orders[0])

    def _orders(self, ref: str, kind: str) -> list[ib_async.Order]:
        if kind == SINGLE:
            return [
                ib_async.LimitOrder(
                    "BUY", 1, _LIMIT, orderId=self._next_id(), orderRef=ref, tif="DAY"
                )
            ]
        entry = ib_async.LimitOrder("BUY", 1, _LIMIT, orderId=self._next_id(), orderRef=ref)
        target = ib_async.LimitOrder("SELL", 1, _TARGET)
        last_day = ib_async.MarketOrder("SELL", 1)
        last_day.conditions = [ib_async.TimeCondition(isMore=True, time=_LAST_DAY)]
        stop = ib_async.StopOrder("SELL", 1, _STOP)
        children = (target, last_day, stop)
        for ending, order in zip(CHILDREN, children, strict=True):
            order.orderId, order.parentId = self._next_id(), entry.orderId
            order.orderRef = f"{ref}{ending}"
        for order in (entry, *children):
            order.tif, order.transmit = "DAY", order is stop
        return [entry, *children]

    def _next_id(self) -> int:
        order_id: int = self._ib.client.getReqId()
        return order_id


async def _run(port: int, directory: Path) -> None:
    clock = ShiftedClock(directory / "run" / "clock")
    ib = ib_async.IB()
    ib.client.MaxRequests = 0
    await ib.connectAsync("127.0.0.1", port, clientId=_CLIENT_ID)
    wanted = ib_async.Option("QQQ", EXPIRY.replace("-", ""), _STRIKE, "C", "SMART", currency="USD")
    (contract,) = await ib.qualifyContractsAsync(wanted)
    assert isinstance(contract, ib_async.Contract)
    trader = _Trader(ib, contract, directory / "floor.db")
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    handed: dict[str, str] = {}
    while line := await reader.readline():
        at = clock.now()
        kind, ref = line.decode().split()
        trader.place(ref, kind)
        handed[ref] = at.isoformat()
    await asyncio.sleep(0.5)
    ib.disconnect()
    sys.stdout.write(json.dumps(handed))


def main(arguments: Sequence[str]) -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(prog="floor", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--directory", type=Path, required=True)
    options = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)
    asyncio.run(_run(options.port, options.directory))


if __name__ == "__main__":
    main(sys.argv[1:])
