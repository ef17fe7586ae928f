"""Everything that goes wrong, written from a seed: what and when. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

import msgspec

T = TypeVar("T")

#: Processes and how often each is hit.
PROCESSES = {"broker": 2, "parser": 4, "ingest": 4, "alert": 4, "simulator": 2, "watchdog": 1}
#: Points in the processes' code at which they can be made to die, and how often each is chosen.
LABELS = {
    "broker-before-commit": 2,
    "broker-after-commit": 2,
    "broker-before-intent": 5,
    "broker-after-intent": 4,
    "broker-before-signals-commit": 5,
    "broker-after-signals-commit": 4,
    "broker-before-send-entry": 2,
    "broker-after-send-entry": 2,
    "broker-after-send-take_profit": 2,
    "broker-before-send-stop_loss": 2,
    "broker-after-send-stop_loss": 2,
    "broker-before-send-add": 1,
    "broker-after-send-add": 1,
    "broker-before-send-exit": 2,
    "broker-after-send-exit": 2,
    "broker-in-snapshot": 2,
    "parser-before-commit": 12,
    "parser-after-commit": 12,
    "ingest-before-commit": 12,
    "ingest-after-commit": 12,
    "alert-before-commit": 12,
    "alert-after-commit": 12,
}


class Kill(msgspec.Struct, frozen=True, kw_only=True):
    """SIGKILL of one process."""

    process: str


class KillAtLabel(msgspec.Struct, frozen=True, kw_only=True):
    """Death of whichever process reaches that point next."""

    label: str


class Freeze(msgspec.Struct, frozen=True, kw_only=True):
    """SIGSTOP, and SIGCONT after a while."""

    process: str
    seconds: float


class Restart(msgspec.Struct, frozen=True, kw_only=True):
    """The gateway restarts in its own way; it may lose its newest orders."""

    down_seconds: float
    disclaimer_seconds: float
    lose_orders: int


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Something goes wrong with one message between broker and gateway."""

    on: str
    action: str
    nth: int = 1
    seconds: float = 0.0
    code: int = 0
    text: str = ""
    lose_orders: int = 0
    reset: bool = False


class LinkDown(msgspec.Struct, frozen=True, kw_only=True):
    """The gateway loses IBKR's servers (1100) and has them back with ``code``."""

    seconds: float
    orders: str
    code: int


class NotAccepting(msgspec.Struct, frozen=True, kw_only=True):
    """Connections end, and new ones fare badly for a while."""

    seconds: float
    #: ``closed``, ``eof``, ``silent`` or ``linger``.
    manner: str


class DiskFull(msgspec.Struct, frozen=True, kw_only=True):
    """A process cannot write to its files any more."""

    process: str


