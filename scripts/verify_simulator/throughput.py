"""How fast the simulator is, and whether it stays small: run by scripts/bench-simulator.

Four figures: the round trip of a bare echo server, the time from placeOrder to the first
orderStatus back to back through a raw socket and through ib_async, and a minute of 5,000 orders
with the simulator's memory every second.
"""

from __future__ import annotations

import asyncio
import json
import logging
import multiprocessing
import socket
import statistics
import struct
import sys
import time
from pathlib import Path

import ib_async

ORDERS_PER_MINUTE = 5000
BACK_TO_BACK = 3000
SETTLED_AFTER_SECONDS = 10
#: How much the memory may grow after that, in per cent.
FLAT_PERCENT = 5.0

#: A limit order on an option as ib_async sends it at version 178: before and after side and price.
HEAD = "0|SPY|OPT|20260320|685.0|C|100|SMART||USD||SPY|||"
TAIL = (
    "||DAY||DU1234567|O|0|bench|1|0|0|0|0|0|0|0||0.0|||||||0||-1|0|||0|||0|0||0||||||0|||||0|||||||"
    "||||0|||0|0|||0||0|0|0|0|||||||0|||||||||0|0|0|0|||0|||"
)


class Wire:
    """A client of nothing but bytes."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.socket.sendall(b"API\0\0\0\0\x09v157..178")
        self.read()
        self.send("71|2|41||")
        self.read_until(b"9")

    def send(self, fields: str) -> None:
        payload = fields.replace("|", "\0").encode()
        self.socket.sendall(struct.pack(">I", len(payload)) + payload)

    def read(self) -> list[bytes]:
        while len(self.buffer) < 4 or len(self.buffer) < 4 + self.length():
            self.buffer += self.socket.recv(65536)
        end = 4 + self.length()
        payload, self.buffer = self.buffer[4:end], self.buffer[end:]
        return payload.split(b"\0")

    def length(self) -> int:
        return int.from_bytes(self.buffer[:4], "big")

    def read_until(self, message_id: bytes) -> list[bytes]:
        while (fields := self.read())[0] != message_id:
            pass
        return fields

    def place(self, order_id: int, side: str, price: str) -> float:
        """Place an order and return the seconds until its first status."""
        begun = time.perf_counter()
        self.send(f"3|{order_id}|{HEAD}{side}|1|LMT|{price}{TAIL}")
        while self.read_until(b"3")[1] != str(order_id).encode():
            pass
        return time.perf_counter() - begun


class Echo(asyncio.Protocol):
    """Sends back what it gets."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        assert isinstance(self.transport, asyncio.Transport)
        self.transport.write(data)


async def serve_echo(listener: socket.socket) -> None:
    server = await asyncio.get_running_loop().create_server(Echo, sock=listener)
    await server.serve_forever()


def echo_round_trips() -> list[float]:
    listener = socket.create_server(("127.0.0.1", 0))
    child = multiprocessing.get_context("fork").Process(
        target=lambda: asyncio.run(serve_echo(listener)), daemon=True
    )
    child.start()
    client = socket.create_connection(listener.getsockname())
    seconds = []
    for _ in range(BACK_TO_BACK):
        begun = time.perf_counter()
        client.sendall(b"x" * 300)
        client.recv(65536)
        seconds.append(time.perf_counter() - begun)
    child.kill()
    return seconds


async def through_ib_async(port: int) -> list[float]:
    ib = ib_async.IB()
    await ib.connectAsync("127.0.0.1", port, clientId=42, timeout=20)
    ib.client.MaxRequests = 0
    option = ib_async.Option("SPY", "20260320", 685, "C", "SMART", currency="USD")
    (contract,) = await ib.qualifyContractsAsync(option)
    seconds = []
    for _ in range(BACK_TO_BACK):
        told = asyncio.Event()
        order = ib_async.LimitOrder("BUY", 1, 0.01, tif="DAY")
        begun = time.perf_counter()
        trade = ib.placeOrder(contract, order)
        trade.statusEvent += lambda _, told=told: told.set()
        await told.wait()
        seconds.append(time.perf_counter() - begun)
    ib.client.reqGlobalCancel()
    await ib.reqCurrentTimeAsync()
    ib.disconnect()
    return seconds


def resident_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise LookupError("expected VmRSS in the status of the simulator")


def a_minute_of_orders(wire: Wire, first_id: int, pid: int) -> tuple[list[float], list[float]]:
    seconds, memory = [], []
    begun = time.perf_counter()
    for number in range(ORDERS_PER_MINUTE):
        due = begun + number * 60 / ORDERS_PER_MINUTE
        time.sleep(max(0.0, due - time.perf_counter()))
        side, price = ("BUY", "0.43") if number % 2 == 0 else ("SELL", "0.42")
        seconds.append(wire.place(first_id + number, side, price))
        if time.perf_counter() - begun > len(memory):
            memory.append(resident_mib(pid))
    return seconds, memory


def show(what: str, seconds: list[float]) -> None:
    ordered = sorted(seconds)
    median, late = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
    figures = f"median {median * 1e3:6.3f} ms   p99 {late * 1e3:6.3f} ms"
    print(f"{what:<44} {figures}   max {ordered[-1] * 1e3:7.2f} ms   n {len(ordered)}", flush=True)


def quote(control: str) -> None:
    asked = {"command": "quote", "underlying": "SPY", "expiry": "2026-03-20", "strike": "685"}
    asked |= {"right": "C", "bid": "0.42", "ask": "0.43"}
    with socket.socket(socket.AF_UNIX) as line, line.makefile("rw") as lines:
        line.connect(control)
        lines.write(json.dumps(asked) + "\n")
        lines.flush()
        assert json.loads(lines.readline())["ok"]


def main(port: int, control: str, pid: int) -> int:
    logging.disable(logging.CRITICAL)
    quote(control)
    show("bare echo server, 300 bytes", echo_round_trips())
    wire = Wire(port)
    resting = [wire.place(number, "BUY", "0.01") for number in range(1, BACK_TO_BACK + 1)]
    show("placeOrder to orderStatus, raw socket", resting)
    wire.send("58|1|")
    show("placeOrder to orderStatus, ib_async", asyncio.run(through_ib_async(port)))
    paced, memory = a_minute_of_orders(wire, BACK_TO_BACK + 1, pid)
    show(f"{ORDERS_PER_MINUTE} orders in a minute, all filled", paced)
    settled, last = memory[SETTLED_AFTER_SECONDS], memory[-1]
    growth = (last / settled - 1) * 100
    is_flat = growth <= FLAT_PERCENT
    print(
        f"memory after {SETTLED_AFTER_SECONDS} s {settled:.1f} MiB, at the end {last:.1f} MiB"
        f" ({growth:+.1f} %): {'flat' if is_flat else 'GROWS'}"
    )
    return 0 if is_flat else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
