"""When broker and gateway may be struck again. Pure.

Whoever strikes one of them, or what lies between them, faster than the other can find out what was
lost could leave a position without a stop for ever, whatever a broker does: an order that nobody
answers is given up after three seconds of asking, and asking needs a connection. So each blow waits
until the broker has traded for a while since the one before.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.chaos.disturbances import (
    DiskFull,
    Disturbance,
    Drop,
    Fault,
    Freeze,
    Kill,
    LinkDown,
    NotAccepting,
    Restart,
)

#: Seconds for which the broker trades at least between two blows.
TRADING_SECONDS = 4.0
#: Seconds after which the next one comes even so: the gateway may be away for long.
LONGEST_SECONDS = 12.0
#: Processes whose death, or standstill, is a blow.
STRUCK = frozenset({"broker", "simulator"})
#: Seconds between two looks at whether the broker trades.
_LOOK_SECONDS = 0.25
#: Faults of single messages that cost the connection.
_CUTTING = frozenset(
    {"drop-before", "drop-mid-frame", "drop-after-accept", "drop-after-ack", "restart", "mute"}
)


class Truce:
    """Holds from each blow on until the broker has traded for long enough."""

    def __init__(self, broker_state: Callable[[], str]) -> None:
        """Ask ``broker_state`` what the broker says of itself."""
        self._broker_state = broker_state
        self._struck_until = -LONGEST_SECONDS
        self._trading_since: float | None = None
        self._looked_at = 0.0

    def strike(self, now: float, seconds: float = 0.0) -> None:
        """Begin anew: something was struck, and is back after ``seconds``."""
        self._struck_until = max(self._struck_until, now + seconds)
        self._trading_since = None

    def look(self, now: float) -> None:
        """Notice whether the broker trades; to be called often."""
        if now - self._looked_at < _LOOK_SECONDS:
            return
        self._looked_at = now
        if now < self._struck_until or self._broker_state() != "trading":
            self._trading_since = None
        elif self._trading_since is None:
            self._trading_since = now

    def holds(self, now: float) -> bool:
        """Return whether nothing may be struck yet."""
        since = self._trading_since
        has_traded = since is not None and now - since >= TRADING_SECONDS
        return not has_traded and now - self._struck_until < LONGEST_SECONDS


def is_blow(what: Disturbance) -> bool:
    """Return whether ``what`` strikes the broker, the gateway, or what lies between them."""
    match what:
        case Restart() | LinkDown() | NotAccepting() | Drop():
            return True
        case Kill(process=process) | Freeze(process=process) | DiskFull(process=process):
            return process in STRUCK
        case Fault(action=action):
            return action in _CUTTING
        case _:
            return False
