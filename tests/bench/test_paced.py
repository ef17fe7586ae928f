"""The benchmark itself, with a handful of posts: what it measures is there and in its order."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from tests.bench import paced, stamps
from tests.bench.ground import a_ground
from tests.bench.paced import CONTRACTS, Pace
from tests.bench.test_figures import BEGAN


def test_every_post_of_a_short_run_is_followed_to_its_order() -> None:
    with a_ground() as ground:
        ground.quote(CONTRACTS)
        entries, exits, first = paced.measure(ground, Pace(name="short", seconds=0.3, entries=5))
        legs = _bracket_sizes(ground.market.ask("ledger")["orders"])
    assert (entries.order.n, exits.order.n, first.order.n) == (5, 5, 5)
    assert entries.more == exits.more == first.more == {}
    assert entries.floor is not None and entries.floor.n == 5
    assert entries.floor.p50 > 0
    assert exits.floor is not None and exits.floor == first.floor != entries.floor
    # Ours and the floor's.
    assert len(legs) == 10 and set(legs.values()) == {4}
    # The sale waits until what rests is gone.
    assert exits.order.p50 > first.order.p50
    assert set(stamps.POINTS[1:]) == set(entries.stages) == set(exits.stages)


def test_an_exit_comes_some_posts_after_its_entry_and_before_the_contract_comes_again() -> None:
    pace = Pace(name="20 ms", seconds=0.02, entries=100)
    posts, trade_of = paced.posts_of(pace, 100, 100)
    places = {f"{post.message_id}.1": place for place, post in enumerate(posts)}
    assert len(posts) == len(places) == 200
    assert len(trade_of) == 100
    for sold, bought in trade_of.items():
        again = f"20-ms.{int(bought.split('.')[1]) + len(CONTRACTS)}.1"
        assert places[bought] + 5 <= places[sold] < places.get(again, 200)


def test_at_a_slow_pace_the_exit_is_the_next_post() -> None:
    posts, _ = paced.posts_of(Pace(name="2 s", seconds=2.0, entries=2), 0, 2)
    assert [post.message_id for post in posts] == ["2-s.0", "2-s.0x", "2-s.1", "2-s.1x"]


def test_the_way_of_the_floor_ends_with_the_last_leg_of_its_bracket() -> None:
    ledger = [
        {"order_ref": f"bracket.1{leg}", "accepted_at": _after(milliseconds).isoformat()}
        for leg, milliseconds in (("", 2), ("|T", 3), ("|F", 4), ("|S", 5))
    ]
    (way,) = paced.floor_ways(ledger, {"bracket.1": BEGAN})
    assert way[stamps.FIRST] == _after(2)
    found = paced.series("20 ms", [way], [way])
    assert found.floor is not None
    assert found.order.p50 == found.floor.p50 == 5.0
    assert paced.series("first", [way], [way], stamps.FIRST).order.p50 == 2.0


def _bracket_sizes(ledger: list[dict[str, Any]]) -> dict[tuple[int, int], int]:
    legs = Counter((each["client_id"], each["parent_id"]) for each in ledger if each["parent_id"])
    return {parent: children + 1 for parent, children in legs.items()}


def _after(milliseconds: float) -> datetime:
    return BEGAN + timedelta(milliseconds=milliseconds)
