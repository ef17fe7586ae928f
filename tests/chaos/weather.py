"""Carries disturbances out."""

from __future__ import annotations

import os
import resource
import signal
import time
from threading import Event, Timer
from typing import assert_never

from tests.chaos.chat import Chat
from tests.chaos.disturbances import (
    BadQuotes,
    ChatAway,
    ChatFault,
    ClockJump,
    CloseAll,
    DiskFull,
    Disturbance,
    Drop,
    Exchange,
    Fault,
    Freeze,
    FreezeAtLabel,
    Kill,
    KillAtLabel,
    LinkDown,
    NotAccepting,
    Notice,
    OfGateway,
    OfOperator,
    OfProcess,
    Pause,
    Planned,
    Restart,
)
from tests.chaos.labels import Labels
from tests.chaos.market import happen
from tests.chaos.naked import Span
from tests.chaos.stack import Stack
from tests.chaos.storm import TELLING
from tests.chaos.truce import STRUCK, Truce, is_blow

_LOOK_SECONDS = 0.02
#: Seconds for which a process lives at least between two deaths.
PEACE_SECONDS = 2.5
#: Seconds without a death after which a process can be hit in its first second.
LONG_PEACE_SECONDS = 6.0
#: Seconds after which a kill that could not be is tried again.
LATER_SECONDS = 0.5
#: Seconds after the last alert and disturbance in which armed points are still waited for.
LAST_CHANCE_SECONDS = 3.0
#: Seconds after that in which everything must have been carried out: a process that never comes
#: back must not keep the storm waiting.
LONGEST_SECONDS = 300.0
#: Fills that overtake a cancel. Two at once, in a stop and its target, would sell twice whatever
#: anybody does: one group fills out of turn once at a time.
_RACES = ("fill-first", "fill-after")


