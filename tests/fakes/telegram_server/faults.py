"""What goes wrong with calls of the Bot API, a number of times for one method."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Kind(enum.Enum):
    """How a call fails."""

    #: The connection is cut before anything is done.
    DROP = "drop"
    #: It is done, and the connection is cut before the answer.
    LOSE_ANSWER = "lose answer"
    #: An error is answered, nothing is done.
    ERROR = "error"
    #: Nothing is done or answered, and the connection stays open.
    HANG = "hang"
    #: It is done and answered, late.
    SLOW = "slow"


@dataclass
class Fault:
    """``times`` calls of ``method`` (``*``: of any) fail in the way of ``kind``."""

    method: str
    kind: Kind
    times: int = 1
    #: Of an error.
    code: int = 500
    description: str = "Internal Server Error"
    retry_after: int | None = None
    #: Of a slow answer, and the longest that a call hangs.
    seconds: float = 60.0


class Faults:
    """The faults that are armed."""

    def __init__(self) -> None:
        self.armed: list[Fault] = []
        #: How many calls failed by method.
        self.struck: dict[str, int] = {}

    def arm(self, fault: Fault) -> None:
        """Let calls fail from now on."""
        self.armed.append(fault)

    def clear(self) -> None:
        """Let all be well again."""
        self.armed.clear()

    def strike(self, method: str) -> Fault | None:
        """Return the fault that this call of ``method`` has, and count it."""
        for fault in self.armed:
            if fault.method in (method, "*"):
                fault.times -= 1
                if fault.times <= 0:
                    self.armed.remove(fault)
                self.struck[method] = self.struck.get(method, 0) + 1
                return fault
        return None
