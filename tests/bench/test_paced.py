"""The benchmark itself, with a handful of posts: what it measures is there and in its order."""

from __future__ import annotations

from tests.bench import paced, stamps
from tests.bench.ground import a_ground
from tests.bench.paced import CONTRACTS, Pace


def test_every_post_of_a_short_run_is_followed_to_its_order() -> None:
    with a_ground() as ground:
        ground.quote(CONTRACTS)
        entries, exits = paced.measure(ground, Pace(name="short", seconds=0.3, entries=5))
    assert (entries.order.n, exits.order.n) == (5, 5)
    assert entries.more == exits.more == {}
    assert entries.floor is not None and entries.floor.n == 5
    assert entries.floor.p50 > 0
    assert entries.bracket is not None and entries.bracket.p50 >= entries.order.p50
    assert set(stamps.POINTS[1:]) == set(entries.stages)
