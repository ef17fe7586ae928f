"""A day in fast-forward: what is posted, and a very short one through the real processes."""

from __future__ import annotations

from datetime import timedelta

from tests.bench import day
from tests.bench.day import Day
from tests.bench.ground import EXPIRY, MORNING


def test_all_of_a_day_is_posted_once_and_each_exit_after_its_entry() -> None:
    whole = Day(entries=30)
    ids = [post.message_id for number in range(20) for post in day.posts_of(whole, number)]
    assert len(ids) == len(set(ids)) == 30 + 30 + 150
    for number in range(30):
        # Something is said between the two, as they would be read together otherwise.
        assert ids.index(f"day.{number}") + 1 < ids.index(f"day.{number}x")


def test_a_day_is_over_long_before_the_contracts_end() -> None:
    last = MORNING + Day().slices * day.STEP
    assert last - MORNING <= timedelta(hours=4)
    assert last.date().isoformat() < EXPIRY


def test_memory_is_told_at_the_start_and_after_each_fifth() -> None:
    found = day.measure(Day(entries=5, slices=5))
    titles = [title.partition(":")[0] for title in found]
    assert titles == ["start", "1/5", "2/5", "3/5", "4/5", "5/5"]
    for row in found.values():
        assert set(row) == {"alert", "broker", "ingest", "parser", "watchdog", "supervisord"} | {
            "in all"
        }
        in_all = row.pop("in all")
        assert abs(in_all - sum(row.values())) < 0.1 and in_all > 50
