from __future__ import annotations

from tests.chaos.naked import Steps, merged, naked_spans


def steps(*changes: tuple[float, int]) -> Steps:
    made = Steps(at=[], value=[])
    for at, value in changes:
        made.change(at, value)
    return made


def test_what_is_held_without_a_stop_is_naked_until_it_is_covered() -> None:
    assert naked_spans(steps((1, 2)), [steps((3, 2))], [], end=9) == [(1, 3)]


def test_a_stop_for_a_part_leaves_the_rest_naked() -> None:
    assert naked_spans(steps((1, 2)), [steps((1, 1))], [], end=9) == [(1, 9)]


def test_several_stops_cover_together() -> None:
    assert naked_spans(steps((1, 2)), [steps((1, 1)), steps((1, 1))], [], end=9) == []


def test_nothing_is_naked_once_it_is_sold() -> None:
    held = steps((1, 2), (4, 0))
    assert naked_spans(held, [steps((1, 2), (2, 0))], [], end=9) == [(2, 4)]


def test_a_moment_at_which_nobody_could_act_does_not_count() -> None:
    assert naked_spans(steps((1, 2)), [], [(3, 5)], end=9) == [(1, 3), (5, 9)]


def test_a_span_goes_on_through_changes_that_do_not_end_it() -> None:
    held = steps((1, 2), (2, 3), (3, 1))
    assert naked_spans(held, [], [], end=4) == [(1, 4)]


def test_the_last_change_of_a_moment_counts() -> None:
    assert naked_spans(steps((1, 2), (1, 0)), [], [], end=9) == []


def test_spans_that_touch_become_one() -> None:
    assert merged([(5, 6), (1, 3), (2, 4), (4, 5)]) == [(1, 6)]
    assert merged([(1, 2), (3, 4)]) == [(1, 2), (3, 4)]