class Weather:
    """A storm's disturbances, one after the other, with what has to be mended after a while."""

    def __init__(
        self,
        stack: Stack,
        planned: tuple[Planned, ...],
        *,
        last_alert_at: float = 0.0,
        chat: Chat | None = None,
    ) -> None:
        """Disturb ``stack`` as ``planned``; without a ``chat`` the operator is silent."""
        self._stack = stack
        self._chat = chat
        self._planned = list(planned)
        last = max((each.at for each in planned), default=0.0)
        #: When the last points that are armed have had their chance, in seconds after the start.
        self._ends = max(last, last_alert_at) + LAST_CHANCE_SECONDS
        self._began = 0.0
        #: What is to be mended: when, and how.
        self._mends: list[tuple[float, Disturbance, int]] = []
        self._truce = Truce(stack.state)
        self._labels = Labels(stack)
        self._hit_at: dict[str, float] = {}
        self._kills_asked = sum(isinstance(each.what, Kill | KillAtLabel) for each in planned)
        #: Spans in which the gateway could not be reached, as far as it was our doing.
        self.away: list[Span] = []
        #: Spans in which the market showed nonsense.
        self.odd_market: list[Span] = []

    def rage(self, began: float, over: Event) -> None:
        """Carry everything out in its time, and mend what is to be mended; then return.

        ``over`` ends it early.
        """
        self._began = began
        while not over.is_set() and not self._is_done():
            now = self._stack.moment()
            self._count_hits()
            self._truce.look(now)
            while self._planned and began + self._planned[0].at <= now:
                self._do(self._planned.pop(0).what)
            for due in [each for each in self._mends if each[0] <= now]:
                self._mends.remove(due)
                self._mend(due[1], due[2])
            if now - began > self._ends:
                self._give_up()
            self._arm()
            time.sleep(_LOOK_SECONDS)

    def end(self) -> None:
        """Disarm every fault that did not happen."""
        self._labels.disarm(*self._labels.processes)
        self._stack.ask("clear")
        if self._chat is not None:
            self._chat.calm()

    def counts(self) -> dict[str, dict[str, int]]:
        """Return what came of the labels, by label.

        ``labels``: processes died there. ``standstills``: they stood still there.
        ``labels_missed``: nobody got there; each was a plain kill in the end.
        """
        labels = self._labels
        counted = {
            "labels": labels.fired,
            "standstills": labels.stood_still,
            "labels_missed": labels.missed,
        }
        return {name: dict(sorted(counts.items())) for name, counts in counted.items()}

    def failures(self) -> list[str]:
        """Return why this was not the storm that was asked for."""
        found = []
        if len(self._stack.kills) < self._kills_asked:
            found.append(f"{len(self._stack.kills)} of {self._kills_asked} kills took place")
        labels = self._labels
        missed = sum(labels.missed.get(label, 0) for label in TELLING)
        if missed and not set(labels.fired) & TELLING:
            found.append(f"none of {missed} deaths fired at a point that tells a sabotage")
        return found

    def _is_done(self) -> bool:
        if self._stack.moment() - self._began > self._ends + LONGEST_SECONDS:
            return True
        return not (self._planned or self._mends or self._labels.waiting)

    def _do(self, what: Disturbance) -> None:
        if self._must_wait(what):
            self._do_later(what)
            return
        if not isinstance(what, Kill):
            self._stack.note(str(what))
            if is_blow(what):
                self._truce.strike(self._stack.moment())
        match what:
            case Kill() | KillAtLabel() | Freeze() | FreezeAtLabel() | DiskFull():
                self._hit_process(what)
            case Pause() | CloseAll() | ChatFault() | ChatAway():
                self._operate(what)
            case ClockJump(seconds=seconds):
                self._stack.jump(seconds)
            case _:
                self._hit_gateway(what)

    def _hit_process(self, what: OfProcess) -> None:
        stack = self._stack
        match what:
            case Kill(process=process):
                self._kill(process)
            case KillAtLabel(label=label):
                self._labels.plan(label)
            case FreezeAtLabel(label=label, seconds=seconds):
                self._labels.plan(label, freeze_seconds=seconds)
            case Freeze(process=process, seconds=seconds):
                pid = stack.signal(process, signal.SIGSTOP)
                self._thaw_after(seconds, what, pid)
                if process == "simulator":
                    self._is_away(seconds)
            case DiskFull(process=process):
                _fill_disk_of(stack.pid(process))
            case _:
                assert_never(what)

    def _hit_gateway(self, what: OfGateway) -> None:
        stack = self._stack
        match what:
            case Restart():
                self._restart(what)
            case Fault():
                stack.try_ask("fault", **_fields_of(what))
            case LinkDown():
                self._cut_link(what)
            case NotAccepting():
                self._refuse(what)
            case Drop(reset=reset):
                stack.try_ask("drop", reset=reset)
                self._is_away(0.0)
            case BadQuotes():
                self._spoil_quotes(what)
            case Exchange(what=event, number=number):
                happen(stack, event, number)
            case Notice(code=code, text=text):
                stack.try_ask("say", code=code, text=text)
            case _:
                assert_never(what)

    def _operate(self, what: OfOperator) -> None:
        chat = self._chat
        if chat is None:
            return
        match what:
            case Pause(seconds=seconds):
                chat.say("/pause")
                self._mend_after(seconds, what)
            case CloseAll():
                chat.close_all()
            case ChatFault():
                chat.fail(what)
            case ChatAway(seconds=seconds):
                chat.be_away(seconds)
            case _:
                assert_never(what)

    def _mend(self, what: Disturbance, pid: int) -> None:
        match what:
            case Freeze() | FreezeAtLabel():
                _continue(pid)
            case LinkDown(code=code):
                self._stack.ask("connectivity", code=code)
            case NotAccepting():
                self._stack.ask("accepting")
            case Restart():
                self._stack.ask("approve")
            case BadQuotes():
                self._stack.ask("market-data", feed="live")
            case Pause():
                assert self._chat is not None
                self._chat.say("/resume")
            case _:
                raise AssertionError(f"{what} mends itself")

    def _kill(self, process: str) -> None:
        if self._may_hit(process) and self._stack.kill(process):
            self._labels.disarm(process)
            self._hit(process)
        else:
            self._kill_later(process)

    def _kill_later(self, process: str) -> None:
        self._do_later(Kill(process=process))

    def _do_later(self, what: Disturbance) -> None:
        at = self._stack.moment() - self._began + LATER_SECONDS
        self._planned.append(Planned(at=at, what=what))
        self._planned.sort(key=lambda each: each.at)

    def _arm(self) -> None:
        for process in self._labels.waiting_processes():
            if self._may_hit(process):
                self._labels.arm(process)

    def _give_up(self) -> None:
        # Nothing reaches them any more, and the number of kills was promised.
        self._planned = [each for each in self._planned if isinstance(each.what, Kill)]
        for process in self._labels.give_up():
            self._kill_later(process)

    def _count_hits(self) -> None:
        for reached in self._labels.reached():
            if reached.freeze_seconds:
                frozen = FreezeAtLabel(label=reached.label, seconds=reached.freeze_seconds)
                self._thaw_after(reached.freeze_seconds, frozen, reached.pid)
            else:
                self._stack.note_death(reached.process)
                self._hit(reached.process)

    def _hit(self, process: str) -> None:
        now = self._stack.moment()
        self._hit_at[process] = now
        if process in STRUCK:
            self._truce.strike(now)

    def _may_hit(self, process: str) -> bool:
        """Return whether a death now costs no more than a restart.

        Supervisord lets a program that dies again and again at its start wait longer each time,
        so one early death in a while is all that anything can be promised for.
        """
        now = self._stack.moment()
        peace = now - self._hit_at.get(process, -LONG_PEACE_SECONDS)
        if peace < PEACE_SECONDS or (process in STRUCK and self._truce.holds(now)):
            return False
        state = self._stack.supervised_state(process)
        return state == "RUNNING" or (state == "STARTING" and peace >= LONG_PEACE_SECONDS)

    def _restart(self, wanted: Restart) -> None:
        arguments = _fields_of(wanted)
        if wanted.approval:
            arguments["down_seconds"] = 0.0
        if self._stack.try_ask("restart", **arguments):
            self._is_away(wanted.down_seconds + wanted.disclaimer_seconds)
            if wanted.approval:
                self._mend_after(wanted.down_seconds, wanted)

    def _refuse(self, wanted: NotAccepting) -> None:
        lasts = wanted.manner.endswith("_seconds")
        value = wanted.seconds if lasts else True
        if self._stack.try_ask("accepting", **{wanted.manner: value}):
            self._stack.try_ask("drop")
            self._mend_after(wanted.seconds, wanted)
            self._is_away(wanted.seconds)

    def _cut_link(self, wanted: LinkDown) -> None:
        told = {"orders": wanted.orders, "repeat_seconds": wanted.repeat_seconds}
        if self._stack.try_ask("connectivity", code=1100, **told):
            self._mend_after(wanted.seconds, wanted)
            self._is_away(wanted.seconds)

    def _must_wait(self, what: Disturbance) -> bool:
        if is_blow(what) and self._truce.holds(self._stack.moment()):
            return True
        return isinstance(what, Fault) and what.action in _RACES and self._is_race_armed()

    def _is_race_armed(self) -> bool:
        armed = self._stack.ask("faults")["faults"].values()
        return any(fault["action"] in _RACES for fault in armed)

    def _spoil_quotes(self, wanted: BadQuotes) -> None:
        if self._stack.try_ask("market-data", feed=wanted.feed):
            now = self._stack.moment()
            self.odd_market.append((now, now + wanted.seconds))
            self._mend_after(wanted.seconds, wanted)

    def _thaw_after(self, seconds: float, what: Freeze | FreezeAtLabel, pid: int) -> None:
        # In time, whatever the storm is waiting for: it may be this process that does not answer.
        timer = Timer(seconds, _continue, [pid])
        timer.daemon = True
        timer.start()
        self._mend_after(seconds, what, pid)

    def _mend_after(self, seconds: float, what: Disturbance, pid: int = 0) -> None:
        self._mends.append((self._stack.moment() + seconds, what, pid))

    def _is_away(self, seconds: float) -> None:
        now = self._stack.moment()
        self.away.append((now, now + seconds))
        self._truce.strike(now, seconds)


def _fields_of(what: Fault | Restart) -> dict[str, object]:
    return {name: getattr(what, name) for name in what.__struct_fields__}


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
