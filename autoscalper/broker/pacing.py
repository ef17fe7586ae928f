"""In which order messages leave for the gateway when more wait than a second allows. Pure.

Each lane goes before all behind it, and each but the first two leaves a part of every second free,
so that what protects a position never finds the second used up by what opens one.
"""

from __future__ import annotations

import enum
from collections import deque
from typing import NamedTuple

from autoscalper.domain.identity import IbOrderId

#: The span in seconds that the gateway counts messages over.
SPAN = 1.0
#: The messages of the largest bracket: entry, target, stop and the sale for the last day.
BRACKET = 4
#: The messages of a second while it is quiet: of IBKR's rate entries may have 30, which are seven
#: brackets, and two messages take none of their places.
QUIET = 1
#: Room where nothing limits it.
BOUNDLESS = 1_000_000


class Lane(enum.IntEnum):
    """What a message is for, the most urgent first."""

    #: Whether the gateway is there: one that waits looks like a dead connection.
    HEARTBEAT = 0
    #: Exits, protection, and whatever is taken back.
    EXIT = 1
    #: What the gateway knows.
    QUESTION = 2
    #: New positions.
    ENTRY = 3
    #: What contracts are and what is quoted.
    LOOKUP = 4


class Pace:
    """What waits for the gateway, and when it may leave."""

    def __init__(self, rate: int) -> None:
        """Let ``rate`` messages leave in any second, 0 for no limit."""
        kept = rate // 3
        #: How many messages of the last second still allow one of the lane.
        self._most = {
            Lane.HEARTBEAT: rate,
            Lane.EXIT: rate,
            Lane.QUESTION: rate - kept,
            Lane.ENTRY: rate - kept,
            Lane.LOOKUP: max(rate // 2, 1),
        }
        self._rate = rate
        self._left: deque[float] = deque()
        self._waiting: dict[Lane, deque[_Message]] = {lane: deque() for lane in Lane}

    def put(self, text: str, lane: Lane, order_id: IbOrderId | None = None) -> None:
        """Let a message wait in its lane; behind what waits of the same order, wherever that is."""
        if order_id is not None:
            lane = max([lane, *(each for each in Lane if self._waits(each, order_id))])
        self._waiting[lane].append(_Message(text, order_id))

    def take(self, now: float) -> list[str]:
        """Return the messages that leave at ``now``, seconds of a clock that only goes on."""
        self._forget(now)
        taken = []
        for lane, waiting in self._waiting.items():
            while waiting and self._allows(lane):
                taken.append(waiting.popleft().text)
                self._left.append(now)
        return taken

    def next_at(self) -> float | None:
        """Return when the next message may leave, None while none waits."""
        for lane, waiting in self._waiting.items():
            if waiting:
                # Every lane in front of it is empty, and this one is full.
                return self._left[len(self._left) - self._most[lane]] + SPAN
        return None

    def room(self, now: float) -> int:
        """Return how many messages of entries could leave at ``now`` without waiting.

        An idle line has room for a bracket, however slow it is.
        """
        if not self._rate:
            return BOUNDLESS
        self._forget(now)
        before = [lane for lane in Lane if lane <= Lane.ENTRY]
        used = len(self._left) + sum(len(self._waiting[lane]) for lane in before)
        return max(self._most[Lane.ENTRY] - used, 0 if used else BRACKET)

    def is_quiet(self, now: float) -> bool:
        """Return whether a message that nobody waits for would make nobody wait."""
        self._forget(now)
        used = len(self._left) + sum(map(len, self._waiting.values()))
        return not self._rate or (used <= QUIET and self.room(now) > BRACKET)

    def clear(self) -> None:
        """Forget all that waits: the connection that it was for is over."""
        for waiting in self._waiting.values():
            waiting.clear()

    def _allows(self, lane: Lane) -> bool:
        return not self._rate or len(self._left) < self._most[lane]

    def _forget(self, now: float) -> None:
        while self._left and now >= self._left[0] + SPAN:
            self._left.popleft()

    def _waits(self, lane: Lane, order_id: IbOrderId) -> bool:
        return any(each.order_id == order_id for each in self._waiting[lane])


class _Message(NamedTuple):
    text: str
    order_id: IbOrderId | None
