"""Faults that a test arms: on which message, after how many, and what happens then. Pure.

A fault waits for the n-th message of a kind from now on, from one client or from any, happens a
number of times, and is gone. Kinds are the names of IBKR's methods: those of EClient for what
clients send (``placeOrder``, or ``any``), those of EWrapper for what the gateway says
(``execDetails``).
"""

from __future__ import annotations

import enum

import msgspec


class Action(enum.Enum):
    """What a fault does to the message it meets.

    The first block is for what clients send, ``omit`` and ``delay`` are for what the gateway says,
    and ``duplicate`` is for both.
    """

    #: The connection ends before the message is read: it never happened.
    DROP_BEFORE = "drop-before"
    #: The message is done; the connection ends before a word about it is said.
    DROP_AFTER_ACCEPT = "drop-after-accept"
    #: The connection ends between openOrder and the first orderStatus.
    DROP_AFTER_ACK = "drop-after-ack"
    #: The connection ends in the middle of the first frame of the answer.
    DROP_MID_FRAME = "drop-mid-frame"
    #: The message is done and never answered.
    NO_ANSWER = "no-answer"
    #: The message is done and answered after ``seconds``; later answers overtake it.
    LATE_ANSWER = "late-answer"
    #: The connection ends at once, and the message is done ``seconds`` later.
    LATE_ACCEPT = "late-accept"
    #: The message is thrown away and the connection stays.
    VANISH = "vanish"
    #: From here on the connection takes bytes, does nothing and says nothing: half-open.
    MUTE = "mute"
    #: The message is refused with ``code`` and ``text``; nothing is done.
    REFUSE = "refuse"
    #: placeOrder: the order is accepted and then rejected with ``code``; it is Inactive.
    REJECT = "reject"
    #: The message is done, and an error with ``code`` and ``text`` names it as well.
    NOTICE = "notice"
    #: The answer comes twice.
    DUPLICATE = "duplicate"
    #: The answer comes backwards: orderStatus before execDetails, execDetails before openOrder.
    REORDER = "reorder"
    #: placeOrder: the order fills in ``parts``, one at each step of the market.
    PARTIAL = "partial"
    #: cancelOrder: the order fills first, so the cancel comes too late (10148).
    FILL_FIRST = "fill-first"
    #: cancelOrder: a fill of ``qty`` contracts arrives after the order was reported Cancelled.
    FILL_AFTER = "fill-after"
    #: The message is done, and the gateway restarts before a word about it is said: it loses
    #: ``lose_orders`` orders and comes back after ``seconds`` (see the ``restart`` command).
    RESTART = "restart"
    #: What the gateway would have said is not said.
    OMIT = "omit"
    #: What the gateway would have said comes after ``seconds``; later messages overtake it.
    DELAY = "delay"


class Fault(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="command",
    tag="fault",
    forbid_unknown_fields=True,
):
    """A fault, and the command that arms it; the result of the command has its ``id``."""

    #: The kind of message that it waits for.
    on: str
    action: Action
    #: Which message of the kind it meets first, counted from now.
    nth: int = 1
    #: How many messages it meets; 0 for all until it is cleared.
    times: int = 1
    #: The client whose messages count; None for any.
    client: int | None = None
    seconds: float = 0.0
    code: int = 0
    text: str = ""
    parts: int = 2
    qty: int = 1
    #: Whether a connection ends with a reset (RST) rather than in order (FIN).
    reset: bool = False
    lose_orders: int = 0


class _Armed(msgspec.Struct):
    fault: Fault
    seen: int = 0
    done: int = 0


class FaultPlan:
    """The armed faults, by the id that each was given."""

    def __init__(self) -> None:
        """Start with nothing armed."""
        self._armed: dict[int, _Armed] = {}
        self._last_id = 0

    def arm(self, fault: Fault) -> int:
        """Arm a fault and return its id."""
        self._last_id += 1
        self._armed[self._last_id] = _Armed(fault)
        return self._last_id

    def clear(self, fault_id: int | None = None) -> None:
        """Disarm one fault, or all."""
        if fault_id is None:
            self._armed.clear()
        else:
            self._armed.pop(fault_id, None)

    def armed(self) -> dict[int, Fault]:
        """Return what is armed."""
        return {fault_id: armed.fault for fault_id, armed in self._armed.items()}

    def meet(self, client: int | None, *kinds: str) -> Fault | None:
        """Count one message, and return the fault that it meets: the oldest, or None."""
        met: Fault | None = None
        for fault_id, armed in list(self._armed.items()):
            fault = armed.fault
            if fault.on not in kinds or fault.client not in (None, client):
                continue
            armed.seen += 1
            if met is None and armed.seen >= fault.nth:
                met = fault
                armed.done += 1
                if armed.done == fault.times:
                    del self._armed[fault_id]
        return met
