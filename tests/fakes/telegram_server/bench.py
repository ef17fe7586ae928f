"""``scripts/bench-alert``: how long the operator waits, and whether trading waits for alert.

All processes are real; the gateway is the simulator, the chat is the stand-in.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from autoscalper.domain.identity import MessageId, post_id
from autoscalper.links import any_to_alert
from tests.fakes.home import until
from tests.fakes.telegram_server.stack import Stack, a_stack

POSITIONS = 5
#: Entries of one condition before another has its turn, so that both see the same machine.
ROUND = 25
CONDITIONS = ("well", "well again", "unheard", "hung", "dead")


async def measure_closings(count: int) -> dict[str, Any]:
    """Return the seconds from the pressed button to a flat account and to the report."""
    flat, told = [], []
    async with a_stack() as stack:
        for number in range(count):
            await stack.hold(POSITIONS, first=POSITIONS * number)
            question = await stack.question()
            pressed = time.monotonic()
            stack.server.chats.press(question, "Yes")
            await until(lambda: not any(stack.positions().values()), "a flat account")
            flat.append(time.monotonic() - pressed)
            await until(_says_done(question), "the report")
            told.append(time.monotonic() - pressed)
    return {
        "closings": count,
        "positions": POSITIONS,
        "flat_seconds": _spread(flat),
        "reported_seconds": _spread(told),
    }


async def measure_entries(count: int) -> dict[str, Any]:
    """Return milliseconds from a signal to its order, by alert's condition, round by round."""
    figures: dict[str, list[float]] = {condition: [] for condition in CONDITIONS}
    numbers = iter(range(100_000))
    async with a_stack() as stack:
        while len(figures[CONDITIONS[-1]]) < count:
            for condition in CONDITIONS:
                await _enter(stack, condition)
                figures[condition] += await _entries(stack, numbers)
                await _leave(stack, condition)
    return {
        "entries": count,
        "signal_to_order_ms": {name: _spread(values) for name, values in figures.items()},
    }


async def _enter(stack: Stack, condition: str) -> None:
    match condition:
        case "unheard":
            await stack.server.go_away()
        case "hung":
            stack.freeze("alert")
        case "dead":
            stack.home.kill("alert")


async def _leave(stack: Stack, condition: str) -> None:
    match condition:
        case "unheard":
            await stack.server.come_back()
        case "hung":
            stack.thaw("alert")
        case "dead":
            await stack.start("alert")


async def _entries(stack: Stack, numbers: Iterator[int]) -> list[float]:
    took = []
    for _ in range(ROUND):
        # Few contracts: each is a trade of its own, and closed before it comes again.
        number = next(numbers)
        began = stack.clock.now()
        message_id = stack.enter(number % 200)
        await until(lambda message_id=message_id: _ordered_at(stack, message_id), "an order")
        ordered_at = _ordered_at(stack, message_id)
        assert ordered_at is not None
        took.append((ordered_at - began).total_seconds() * 1000)
    return took


def _ordered_at(stack: Stack, message_id: str) -> datetime | None:
    """Return when the broker kept the intent, from its own log: alert may be dead."""

    with sqlite3.connect(f"file:{stack.home.data_dir / 'broker.db'}?mode=ro", uri=True) as reader:
        row = reader.execute(
            "SELECT payload FROM entries WHERE log = ? AND key = ?",
            (any_to_alert.FROM_BROKER.name, f"outcome {post_id(MessageId(message_id), 1)}"),
        ).fetchone()
    if row is None:
        return None
    decided = any_to_alert.FROM_BROKER.decode(row[0])
    assert isinstance(decided, any_to_alert.OutcomeDecided)
    assert decided.ordered_at is not None, decided.outcome
    return decided.ordered_at


def _says_done(question: Any) -> Callable[[], bool]:
    return lambda: "Done" in question.text


def _spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "median": round(statistics.median(ordered), 3),
        "p95": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], 3),
        "max": round(ordered[-1], 3),
    }


async def main(arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure what was asked for."""
    both = arguments.closings is None and arguments.entries is None
    figures: dict[str, Any] = {}
    if both or arguments.closings is not None:
        figures |= await measure_closings(arguments.closings or 20)
    if both or arguments.entries is not None:
        figures |= await measure_entries(arguments.entries or 200)
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="bench-alert", description=__doc__)
    parser.add_argument("--closings", type=int, help="how often five positions are closed")
    parser.add_argument("--entries", type=int, help="entries in each condition of alert")
    parser.add_argument("--json", action="store_true", help="on one line")
    given = parser.parse_args()
    found = asyncio.run(main(given))
    sys.stdout.write(json.dumps(found, indent=None if given.json else 2) + "\n")
