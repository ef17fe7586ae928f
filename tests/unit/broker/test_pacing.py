"""What leaves first, and what is kept free for it."""

from __future__ import annotations

import random

import pytest

from autoscalper.broker.pacing import BOUNDLESS, BRACKET, Lane, Pace
from autoscalper.domain.identity import IbOrderId
from autoscalper.domain.settings import BrokerSettings


def filled(rate: int = 45, **waiting: int) -> Pace:
    pace = Pace(rate)
    for lane, count in waiting.items():
        for number in range(count):
            pace.put(f"{lane} {number}", Lane[lane.upper()])
    return pace


def test_what_is_urgent_leaves_before_what_came_earlier() -> None:
    pace = filled(lookup=2, entry=2, question=2, exit=2, heartbeat=1)
    assert [each.split()[0] for each in pace.take(0.0)] == [
        *("heartbeat", "exit", "exit", "question", "question"),
        *("entry", "entry", "lookup", "lookup"),
    ]


def test_a_burst_of_entries_leaves_a_third_of_the_second_to_exits() -> None:
    pace = filled(entry=300)
    assert len(pace.take(0.0)) == 30
    for number in range(15):
        pace.put(f"exit {number}", Lane.EXIT)
    assert pace.take(0.1) == [f"exit {number}" for number in range(15)]


def test_lookups_leave_room_for_entries() -> None:
    pace = filled(lookup=300)
    assert len(pace.take(0.0)) == 22
    assert pace.room(0.0) == 8


def test_exits_wait_for_nothing_but_the_second_itself() -> None:
    pace = filled(exit=50)
    assert len(pace.take(0.0)) == 45
    pace.put("pulse", Lane.HEARTBEAT)
    assert pace.take(0.5) == []
    assert pace.next_at() == 1.0
    assert pace.take(1.0)[0] == "pulse"


def test_what_is_about_an_order_that_waits_stays_behind_it() -> None:
    pace = filled(rate=3, entry=4)
    assert len(pace.take(0.0)) == 2
    pace.put("place 7", Lane.ENTRY, IbOrderId(7))
    pace.put("cancel 7", Lane.EXIT, IbOrderId(7))
    pace.put("cancel 8", Lane.EXIT, IbOrderId(8))
    assert pace.take(0.5) == ["cancel 8"]
    assert pace.take(1.0) == ["entry 2"]
    assert pace.take(1.5) == ["entry 3"]
    assert pace.take(2.0) == ["place 7"]
    assert pace.take(2.5) == ["cancel 7"]


def test_room_is_what_neither_left_nor_waits() -> None:
    pace = filled(exit=3, question=2, entry=5, lookup=9)
    assert pace.room(0.0) == 20
    pace.take(0.0)
    assert pace.room(0.5) == 11
    assert pace.room(1.0) == 30


@pytest.mark.parametrize("rate", [1, 2, 3, 5])
def test_an_idle_line_has_room_for_a_bracket_however_slow_it_is(rate: int) -> None:
    pace = Pace(rate)
    assert pace.room(0.0) == BRACKET
    pace.put("one", Lane.ENTRY)
    assert pace.room(0.0) < BRACKET
    pace.take(0.0)
    assert pace.room(0.5) < BRACKET
    assert pace.room(1.0) == BRACKET


def test_without_a_rate_nothing_waits() -> None:
    pace = filled(rate=0, entry=500, lookup=500)
    assert len(pace.take(0.0)) == 1000
    assert pace.next_at() is None
    assert pace.room(0.0) == BOUNDLESS


def test_what_waited_for_a_connection_is_forgotten_with_it() -> None:
    pace = filled(entry=100)
    pace.take(0.0)
    pace.clear()
    assert pace.next_at() is None
    assert pace.take(5.0) == []


@pytest.mark.parametrize("seed", range(20))
def test_no_second_has_more_than_the_rate_and_everything_leaves(seed: int) -> None:
    chance = random.Random(seed)
    rate, now, number, times = chance.randint(1, 50), 0.0, 0, list[float]()
    pace = Pace(rate)
    for _ in range(200):
        for _ in range(chance.randint(0, 5)):
            number += 1
            pace.put(str(number), chance.choice(list(Lane)), IbOrderId(chance.randint(1, 9)))
        times += [now] * len(pace.take(now))
        now += chance.random() / 10
    while (later := pace.next_at()) is not None:
        now = max(now, later)
        left = pace.take(now)
        assert left
        times += [now] * len(left)
    assert len(times) == number
    assert all(each >= times[place - rate] + 1 for place, each in enumerate(times) if place >= rate)


def said_while_quiet(pace: Pace, now: float) -> int:
    said = 0
    while pace.is_quiet(now):
        pace.put("nobody waits for it", Lane.LOOKUP)
        pace.take(now)
        said += 1
        assert said < 100
    return said


@pytest.mark.parametrize("size", [3, BRACKET])
def test_what_is_said_while_it_is_quiet_takes_no_brackets_place(size: int) -> None:
    def brackets(pace: Pace) -> int:
        count = 0
        while pace.room(0.0) >= BRACKET:
            for _ in range(size):
                pace.put("entry", Lane.ENTRY)
            pace.take(0.0)
            count += 1
        return count

    rate = BrokerSettings().ibkr_max_messages
    busy = Pace(rate)
    assert said_while_quiet(busy, 0.0) == 2
    assert brackets(busy) == brackets(Pace(rate)) > 5


def test_it_is_quiet_again_a_second_after_others_spoke() -> None:
    pace = filled(entry=1, lookup=1)
    assert not pace.is_quiet(0.0)
    pace.take(0.0)
    assert not pace.is_quiet(0.9)
    assert pace.is_quiet(1.0)


def test_a_line_that_is_as_slow_as_a_bracket_is_long_is_never_quiet() -> None:
    assert said_while_quiet(Pace(6), 0.0) == 0
    assert Pace(0).is_quiet(0.0)
