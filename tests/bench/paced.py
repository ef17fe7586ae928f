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
from tests.bench.floor import BRACKET, CHILDREN, SINGLE, Floor, a_floor
from tests.bench.ground import Contract, Ground, Written, entry, exit_of
from tests.bench.stamps import Way

#: What entries of a series rotate through, so that a trade is over before its contract comes again.
CONTRACTS = tuple(Contract("SPY", 650 + number) for number in range(20))
#: Seconds of one system's posts before it is the other's turn.
_BLOCK_SECONDS = 4.0
#: Seconds at least from an entry to its exit where posts come faster than that.
_HELD_SECONDS = 0.2
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
    def held(self) -> int:
        """How many entries further its exit comes.

        Where a process rests for a moment, an exit close behind its entry is read together with it
        and calls it off, as it should; what is measured are trades.
        """
        return round(_HELD_SECONDS / self.seconds / 2)

    @property
    def block(self) -> int:
        """How many entries are handed in before it is the floor's turn."""
        return max(_FEWEST, round(_BLOCK_SECONDS / self.seconds / 2))


def measure(ground: Ground, pace: Pace) -> list[Series]:
    """Return the series of the entries, of the exits, and of the exits' first messages.

    An entry's bracket is compared with the floor's bracket, what an exit sends with its one order.
    """
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
        series(pace.name, entries, below[BRACKET]),
        series(f"{pace.name}, exits", exits, below[SINGLE]),
        series(f"{pace.name}, exits, first message", exits, below[SINGLE], stamps.FIRST),
    ]


def series(
    name: str, ways: Sequence[Way], below: Sequence[Way], point: str = stamps.WHOLE
) -> Series:
    """Return the series of ``ways`` up to ``point`` beside the floor's whole orders."""
    took = figures.between(ways, stamps.HEARD, point)
    found = Series(
        name=name,
        order=figures.spread(took),
        floor=figures.spread(figures.between(below, stamps.HEARD, stamps.WHOLE)),
        stages=figures.stages(ways) if point == stamps.WHOLE else {},
    )
    if len(took) < len(ways):
        found.more["posts without an order"] = len(ways) - len(took)
    return found


def floor_ways(ledger: Sequence[Mapping[str, Any]], handed: Mapping[str, datetime]) -> list[Way]:
    """Return the ways of the floor's posts."""
    read = {each["order_ref"]: datetime.fromisoformat(each["accepted_at"]) for each in ledger}
    found: list[Way] = []
    for ref, at in handed.items():
        named = (f"{ref}{ending}" for ending in ("", *CHILDREN))
        legs = [read[each] for each in named if each in read]
        found.append({stamps.HEARD: at, stamps.FIRST: legs[0], stamps.WHOLE: max(legs)})
    return found


def posts_of(pace: Pace, first: int, count: int) -> tuple[list[Written], dict[str, str]]:
    """Return the posts of one block in their order, and the entry that each exit is about."""
    trade_of = {}
    posts: list[Written] = []
    for number in range(first, first + count + pace.held):
        if number < first + count:
            posts.append(_entry(pace, number))
        if number >= first + pace.held:
            bought = _entry(pace, number - pace.held)
            sold = exit_of(bought, _contract(number - pace.held))
            trade_of[f"{sold.message_id}.1"] = f"{bought.message_id}.1"
            posts.append(sold)
    return posts, trade_of


def _block(ground: Ground, pace: Pace, first: int, count: int) -> dict[str, str]:
    posts, trade_of = posts_of(pace, first, count)
    _at_pace([partial(ground.hand_in, [post]) for post in posts], pace.seconds)
    return trade_of


def _entry(pace: Pace, number: int) -> Written:
    return entry(f"{pace.prefix}.{number}", _contract(number))


def _contract(number: int) -> Contract:
    return CONTRACTS[number % len(CONTRACTS)]


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
