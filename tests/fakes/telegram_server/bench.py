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
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from autoscalper.domain.identity import MessageId, post_id
from autoscalper.domain.instruction import CloseTrade, OpenTrade
from autoscalper.links.any_to_alert import FROM_BROKER, OutcomeDecided
from tests.fakes.home import until
from tests.fakes.telegram_server.stack import Stack, a_stack, contract, terms_of

POSITIONS = 5
#: Entries of one condition before another has its turn, so that both see the same machine.
ROUND = 20
#: Seconds after a round in which trades are settled and nothing is measured.
SETTLE_SECONDS = 1.5
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
    """Return milliseconds from a signal to its order at the gateway, by alert's condition."""
    figures: dict[str, list[float]] = {condition: [] for condition in CONDITIONS}
    async with a_stack() as stack:
        orders = Orders(stack)
        # The first round of a day looks the contracts up, which no later one does.
        await orders.take_round()
        while len(figures[CONDITIONS[-1]]) < count:
            for condition in CONDITIONS:
                await _enter(stack, condition)
                figures[condition] += await orders.take_round()
                await _leave(stack, condition)
        orders.close()
    return {
        "entries": count,
        "signal_to_order_ms": {name: _spread(values) for name, values in figures.items()},
    }


class Orders:
    """Entries in the same few contracts, round after round, and what the broker kept of them."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._round = 0
        # Alert may be dead: the broker's own log tells.
        path = f"file:{stack.home.data_dir / 'broker.db'}?mode=ro"
        self._reader = sqlite3.connect(path, uri=True)

    async def take_round(self) -> list[float]:
        """Return the milliseconds of one round's entries; nothing is open after it."""
        self._round += 1
        # The same price again would be the same alert again.
        price = str(Decimal("1.00") + Decimal("0.01") * self._round)
        for number in range(ROUND):
            self._stack.quote(contract(number), str(Decimal(price) - Decimal("0.02")), price)
        entries = [await self._entry(number, price) for number in range(ROUND)]
        took = self._durations(entries)
        for number in range(ROUND):
            self._stack.signal(CloseTrade(contract=terms_of(contract(number))))
        await until(lambda: not any(self._stack.positions().values()), "a flat account")
        await asyncio.sleep(SETTLE_SECONDS)
        return took

    def close(self) -> None:
        """Let go of the broker's file."""
        self._reader.close()

    async def _entry(self, number: int, price: str) -> tuple[datetime, str]:
        """Return when the signal was given, and the reference of the order that came of it."""
        entry = OpenTrade(contract=terms_of(contract(number)), price=Decimal(price))
        began = self._stack.clock.now()
        message_id = self._stack.signal(entry)
        await until(lambda: self._outcome_of(message_id), "an order")
        decided = self._outcome_of(message_id)
        assert decided is not None and decided.trade_id is not None, decided
        return began, f"AS1|{decided.trade_id}|E0"

    def _durations(self, entries: list[tuple[datetime, str]]) -> list[float]:
        orders = self._stack.market.ask("ledger")["orders"]
        accepted = {each["order_ref"]: each["accepted_at"] for each in orders}
        return [
            (datetime.fromisoformat(accepted[reference]) - began).total_seconds() * 1000
            for began, reference in entries
        ]

    def _outcome_of(self, message_id: str) -> OutcomeDecided | None:
        row = self._reader.execute(
            "SELECT payload FROM entries WHERE log = ? AND key = ?",
            (FROM_BROKER.name, f"outcome {post_id(MessageId(message_id), 1)}"),
        ).fetchone()
        if row is None:
            return None
        decided = FROM_BROKER.decode(row[0])
        assert isinstance(decided, OutcomeDecided)
        return decided


async def _enter(stack: Stack, condition: str) -> None:
    if condition == "unheard":
        await stack.server.go_away()
    elif condition == "hung":
        stack.freeze("alert")
    elif condition == "dead":
        stack.home.kill("alert")


async def _leave(stack: Stack, condition: str) -> None:
    if condition == "unheard":
        await stack.server.come_back()
    elif condition == "hung":
        stack.thaw("alert")
    elif condition == "dead":
        await stack.start("alert")


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
