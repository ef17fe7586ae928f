"""Decides what to do about processes that gave up or hang. No I/O.

Every look at the processes starts from what is, never from what was announced: an event that got
lost or a watchdog that was restarted costs one look, not a process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

#: States that a process leaves only if somebody starts it: it failed too often, or it said that
#: it cannot run as it is set up.
GAVE_UP = frozenset({"FATAL", "EXITED"})
#: Seconds from the first sight of a process that gave up to its revival; doubled each time.
FIRST_WAIT_SECONDS = 5.0
#: Age in seconds at which a heartbeat means that its process hangs.
SILENCE_SECONDS = 15.0
#: Seconds that a process may take from its start to its first heartbeat.
START_SECONDS = 60.0


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """One program as supervisord and its heartbeat show it."""

    name: str
    #: Supervisord's name of its state: RUNNING, BACKOFF, FATAL, ...
    state: str
    pid: int
    up_seconds: float
    #: Age of its heartbeat; None if it left none since it started.
    beat_seconds: float | None


class Fallen(msgspec.Struct, frozen=True, kw_only=True):
    """A process that gave up and was not seen running since."""

    #: Revivals so far.
    revivals: int = 0
    #: When to revive it, by the monotonic clock; None after a revival until it gives up again.
    due_at: float | None = None


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """A running process that does not beat."""

    pid: int
    #: Looks in a row that found it so.
    looks: int


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What the watchdog remembers from one look to the next."""

    #: The last process id of each.
    pids: Mapping[str, int] = {}
    fallen: Mapping[str, Fallen] = {}
    silent: Mapping[str, Silence] = {}


class TellRestart(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Say that a process ended and was started again."""

    name: str
    pid: int


class PlanRevival(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Say that a process gave up, and when it will be started again."""

    name: str
    wait_seconds: float


class Revive(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Start a process that gave up."""

    name: str
    revivals: int


class Abort(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Make a process that hangs write where it is, and end."""

    name: str
    pid: int


class Kill(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """End a process that did not even abort."""

    name: str
    pid: int


Command = TellRestart | PlanRevival | Revive | Abort | Kill


def decide(
    memory: Memory, processes: Sequence[Process], *, now: float, longest_wait: float
) -> tuple[Memory, tuple[Command, ...]]:
    """Return what to remember and what to do after one look at ``processes``.

    ``now`` is the monotonic clock's; ``longest_wait`` caps the seconds before a revival.
    """
    fallen: dict[str, Fallen] = {}
    silent: dict[str, Silence] = {}
    pids = {**memory.pids, **{each.name: each.pid for each in processes if each.pid}}
    commands: list[Command] = [
        TellRestart(name=name, pid=pid)
        for name, pid in pids.items()
        if memory.pids.get(name, pid) != pid
    ]
    for process in processes:
        before = memory.fallen.get(process.name)
        if process.state in GAVE_UP:
            after, wanted = _gave_up(process.name, before or Fallen(), now, longest_wait)
            fallen[process.name] = after
            commands += wanted
        elif before is not None and process.state in ("STARTING", "BACKOFF"):
            fallen[process.name] = before
        elif _is_silent(process):
            silence = _still_silent(process, memory.silent.get(process.name))
            silent[process.name] = silence
            commands += _end(process, silence)
    return Memory(pids=pids, fallen=fallen, silent=silent), tuple(commands)


def _gave_up(
    name: str, fallen: Fallen, now: float, longest_wait: float
) -> tuple[Fallen, list[Command]]:
    if fallen.due_at is None:
        # The exponent is bounded because a process can fail for days.
        wait = min(FIRST_WAIT_SECONDS * 2 ** min(fallen.revivals, 16), longest_wait)
        planned = Fallen(revivals=fallen.revivals, due_at=now + wait)
        return planned, [PlanRevival(name=name, wait_seconds=wait)]
    if now < fallen.due_at:
        return fallen, []
    revivals = fallen.revivals + 1
    return Fallen(revivals=revivals), [Revive(name=name, revivals=revivals)]


def _is_silent(process: Process) -> bool:
    if process.state != "RUNNING":
        return False
    if process.beat_seconds is None:
        return process.up_seconds > START_SECONDS
    return process.beat_seconds > SILENCE_SECONDS


def _still_silent(process: Process, before: Silence | None) -> Silence:
    looks = before.looks if before is not None and before.pid == process.pid else 0
    return Silence(pid=process.pid, looks=looks + 1)


def _end(process: Process, silence: Silence) -> list[Command]:
    # After a pause of the whole machine every heartbeat is old at the first look.
    if silence.looks == 1:
        return []
    if silence.looks == 2:
        return [Abort(name=process.name, pid=process.pid)]
    return [Kill(name=process.name, pid=process.pid)]
