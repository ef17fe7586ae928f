import io
import json
from datetime import UTC, datetime

import pytest

from autoscalper.cli.replay import paced, time_of


def line(second: int | None) -> str:
    at = None if second is None else f"2026-03-18T09:45:{second:02d}-04:00"
    return json.dumps({"text": "x", "posted_at": at}) + "\n"


def gaps(lines: list[str], *, speed: float = 1.0, max_gap: float = 60.0) -> list[float]:
    return [gap for _, _, gap in paced(io.StringIO("".join(lines)), speed, max_gap)]


def test_posts_come_as_far_apart_as_they_were_written() -> None:
    assert gaps([line(0), line(10), line(12)]) == [0, 10, 2]


def test_a_factor_makes_it_faster_and_zero_leaves_no_gaps() -> None:
    assert gaps([line(0), line(10)], speed=4) == [0, 2.5]
    assert gaps([line(0), line(10)], speed=0) == [0, 0]


def test_long_gaps_are_cut() -> None:
    assert gaps([line(0), line(10)], max_gap=3) == [0, 3]


def test_lines_without_a_time_or_out_of_order_follow_at_once() -> None:
    assert gaps([line(5), "{\n", line(None), line(3), line(8)]) == [0, 0, 0, 0, 5]


def test_blank_lines_are_counted_and_not_put_in() -> None:
    numbers = [number for number, _, _ in paced(io.StringIO(f"\n{line(0)}  \n{line(1)}"), 1.0, 1.0)]
    assert numbers == [2, 4]


@pytest.mark.parametrize("field", ["posted_at", "ts"])
def test_both_formats_say_when_a_post_was_written(field: str) -> None:
    written = json.dumps({field: "2026-03-18T09:45:00-04:00"})
    assert time_of(written) == datetime(2026, 3, 18, 13, 45, tzinfo=UTC)


@pytest.mark.parametrize("text", ["{", "{}", '{"ts": "2026-03-18T09:45:00"}', '{"ts": "soon"}'])
def test_a_time_that_cannot_be_read_is_none(text: str) -> None:
    assert time_of(text) is None
