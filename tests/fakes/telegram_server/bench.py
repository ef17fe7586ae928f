"""``scripts/bench-alert``: how long the operator waits, and whether trading waits for alert.

All processes are real; the gateway is the simulator, the chat is the stand-in.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from autoscalper.domain.identity import MessageId, post_id
from autoscalper.domain.instruction import CloseTrade, OpenTrade
from autoscalper.links.any_to_alert import FROM_BROKER, OutcomeDecided
from tests.fakes.home import until
from tests.fakes.telegram_server.stack import MORNING, Stack, a_stack, contract, terms_of

POSITIONS = 5
#: Entries of one condition before another has its turn, so that all see the same machine.
ENTRIES_A_MINUTE = 8
#: How often the figures are drawn again to know how far a difference is chance.
RESAMPLES = 2000
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


async def measure_hour(minutes: int) -> dict[str, Any]:
    """Return milliseconds from a signal to its order at the gateway, by alert's condition.

    A compressed hour: each condition has a stack of its own, which is in it from the first minute
    to the last; minute by minute they trade one after the other, and then their clocks go on to
    the next minute. What an hour without alert leaves behind is there, only the waiting is not.
    """
    figures: dict[str, list[float]] = {condition: [] for condition in CONDITIONS}
    async with AsyncExitStack() as stacks:
        floors = {}
        for condition in CONDITIONS:
            floors[condition] = Floor(await stacks.enter_async_context(a_stack()))
            # The first trades of a day look the contracts up, which no later ones do.
            await floors[condition].trade(MORNING)
            await _enter(floors[condition].stack, condition)
        for minute in range(1, minutes + 1):
            # In another order each minute, so that none is always after the same one.
            shift = minute % len(CONDITIONS)
            for condition in CONDITIONS[shift:] + CONDITIONS[:shift]:
                moment = MORNING + timedelta(minutes=minute)
                figures[condition] += await floors[condition].trade(moment)
        unread = {name: floor.notices() for name, floor in floors.items()}
        for floor in floors.values():
            floor.close()
    well = figures["well"]
    return {
        "minutes": minutes,
        "entries": len(well),
        "notices": unread,
        "signal_to_order_ms": {
            name: _spread(values) | _against(well, values) for name, values in figures.items()
        },
    }


class Floor:
    """One stack's trades in the same few contracts, minute by minute."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._round = 0
        # Alert may be dead: the broker's own log tells.
        path = f"file:{stack.home.data_dir / 'broker.db'}?mode=ro"
        self._reader = sqlite3.connect(path, uri=True)

    async def trade(self, moment: datetime) -> list[float]:
        """Return the milliseconds of the entries at ``moment``; nothing is open after it."""
        stack = self.stack
        stack.clock.move_to(moment)
        self._round += 1
        # The same price again would be the same alert again.
        price = str(Decimal("1.00") + Decimal("0.01") * self._round)
        for number in range(ENTRIES_A_MINUTE):
            stack.quote(contract(number), str(Decimal(price) - Decimal("0.02")), price)
        entries = [await self._entry(number, price) for number in range(ENTRIES_A_MINUTE)]
        took = self._durations(entries)
        for number in range(ENTRIES_A_MINUTE):
            stack.signal(CloseTrade(contract=terms_of(contract(number))))
        await until(lambda: not any(stack.positions().values()), "a flat account")
        # Trades that are closed have all their notices; then the stack is at rest.
        closed = ENTRIES_A_MINUTE * self._round
        await until(lambda: self._count("closed ") >= closed, "trades that are closed")
        return took

    def notices(self) -> int:
        """Return how many notices the broker has for alert."""
        return self._count("")

    def close(self) -> None:
        """Let go of the broker's file."""
        self._reader.close()

    async def _entry(self, number: int, price: str) -> tuple[datetime, str]:
        """Return when the signal was given, and the reference of the order that came of it."""
        entry = OpenTrade(contract=terms_of(contract(number)), price=Decimal(price))
        began = self.stack.clock.now()
        message_id = self.stack.signal(entry)
        await until(lambda: self._outcome_of(message_id), "an order")
        decided = self._outcome_of(message_id)
        assert decided is not None and decided.trade_id is not None, decided
        return began, f"AS1|{decided.trade_id}|E0"

    def _durations(self, entries: list[tuple[datetime, str]]) -> list[float]:
        orders = self.stack.market.ask("ledger")["orders"]
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

    def _count(self, beginning: str) -> int:
        query = "SELECT COUNT(*) FROM entries WHERE log = ? AND substr(key, 1, ?) = ?"
        given = (FROM_BROKER.name, len(beginning), beginning)
        (count,) = self._reader.execute(query, given).fetchone()
        return int(count)


