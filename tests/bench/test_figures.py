"""The arithmetic of the benchmark, on times that are made up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.bench import figures
from tests.bench.figures import Run, Series, Spread
from tests.bench.stamps import POINTS, Way

BEGAN = datetime(2026, 3, 18, 14, 0, tzinfo=UTC)


def a_way(*milliseconds: float) -> Way:
    moments = [BEGAN + timedelta(milliseconds=each) for each in milliseconds]
    return dict(zip(POINTS, moments, strict=False))


def a_series(p50: float, floor: float, **stages: float) -> Series:
    return Series(
        name="20 ms",
        order=Spread(n=100, p50=p50, p99=p50 * 3, max=p50 * 9),
        floor=Spread(n=100, p50=floor, p99=floor * 3, max=floor * 9),
        stages=stages,
    )


def test_quantiles_are_of_all_that_was_measured() -> None:
    found = figures.spread([float(each) for each in range(1, 201)])
    assert (found.n, found.p50, found.p99, found.max) == (200, 100.5, 199.0, 200.0)
    assert figures.spread([3.0]) == Spread(n=1, p50=3.0, p99=3.0, max=3.0)


def test_a_way_that_did_not_get_there_is_not_counted() -> None:
    ways = [a_way(0, 1, 2), a_way(0)]
    assert figures.between(ways, POINTS[0], POINTS[2]) == [2.0]


def test_each_stage_is_counted_from_the_one_before() -> None:
    assert figures.stages([a_way(0, 1, 1.5), a_way(0, 3, 3.5)]) == {POINTS[1]: 2.0, POINTS[2]: 0.5}


def test_a_slower_machine_is_not_worse_and_a_larger_ratio_is() -> None:
    before = Run(series=[a_series(2.0, 1.0)])
    assert figures.compared(Run(series=[a_series(4.0, 2.0)]), before) == []
    assert figures.compared(Run(series=[a_series(2.6, 1.0)]), before) == [
        "20 ms: median was 2.00 x the floor, is 2.60",
        "20 ms: 99 % was 2.00 x the floor, is 2.60",
    ]


def test_a_stage_whose_share_grew_by_half_is_pointed_out() -> None:
    before = Run(series=[a_series(2.0, 1.0, read=1.0, kept=1.0)])
    now = Run(series=[a_series(2.0, 1.0, read=1.6, kept=0.4)])
    assert figures.compared(now, before) == [
        "20 ms: the way to 'read' was 50% of it, is 80%",
    ]


def test_a_series_that_was_not_measured_before_is_not_compared() -> None:
    assert figures.compared(Run(series=[a_series(9.0, 1.0)]), Run()) == []


def test_stages_are_not_compared_where_none_were_measured_before() -> None:
    before = Run(series=[a_series(2.0, 1.0)])
    assert figures.compared(Run(series=[a_series(2.0, 1.0, read=2.0)]), before) == []


def test_the_lines_show_the_ratio_to_the_floor() -> None:
    text = "\n".join(figures.lines(Run(series=[a_series(2.5, 1.0)], memory_mib={"broker": 31.2})))
    assert "20 ms" in text
    assert " 2.50 " in text
    assert "broker 31.2" in text
