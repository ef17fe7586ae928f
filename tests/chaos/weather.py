"""Carries disturbances out."""

from __future__ import annotations

import os
import resource
import signal
import time
from pathlib import Path
from threading import Event
from typing import assert_never

from tests.chaos.naked import Span
from tests.chaos.stack import Stack
from tests.chaos.storm import (
    PROCESSES,
    ClockJump,
    DiskFull,
    Disturbance,
    Fault,
    Freeze,
    Kill,
    KillAtLabel,
    LinkDown,
    NotAccepting,
    Planned,
    Restart,
)

_LOOK_SECONDS = 0.02
#: Seconds for which a process lives at least between two deaths. The broker needs three to be sure
#: that an order is lost; killed faster than that for ever, it could never do anything about it.
PEACE_SECONDS = 2.5
BROKER_PEACE_SECONDS = 4.0
#: Seconds without a death after which a process can be hit in its first second.
LONG_PEACE_SECONDS = 6.0
#: Seconds after which a kill that could not be is tried again.
LATER_SECONDS = 0.5
#: Seconds after the last disturbance in which armed points are still waited for.
LAST_CHANCE_SECONDS = 3.0


class Weather:
    """A storm's disturbances, one after the other, with what has to be mended after a while."""

    def __init__(self, stack: Stack, planned: tuple[Planned, ...]) -> None:
        """Disturb ``stack`` as ``planned``."""
        self._stack = stack
        self._planned = list(planned)
        #: When the last points that are armed have had their chance, in seconds after the start.
        self._ends = max((each.at for each in planned), default=0.0) + LAST_CHANCE_SECONDS
        self._began = 0.0
        #: What is to be mended: when, and how.
        self._mends: list[tuple[float, Disturbance, int]] = []
        self._armed: dict[Path, str] = {}
        self._hit_at: dict[str, float] = {}
        #: Spans in which the gateway could not be reached, as far as it was our doing.
        self.away: list[Span] = []

    def rage(self, began: float, over: Event) -> None:
        """Carry everything out in its time, and mend what is to be mended; then return.

        ``over`` ends it early.
        """
        self._began = began
        while (self._planned or self._mends or self._armed) and not over.is_set():
            now = self._stack.moment()
            while self._planned and began + self._planned[0].at <= now:
                self._do(self._planned.pop(0).what)
            if not self._planned and now - began > self._ends:
                self._disarm(*PROCESSES)
            for due in [each for each in self._mends if each[0] <= now]:
                self._mends.remove(due)
                self._mend(due[1], due[2])
            self._count_deaths()
            time.sleep(_LOOK_SECONDS)

    def end(self) -> None:
        """Disarm every fault that did not happen."""
        self._stack.ask("clear")

    def _do(self, what: Disturbance) -> None:
        match what:
            case Kill() | KillAtLabel() | Freeze() | DiskFull():
                self._hit_process(what)
            case Restart() | Fault() | LinkDown() | NotAccepting():
                self._hit_gateway(what)
            case ClockJump(seconds=seconds):
                self._stack.jump(seconds)
            case _:
                assert_never(what)

    def _hit_process(self, what: Kill | KillAtLabel | Freeze | DiskFull) -> None:
        stack = self._stack
        match what:
            case Kill(process=process):
                self._kill(process)
            case KillAtLabel(label=label):
                self._arm(label)
            case Freeze(process=process, seconds=seconds):
                pid = stack.signal(process, signal.SIGSTOP)
                self._mend_after(seconds, what, pid)
                if process == "simulator":
                    self._is_away(seconds)
            case DiskFull(process=process):
                _fill_disk_of(stack.pid(process))
            case _:
                assert_never(what)

    def _hit_gateway(self, what: Restart | Fault | LinkDown | NotAccepting) -> None:
        stack = self._stack
        match what:
            case Restart():
                self._restart(what)
            case Fault():
                stack.try_ask("fault", **_fault_of(what))
            case LinkDown(seconds=seconds, orders=orders):
                if stack.try_ask("connectivity", code=1100, orders=orders):
                    self._mend_after(seconds, what)
            case NotAccepting():
                self._refuse(what)
            case _:
                assert_never(what)

    def _mend(self, what: Disturbance, pid: int) -> None:
        match what:
            case Freeze():
                _continue(pid)
            case LinkDown(code=code):
                self._stack.ask("connectivity", code=code)
            case NotAccepting():
                self._stack.ask("accepting")
            case _:
                raise AssertionError(f"{what} mends itself")

    def _kill(self, process: str) -> None:
        if self._may_hit(process) and self._stack.kill(process):
            self._disarm(process)
            self._hit(process)
        else:
            self._kill_later(process)

    def _kill_later(self, process: str) -> None:
        at = self._stack.moment() - self._began + LATER_SECONDS
        self._planned.append(Planned(at=at, what=Kill(process=process)))
        self._planned.sort(key=lambda each: each.at)

    def _arm(self, label: str) -> None:
        process = label.partition("-")[0]
        if process in self._armed.values() or not self._may_hit(process):
            self._kill(process)
        else:
            self._armed[self._stack.arm(label)] = process

    def _disarm(self, *processes: str) -> None:
        for path, process in list(self._armed.items()):
            if process in processes:
                path.unlink(missing_ok=True)
                del self._armed[path]
                self._kill_later(process)

    def _hit(self, process: str) -> None:
        self._hit_at[process] = self._stack.moment()

    def _may_hit(self, process: str) -> bool:
        """Return whether a death now costs no more than a restart.

        Supervisord lets a program that dies again and again at its start wait longer each time,
        so one early death in a while is all that anything can be promised for.
        """
        peace = self._stack.moment() - self._hit_at.get(process, -LONG_PEACE_SECONDS)
        state = self._stack.supervised_state(process)
        is_early = state == "STARTING" and peace >= LONG_PEACE_SECONDS
        least = BROKER_PEACE_SECONDS if process == "broker" else PEACE_SECONDS
        return is_early or (state == "RUNNING" and peace >= least)

    def _restart(self, wanted: Restart) -> None:
        arguments = {
            "down_seconds": wanted.down_seconds,
            "disclaimer_seconds": wanted.disclaimer_seconds,
            "lose_orders": wanted.lose_orders,
        }
        if self._stack.try_ask("restart", **arguments):
            self._is_away(wanted.down_seconds + wanted.disclaimer_seconds)

    def _refuse(self, wanted: NotAccepting) -> None:
        lingers = wanted.manner == "linger"
        name, value = ("linger_seconds", wanted.seconds) if lingers else (wanted.manner, True)
        if self._stack.try_ask("accepting", **{name: value}):
            self._stack.try_ask("drop")
            self._mend_after(wanted.seconds, wanted)

    def _mend_after(self, seconds: float, what: Disturbance, pid: int = 0) -> None:
        self._mends.append((self._stack.moment() + seconds, what, pid))
        if not isinstance(what, Freeze):
            self._is_away(seconds)

    def _is_away(self, seconds: float) -> None:
        now = self._stack.moment()
        self.away.append((now, now + seconds))

    def _count_deaths(self) -> None:
        for path, process in list(self._armed.items()):
            if not path.exists():
                del self._armed[path]
                self._stack.note_death(process)
                self._hit(process)


def _fault_of(fault: Fault) -> dict[str, object]:
    return {name: getattr(fault, name) for name in fault.__struct_fields__}


def _continue(pid: int) -> None:
    if pid:
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            return


def _fill_disk_of(pid: int) -> None:
    """Let every write of a process to a file fail, as a full disk does; its successor can write."""
    if not pid:
        return
    try:
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
    except ProcessLookupError:
        return