async def _enter(stack: Stack, condition: str) -> None:
    if condition == "unheard":
        await stack.server.go_away()
    elif condition == "hung":
        stack.freeze("alert")
    elif condition == "dead":
        stack.home.kill("alert")


def _says_done(question: Any) -> Callable[[], bool]:
    return lambda: "Done" in question.text


def _spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "median": round(statistics.median(ordered), 3),
        "p95": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], 3),
        "max": round(ordered[-1], 3),
    }


def _against(well: list[float], values: list[float]) -> dict[str, float]:
    """Return how much longer the median is, with an interval that holds it 19 times of 20."""
    chance = random.Random(1)
    differences = sorted(
        statistics.median(chance.choices(values, k=len(values)))
        - statistics.median(chance.choices(well, k=len(well)))
        for _ in range(RESAMPLES)
    )
    return {
        "longer": round(statistics.median(values) - statistics.median(well), 3),
        "at_least": round(differences[RESAMPLES // 40], 3),
        "at_most": round(differences[-RESAMPLES // 40], 3),
    }


def _table(figures: dict[str, Any]) -> str:
    lines = []
    if "closings" in figures:
        lines.append(f"{figures['closings']} times {figures['positions']} positions, seconds")
        lines.append(f"{'from the button':<18}{'median':>9}{'p95':>9}{'max':>9}")
        for name, key in (("to flat", "flat_seconds"), ("to the report", "reported_seconds")):
            lines.append(f"{name:<18}" + _numbers(figures[key], ("median", "p95", "max")))
    if "minutes" in figures:
        columns = ("median", "p95", "max", "longer", "at_least", "at_most")
        head = f"{figures['minutes']} minutes, {figures['entries']} entries in each condition"
        lines.append(f"{head}, signal to order, ms")
        names = "".join(f"{each.replace('_', ' '):>9}" for each in columns)
        lines.append(f"{'alert':<18}{names}{'notices':>9}")
        for name, spread in figures["signal_to_order_ms"].items():
            told = figures["notices"][name]
            lines.append(f"{name:<18}{_numbers(spread, columns)}{told:>9}")
    return "\n".join(lines)


def _numbers(spread: dict[str, float], columns: tuple[str, ...]) -> str:
    return "".join(f"{spread[each]:>9.3f}" for each in columns)


async def main(arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure what was asked for."""
    both = arguments.closings is None and arguments.minutes is None
    figures: dict[str, Any] = {}
    if both or arguments.closings is not None:
        figures |= await measure_closings(arguments.closings or 20)
    if both or arguments.minutes is not None:
        figures |= await measure_hour(arguments.minutes or 60)
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="bench-alert", description=__doc__)
    parser.add_argument("--closings", type=int, help="how often five positions are closed")
    parser.add_argument("--minutes", type=int, help="of trading in each condition of alert")
    parser.add_argument("--json", action="store_true", help="the figures for a program")
    given = parser.parse_args()
    found = asyncio.run(main(given))
    sys.stdout.write((json.dumps(found) if given.json else _table(found)) + "\n")
