"""What can go wrong, one struct for each. Pure."""

from __future__ import annotations

import msgspec


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


class FreezeAtLabel(msgspec.Struct, frozen=True, kw_only=True):
    """SIGSTOP of whichever process reaches that point next, and SIGCONT after a while."""

    label: str
    seconds: float


class Restart(msgspec.Struct, frozen=True, kw_only=True):
    """The gateway restarts in its own way; it may lose its newest orders."""

    down_seconds: float
    disclaimer_seconds: float
    lose_orders: int
    #: Whether somebody must approve the login, which happens after ``down_seconds``.
    approval: bool = False


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Something goes wrong with one message between broker and gateway."""

    on: str
    action: str
    nth: int = 1
    times: int = 1
    seconds: float = 0.0
    code: int = 0
    text: str = ""
    parts: int = 2
    qty: int = 1
    lose_orders: int = 0
    reset: bool = False


class LinkDown(msgspec.Struct, frozen=True, kw_only=True):
    """The gateway loses IBKR's servers (1100) and has them back with ``code``."""

    seconds: float
    orders: str
    code: int
    repeat_seconds: float = 0.0


class NotAccepting(msgspec.Struct, frozen=True, kw_only=True):
    """Connections end, and new ones fare badly for a while."""

    seconds: float
    #: ``closed``, ``eof``, ``silent``, ``linger_seconds`` or ``disclaimer_seconds``.
    manner: str


class Drop(msgspec.Struct, frozen=True, kw_only=True):
    """Connections end, in order or with a reset."""

    reset: bool


class BadQuotes(msgspec.Struct, frozen=True, kw_only=True):
    """Something is wrong with market data for a while; see the simulator's ``Feed``."""

    feed: str
    seconds: float


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """Something happens to a live order, or to a fill, without anybody having asked."""

    #: ``cancel``, ``reject``, ``fill`` or ``correct``.
    what: str
    #: Says which of those that there are.
    number: int


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """The gateway says something that changes nothing."""

    code: int
    text: str


class DiskFull(msgspec.Struct, frozen=True, kw_only=True):
    """A process cannot write to its files any more."""

    process: str


class ClockJump(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody's clock jumps."""

    seconds: float


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """The operator says /pause, and /resume after a while."""

    seconds: float


class CloseAll(msgspec.Struct, frozen=True, kw_only=True):
    """The operator says /closeall and presses the button."""


class ChatFault(msgspec.Struct, frozen=True, kw_only=True):
    """Some calls of Telegram's API fail; see the stand-in's ``Kind``."""

    method: str
    kind: str
    times: int = 1
    seconds: float = 3.0
    code: int = 500
    retry_after: int | None = None


class ChatAway(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody answers where Telegram is."""

    seconds: float


OfProcess = Kill | KillAtLabel | Freeze | FreezeAtLabel | DiskFull
OfGateway = Restart | Fault | LinkDown | NotAccepting | Drop | BadQuotes | Exchange | Notice
OfOperator = Pause | CloseAll | ChatFault | ChatAway
Disturbance = OfProcess | OfGateway | OfOperator | ClockJump


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A disturbance and its time, in seconds after the beginning."""

    at: float
    what: Disturbance
