"""Posts at a steady pace, in blocks that alternate with the floor's, entries and their exits."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from tests.bench import figures, stamps
from tests.bench.figures import Series
from tests.bench.floor import BRACKET, SINGLE, Floor, a_floor
from tests.bench.ground import Contract, Ground, Written, entry, exit_of
from tests.bench.stamps import Way

#: What entries of a series rotate through, so that a trade is over before its contract comes again.
CONTRACTS = tuple(Contract("SPY", 650 + number) for number in range(20))
#: Seconds of one system's posts before it is the other's turn.
_BLOCK_SECONDS = 4.0
#: Fewest entries in a block.
_FEWEST = 3
#: Seconds between two blocks, in which what the last one began comes to rest.
REST_SECONDS = 0.5


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """A series to measure: a post every ``seconds``, ``entries`` of them entries."""

    name: str
    seconds: float
    entries: int

    @property
    def prefix(self) -> str:
        """What the ids of its posts begin with."""
        return "-".join(re.findall(r"\w+", self.name))

    @property
    def block(self) -> int:
        """How many entries are handed in before it is the floor's turn."""
        return max(_FEWEST, round(_BLOCK_SECONDS / self.seconds / 2))


def measure(ground: Ground, pace: Pace) -> list[Series]:
    """Return the series of the entries and that of the exits at ``pace``."""
    before = set(ground.handed)
    trade_of: dict[str, str] = {}
    refs: dict[str, list[str]] = {SINGLE: [], BRACKET: []}
    with a_floor(ground) as floor:
        done = 0
        while done < pace.entries:
            count = min(pace.block, pace.entries - done)
            trade_of |= _block(ground, pace, done, count)
            done += count
            for kind, known in refs.items():
                known += _floor_block(floor, pace, kind, len(known), count)
        floor_handed = floor.end()
    ground.await_taken()
    ground.until(lambda: _is_at_rest(ground, trade_of), "the last exit")
    ledger = ground.market.ask("ledger")["orders"]
    handed = {each: at for each, at in ground.handed.items() if each not in before}
    ways = stamps.ways(ground.data_dir, ledger, handed, trade_of)
    below = {
        kind: floor_ways(ledger, {ref: floor_handed[ref] for ref in known})
        for kind, known in refs.items()
    }
    entries = [way for each, way in ways.items() if each not in trade_of]
    exits = [way for each, way in ways.items() if each in trade_of]
    return [
        series(pace.name, entries, below),
        series(f"{pace.name}, exits", exits, below, has_bracket=False),
    ]


def series(
    name: str, ways: Sequence[Way], below: dict[str, list[Way]], *, has_bracket: bool = True
) -> Series:
    """Return the series of ``ways`` beside the floor's."""
    took = figures.between(ways, stamps.HEARD, stamps.ORDER)
    found = Series(
        name=name,
        order=figures.spread(took),
        floor=figures.spread(figures.between(below[SINGLE], stamps.HEARD, stamps.ORDER)),
        stages=figures.stages(ways),
    )
    if has_bracket:
        found.bracket = figures.spread(figures.between(ways, stamps.HEARD, stamps.BRACKET))
        wide = figures.between(below[BRACKET], stamps.HEARD, stamps.BRACKET)
        found.floor_bracket = figures.spread(wide)
    if len(took) < len(ways):
        found.more["posts without an order"] = len(ways) - len(took)
    return found


def floor_ways(ledger: Sequence[Mapping[str, Any]], handed: Mapping[str, datetime]) -> list[Way]:
    """Return the ways of the floor's posts."""
    read = {each["order_ref"]: datetime.fromisoformat(each["accepted_at"]) for each in ledger}
    found: list[Way] = []
    for ref, at in handed.items():
        legs = [read[each] for each in (ref, f"{ref}|T", f"{ref}|S") if each in read]
        found.append({stamps.HEARD: at, stamps.ORDER: legs[0], stamps.BRACKET: max(legs)})
    return found


def _block(ground: Ground, pace: Pace, first: int, count: int) -> dict[str, str]:
    trade_of = {}
    posts: list[Written] = []
    for number in range(first, first + count):
        contract = CONTRACTS[number % len(CONTRACTS)]
        bought = entry(f"{pace.prefix}.{number}", contract)
        sold = exit_of(bought, contract)
        trade_of[f"{sold.message_id}.1"] = f"{bought.message_id}.1"
        posts += (bought, sold)
    _at_pace([partial(ground.hand_in, [post]) for post in posts], pace.seconds)
    return trade_of


def _floor_block(floor: Floor, pace: Pace, kind: str, first: int, count: int) -> list[str]:
    refs = [f"{kind}.{pace.prefix}.{first + each}" for each in range(count)]
    _at_pace([partial(floor.hand_in, ref, kind) for ref in refs], pace.seconds)
    return refs


def _at_pace(steps: Sequence[Callable[[], None]], seconds: float) -> None:
    due = time.monotonic() + REST_SECONDS
    for step in steps:
        time.sleep(max(0.0, due - time.monotonic()))
        step()
        due += seconds
    time.sleep(REST_SECONDS)


def _is_at_rest(ground: Ground, trade_of: dict[str, str]) -> bool:
    decided = stamps.outcomes(ground.data_dir)
    return all(post in decided for pair in trade_of.items() for post in pair)
