"""An exit behind a burst of entries, at the pace that IBKR allows, beside an exit in silence."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from tests.bench import burst, figures, stamps
from tests.bench.figures import Series
from tests.bench.ground import Contract, Ground, Written, a_ground, entry, exit_of
from tests.bench.stamps import Way

#: What IBKR takes, with the margin that is the default.
PACE = {"IBKR_MAX_MESSAGES": "45", "SIMULATOR_MAX_MESSAGES": "50", "ENTRY_MAX_AGE_SECONDS": "30"}
ENTRIES = 300
#: Sold one after the other in silence, and the last one behind the burst.
HELD = tuple(Contract("SPY", 690 + number) for number in range(5))
_SILENCE_SECONDS = 1.0


def measure(rounds: int) -> list[Series]:
    """Return the series of exits in silence and of ``rounds`` exits behind 300 entries each.

    Each is told up to its sale, and up to the first message that leaves for it.

    A burst is never sent whole before its entries are too old; what matters here is the exit.
    """
    idle: list[Way] = []
    behind: list[Way] = []
    for _ in range(rounds):
        with a_ground(PACE) as ground:
            ground.quote(burst.CONTRACTS)
            ground.hold(HELD, "held")
            for number in range(len(HELD) - 1):
                time.sleep(_SILENCE_SECONDS)
                idle.append(_exit(ground, number, []))
            posts = [_burst_entry(f"burst{each}", each) for each in range(ENTRIES)]
            behind.append(_exit(ground, len(HELD) - 1, posts))
    return [*_series("exit in silence", idle), *_series(f"exit behind {ENTRIES} entries", behind)]


def _exit(ground: Ground, number: int, posts: Sequence[Written]) -> Way:
    bought = f"held{number}"
    sold = exit_of(entry(bought, HELD[number]), HELD[number])
    ground.hand_in([*posts, sold])
    ground.await_taken()
    ground.until(lambda: stamps.WHOLE in _way(ground, sold, bought), "the exit at the gateway")
    return _way(ground, sold, bought)


def _burst_entry(message_id: str, place: int) -> Written:
    return entry(message_id, burst.CONTRACTS[place % len(burst.CONTRACTS)])


def _way(ground: Ground, sold: Written, bought: str) -> Way:
    post = f"{sold.message_id}.1"
    handed = {post: ground.handed[post]}
    ledger = ground.market.ask("ledger")["orders"]
    return stamps.ways(ground.data_dir, ledger, handed, {post: f"{bought}.1"})[post]


def _series(name: str, ways: Sequence[Way]) -> Iterator[Series]:
    for point, title in ((stamps.WHOLE, name), (stamps.FIRST, f"{name}, first message")):
        took = figures.between(ways, stamps.POINTS[0], point)
        yield Series(name=title, order=figures.spread(took))
