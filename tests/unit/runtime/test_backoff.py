from __future__ import annotations

import random
from itertools import islice

import pytest

from autoscalper.runtime.backoff import eager_waits, waits


class NoChance(random.Random):
    """Never shortens anything."""

    def uniform(self, a: float, b: float) -> float:
        return b


def test_waits_double_up_to_the_longest_and_stay_there() -> None:
    found = list(islice(waits(0.5, 10, chance=NoChance()), 8))
    assert found == [0.5, 1, 2, 4, 8, 10, 10, 10]


def test_a_first_wait_above_the_longest_is_cut_from_the_second_on() -> None:
    assert list(islice(waits(5, 5, chance=NoChance()), 3)) == [5, 5, 5]


def test_each_wait_is_shortened_by_a_fifth_at_most() -> None:
    for wait in islice(waits(10, 10), 1000):
        assert 8 <= wait <= 10


def test_two_who_lost_the_same_peer_do_not_come_back_together() -> None:
    one, other = (list(islice(waits(10, 10), 5)) for _ in range(2))
    assert one != other


def test_waiting_for_days_does_not_overflow() -> None:
    *_, last = islice(waits(0.5, 30, chance=NoChance()), 5_000)
    assert last == pytest.approx(30)


def test_eager_waits_are_short_for_a_while_and_long_afterwards() -> None:
    found = list(islice(eager_waits(0.5, 1, 30, 10), 40))
    assert max(found[:30]) <= 1
    assert sum(found[:30]) > 20
    assert max(found[30:]) > 8