class ClockJump(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody's clock jumps."""

    seconds: float


Disturbance = (
    Kill | KillAtLabel | Freeze | Restart | Fault | LinkDown | NotAccepting | DiskFull | ClockJump
)


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A disturbance and its time, in seconds after the beginning."""

    at: float
    what: Disturbance


def storm(seed: int, kills: int, seconds: float) -> tuple[Planned, ...]:
    """Return ``kills`` deaths of processes and other disturbances, spread over ``seconds``."""
    chance = random.Random(f"storm {seed}")
    labelled = kills * 2 // 5
    whats: list[Disturbance] = [_kill_at_label(chance) for _ in range(labelled)]
    whats += [_kill(chance) for _ in range(kills - labelled)]
    others: list[Callable[[random.Random], Disturbance]] = [
        *[_fault] * 8,
        *[_freeze] * 3,
        *[_restart] * 3,
        *[_link_down] * 2,
        *[_not_accepting] * 2,
        _disk_full,
        _clock_jump,
    ]
    whats += [chance.choice(others)(chance) for _ in range(kills // 3)]
    planned = [Planned(at=chance.uniform(0.5, seconds), what=what) for what in whats]
    return tuple(sorted(planned, key=lambda each: each.at))


def _kill(chance: random.Random) -> Disturbance:
    return Kill(process=_chosen(chance, PROCESSES))


def _kill_at_label(chance: random.Random) -> Disturbance:
    return KillAtLabel(label=_chosen(chance, LABELS))


def _freeze(chance: random.Random) -> Disturbance:
    return Freeze(process=_chosen(chance, PROCESSES), seconds=chance.uniform(0.2, 2.5))


def _restart(chance: random.Random) -> Disturbance:
    return Restart(
        down_seconds=chance.uniform(0.0, 4.0),
        disclaimer_seconds=chance.choice((0.0, 0.0, 1.5)),
        lose_orders=chance.choice((0, 0, 1, 2, 3)),
    )


def _link_down(chance: random.Random) -> Disturbance:
    return LinkDown(
        seconds=chance.uniform(0.3, 4.0),
        orders=chance.choice(("queue", "vanish", "fork")),
        code=chance.choice((1101, 1102)),
    )


def _not_accepting(chance: random.Random) -> Disturbance:
    manner = chance.choice(("closed", "eof", "silent", "linger"))
    return NotAccepting(seconds=chance.uniform(0.5, 3.0), manner=manner)


def _disk_full(chance: random.Random) -> Disturbance:
    return DiskFull(process=chance.choice(("ingest", "parser", "broker", "alert")))


def _clock_jump(chance: random.Random) -> Disturbance:
    return ClockJump(seconds=chance.choice((-2.0, 3.0, 10.0, 60.0)))


#: Faults of single messages, each with how often it is chosen.
_FAULTS = {
    Fault(on="placeOrder", action="drop-before"): 2,
    Fault(on="placeOrder", action="drop-before", nth=2): 2,
    Fault(on="placeOrder", action="drop-after-accept"): 3,
    Fault(on="placeOrder", action="drop-after-accept", nth=2, reset=True): 2,
    Fault(on="placeOrder", action="drop-after-ack"): 2,
    Fault(on="placeOrder", action="drop-mid-frame"): 1,
    Fault(on="placeOrder", action="no-answer"): 3,
    Fault(on="placeOrder", action="late-answer", seconds=1.5): 2,
    Fault(on="placeOrder", action="late-accept", seconds=0.7): 3,
    Fault(on="placeOrder", action="late-accept", seconds=2.5): 2,
    Fault(on="placeOrder", action="reject", code=201, text="Order rejected - reason:test"): 1,
    Fault(on="placeOrder", action="partial"): 3,
    Fault(on="placeOrder", action="restart", nth=2, seconds=1.0): 3,
    Fault(on="placeOrder", action="restart", nth=3, seconds=1.0, lose_orders=2): 2,
    Fault(on="placeOrder", action="mute", nth=2): 1,
    Fault(on="placeOrder", action="vanish", nth=3): 1,
    Fault(on="placeOrder", action="reorder"): 2,
    Fault(on="placeOrder", action="duplicate"): 2,
    Fault(on="cancelOrder", action="fill-first"): 3,
    Fault(on="cancelOrder", action="fill-after"): 2,
    Fault(on="cancelOrder", action="drop-after-accept"): 2,
    Fault(on="cancelOrder", action="no-answer"): 2,
    Fault(on="cancelOrder", action="vanish"): 1,
    Fault(on="reqAllOpenOrders", action="no-answer"): 1,
    Fault(on="reqAllOpenOrders", action="drop-mid-frame"): 2,
    Fault(on="reqPositions", action="drop-before"): 1,
    Fault(on="reqCompletedOrders", action="no-answer"): 1,
    Fault(on="execDetails", action="omit"): 2,
    Fault(on="execDetails", action="duplicate"): 2,
    Fault(on="orderStatus", action="omit"): 2,
    Fault(on="openOrder", action="delay", seconds=1.0): 2,
}


def _fault(chance: random.Random) -> Disturbance:
    return _chosen(chance, _FAULTS)


def _chosen(chance: random.Random, weights: dict[T, int]) -> T:
    return chance.choices(list(weights), weights=list(weights.values()))[0]
