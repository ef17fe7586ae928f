from __future__ import annotations

import pytest

from autoscalper.watchdog.core import (
    FIRST_WAIT_SECONDS,
    SILENCE_SECONDS,
    START_SECONDS,
    Abort,
    Command,
    Kill,
    Memory,
    PlanRevival,
    Process,
    Revive,
    TellRestart,
    decide,
)

#: Seconds between two looks.
TICK = 5.0
LONGEST_WAIT = 60.0


class Story:
    """Looks that follow each other, five seconds apart."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.now = 1000.0

    def look(self, *processes: Process) -> list[Command]:
        self.now += TICK
        self.memory, commands = decide(
            self.memory, processes, now=self.now, longest_wait=LONGEST_WAIT
        )
        return list(commands)


def broker(
    state: str = "RUNNING", *, pid: int = 7, up: float = 600.0, beat: float | None = 1.0
) -> Process:
    return Process(name="broker", state=state, pid=pid, up_seconds=up, beat_seconds=beat)


def gave_up(state: str = "FATAL") -> Process:
    return broker(state, pid=0, up=0.0, beat=None)


def silent(*, pid: int = 7) -> Process:
    return broker(pid=pid, beat=SILENCE_SECONDS + 1)


def test_processes_that_run_and_beat_are_left_alone() -> None:
    story = Story()
    assert story.look(broker(), broker("STARTING", up=1, beat=None)) == []
    assert story.look(broker("STOPPED", beat=None), broker("BACKOFF", beat=None)) == []
    assert story.memory == Memory(pids={"broker": 7})


def test_a_process_that_ended_and_was_started_again_is_told_once() -> None:
    story = Story()
    story.look(broker(pid=7))
    assert story.look(broker("BACKOFF", pid=0, beat=None)) == []
    assert story.look(broker(pid=8)) == [TellRestart(name="broker", pid=8)]
    assert story.look(broker(pid=8)) == []


@pytest.mark.parametrize("state", ["FATAL", "EXITED"])
def test_a_process_that_gave_up_is_revived_after_a_wait(state: str) -> None:
    story = Story()
    assert story.look(gave_up(state)) == [PlanRevival(name="broker", wait_seconds=5)]
    assert story.look(gave_up(state)) == [Revive(name="broker", revivals=1)]


def test_the_wait_grows_with_every_revival_up_to_its_limit() -> None:
    story = Story()
    waits = []
    for _ in range(200):
        for command in story.look(gave_up()):
            if isinstance(command, PlanRevival):
                waits.append(command.wait_seconds)
    assert waits[:6] == [5, 10, 20, 40, 60, 60]
    assert set(waits[4:]) == {LONGEST_WAIT}


def test_a_process_that_fails_for_weeks_is_still_revived() -> None:
    story = Story()
    story.memory, _ = decide(story.memory, [gave_up()], now=story.now, longest_wait=LONGEST_WAIT)
    revivals = 0
    for _ in range(30_000):
        revivals += any(isinstance(command, Revive) for command in story.look(gave_up()))
    assert revivals > 1500


def test_what_failed_again_while_it_was_starting_waits_longer() -> None:
    story = Story()
    story.look(gave_up())
    story.look(gave_up())
    story.look(broker("STARTING", up=1, beat=None))
    story.look(broker("BACKOFF", pid=0, beat=None))
    assert story.look(gave_up()) == [PlanRevival(name="broker", wait_seconds=10)]


def test_what_ran_in_between_begins_with_the_first_wait_again() -> None:
    story = Story()
    story.look(gave_up())
    story.look(gave_up())
    story.look(broker())
    assert story.look(gave_up()) == [PlanRevival(name="broker", wait_seconds=FIRST_WAIT_SECONDS)]


def test_a_limit_below_the_first_wait_holds_at_once() -> None:
    _, commands = decide(Memory(), [gave_up()], now=0.0, longest_wait=2.0)
    assert commands == (PlanRevival(name="broker", wait_seconds=2),)


def test_a_process_that_does_not_beat_is_aborted_at_the_second_look_and_then_killed() -> None:
    story = Story()
    assert story.look(silent()) == []
    assert story.look(silent()) == [Abort(name="broker", pid=7)]
    assert story.look(silent()) == [Kill(name="broker", pid=7)]
    assert story.look(silent()) == [Kill(name="broker", pid=7)]


def test_a_machine_that_slept_costs_nobody_its_life() -> None:
    story = Story()
    assert story.look(silent()) == []
    assert story.look(broker()) == []
    assert story.look(silent()) == []


def test_the_successor_of_a_process_that_hung_begins_anew() -> None:
    story = Story()
    story.look(silent(pid=7))
    story.look(silent(pid=7))
    assert story.look(silent(pid=8)) == [TellRestart(name="broker", pid=8)]


@pytest.mark.parametrize(
    ("process", "is_silent"),
    [
        (broker(beat=SILENCE_SECONDS), False),
        (broker(beat=SILENCE_SECONDS + 0.1), True),
        (broker(beat=None, up=START_SECONDS), False),
        (broker(beat=None, up=START_SECONDS + 0.1), True),
        (broker("STOPPING", beat=1000.0), False),
    ],
)
def test_how_long_a_process_may_be_silent(process: Process, is_silent: bool) -> None:
    story = Story()
    story.look(process)
    assert bool(story.look(process)) is is_silent


def test_each_process_has_its_own_story() -> None:
    story = Story()
    hung = Process(name="alert", state="RUNNING", pid=9, up_seconds=60, beat_seconds=99)
    story.look(gave_up(), hung)
    assert story.look(gave_up(), hung) == [
        Revive(name="broker", revivals=1),
        Abort(name="alert", pid=9),
    ]
