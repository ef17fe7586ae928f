"""Everything that goes wrong, written from a seed: what and when. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import TypeVar

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
    Pause,
    Planned,
    Restart,
)

T = TypeVar("T")

#: Processes and how often each is hit.
PROCESSES = {"broker": 1, "parser": 4, "ingest": 4, "alert": 4, "simulator": 2, "watchdog": 1}
#: Points in the processes' code at which they can be made to die, and how often each is
#: dealt. Those between an intent, its order and the cursor are where a broken promise shows.
LABELS = {
    "broker-before-commit": 1,
    "broker-after-commit": 1,
    "broker-before-intent": 6,
    "broker-after-intent": 3,
    "broker-before-signals-commit": 5,
    "broker-after-signals-commit": 3,
    "broker-before-send-entry": 1,
    "broker-after-send-entry": 1,
    "broker-before-send-take_profit": 1,
    "broker-after-send-take_profit": 1,
    "broker-before-send-stop_loss": 1,
    "broker-after-send-stop_loss": 1,
    "broker-before-send-add": 1,
    "broker-after-send-add": 1,
    "broker-before-send-exit": 1,
    "broker-after-send-exit": 1,
    "broker-in-snapshot": 1,
    "parser-before-commit": 7,
    "parser-after-commit": 7,
    "ingest-before-commit": 7,
    "ingest-after-commit": 7,
    "alert-before-commit": 5,
    "alert-after-commit": 5,
    "alert-after-delivery": 3,
}
#: Those at which a broker shows that writes its intents too late, moves its cursor too early, or
#: never reconciles.
TELLING = frozenset(
    {
        "broker-before-intent",
        "broker-after-intent",
        "broker-before-signals-commit",
        "broker-after-signals-commit",
    }
)
#: The parts of the time after which no more deaths at labels are planned, and nothing at all: what
#: is armed must get its chance.
_LABELS_SHARE = 0.75
_PLANNED_SHARE = 0.9


def storm(seed: int, kills: int, seconds: float) -> tuple[Planned, ...]:
    """Return ``kills`` deaths of processes and other disturbances, spread over ``seconds``.

    Half of the deaths are at labels. Labels, faults and other disturbances are dealt by their
    weights and not drawn, so that no seed leaves out what it has room for; the seed decides when.
    """
    chance = random.Random(f"storm {seed}")
    labelled = kills // 2
    at_labels = [KillAtLabel(label=label) for label in _dealt(chance, LABELS, labelled)]
    plain = _dealt(chance, PROCESSES, kills - labelled)
    whats: list[Disturbance] = [Kill(process=process) for process in plain]
    whats += [make(chance) for make in _dealt(chance, _OTHERS, kills // 3)]
    whats += _faults(chance, kills // 4)
    planned = [
        Planned(at=chance.uniform(0.5, seconds * share), what=what)
        for share, group in ((_LABELS_SHARE, at_labels), (_PLANNED_SHARE, whats))
        for what in group
    ]
    return tuple(sorted(planned, key=lambda each: each.at))


def _freeze(chance: random.Random) -> Disturbance:
    return Freeze(process=_chosen(chance, PROCESSES), seconds=chance.uniform(0.2, 2.5))


def _freeze_at_label(chance: random.Random) -> Disturbance:
    return FreezeAtLabel(label=_chosen(chance, LABELS), seconds=chance.uniform(0.2, 1.5))


def _restart(chance: random.Random) -> Disturbance:
    return Restart(
        down_seconds=chance.uniform(0.0, 4.0),
        disclaimer_seconds=chance.choice((0.0, 0.0, 1.5)),
        lose_orders=chance.choice((0, 0, 1, 2, 3)),
        approval=chance.random() < 0.2,
    )


def _link_down(chance: random.Random) -> Disturbance:
    return LinkDown(
        seconds=chance.uniform(0.3, 4.0),
        orders=chance.choice(("queue", "vanish", "fork")),
        code=chance.choice((1101, 1102)),
        repeat_seconds=chance.choice((0.0, 0.0, 0.5)),
    )


def _not_accepting(chance: random.Random) -> Disturbance:
    manners = ("closed", "eof", "silent", "linger_seconds", "disclaimer_seconds")
    return NotAccepting(seconds=chance.uniform(0.5, 3.0), manner=chance.choice(manners))


def _drop(chance: random.Random) -> Disturbance:
    return Drop(reset=chance.random() < 0.5)


def _bad_quotes(chance: random.Random) -> Disturbance:
    feeds = ("delayed", "missing", "crossed", "stale", "nan", "competing")
    return BadQuotes(feed=chance.choice(feeds), seconds=chance.uniform(0.5, 3.0))


def _exchange(chance: random.Random) -> Disturbance:
    what = chance.choice(("cancel", "reject", "fill", "correct"))
    return Exchange(what=what, number=chance.randrange(1000))


def _notice(chance: random.Random) -> Disturbance:
    return chance.choice(
        (
            Notice(code=2103, text="Market data farm connection is broken:usopt"),
            Notice(code=2105, text="HMDS data farm connection is broken:ushmds"),
            Notice(code=1102, text="Connectivity has been restored - data maintained."),
            Notice(code=10197, text="No market data during competing live session"),
        )
    )


def _disk_full(chance: random.Random) -> Disturbance:
    return DiskFull(process=chance.choice(("ingest", "parser", "broker", "alert")))


def _clock_jump(chance: random.Random) -> Disturbance:
    return ClockJump(seconds=chance.choice((-2.0, 3.0, 10.0, 60.0)))


def _pause(chance: random.Random) -> Disturbance:
    return Pause(seconds=chance.uniform(2.0, 5.0))


def _close_all(chance: random.Random) -> Disturbance:
    return CloseAll()


def _chat_fault(chance: random.Random) -> Disturbance:
    return chance.choice(
        (
            ChatFault(method="sendMessage", kind="drop"),
            ChatFault(method="sendMessage", kind="lose answer"),
            ChatFault(method="sendMessage", kind="error", code=429, retry_after=2),
            ChatFault(method="editMessageText", kind="error", times=2),
            ChatFault(method="*", kind="hang", times=2),
            ChatFault(method="*", kind="slow", times=3),
            ChatFault(method="getUpdates", kind="lose answer"),
        )
    )


def _chat_away(chance: random.Random) -> Disturbance:
    return ChatAway(seconds=chance.uniform(1.0, 6.0))


#: What else goes wrong, and how often each is dealt.
_OTHERS: dict[Callable[[random.Random], Disturbance], int] = {
    _freeze: 10,
    _freeze_at_label: 6,
    _restart: 9,
    _link_down: 8,
    _not_accepting: 7,
    _drop: 3,
    _bad_quotes: 6,
    _exchange: 7,
    _notice: 3,
    _disk_full: 4,
    _clock_jump: 3,
    _pause: 3,
    _close_all: 2,
    _chat_fault: 4,
    _chat_away: 2,
}
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
    Fault(on="position", action="duplicate"): 1,
    Fault(on="placeOrder", action="refuse", code=321, text="Error validating request"): 1,
    Fault(on="placeOrder", action="notice", code=399, text="Order message: warning"): 1,
    Fault(on="placeOrder", action="partial", parts=3, times=2): 1,
    Fault(on="cancelOrder", action="late-answer", seconds=1.0): 1,
    Fault(on="reqPositions", action="duplicate"): 1,
    Fault(on="any", action="mute", nth=9): 1,
}


def _faults(chance: random.Random, count: int) -> list[Fault]:
    # One of each kind first: what a gateway can do, it shall have done.
    kinds: dict[str, dict[Fault, int]] = {}
    for fault, weight in _FAULTS.items():
        kinds.setdefault(fault.action, {})[fault] = weight
    firsts = [_chosen(chance, faults) for faults in kinds.values()]
    chance.shuffle(firsts)
    return firsts[:count] + _dealt(chance, _FAULTS, max(0, count - len(firsts)))


def _dealt(chance: random.Random, weights: Mapping[T, int], count: int) -> list[T]:
    """Return ``count`` in all, each as often as its weight says; luck decides the last ones."""
    whole = sum(weights.values())
    shares = {each: count * weight / whole for each, weight in weights.items()}
    dealt = [each for each, share in shares.items() for _ in range(int(share))]
    by_rest = sorted(shares, key=lambda each: (shares[each] % 1, chance.random()), reverse=True)
    return dealt + by_rest[: count - len(dealt)]


def _chosen(chance: random.Random, weights: dict[T, int]) -> T:
    return chance.choices(list(weights), weights=list(weights.values()))[0]
