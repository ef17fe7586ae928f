"""What can be said on the control socket: one struct for each command.

A command is a JSON object whose ``command`` names it; the other members are the fields below.
Unknown members are refused. Durations are seconds.
"""

from __future__ import annotations

import enum
from datetime import date
from decimal import Decimal

import msgspec

from autoscalper.domain.contract import Right
from autoscalper.simulator.faults import Fault
from autoscalper.simulator.quote_desk import Feed


class _Command(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="command", forbid_unknown_fields=True
):
    """Base of the commands; its tag is the name on the wire."""


class SetQuote(_Command, frozen=True, kw_only=True, tag="quote"):
    """Set what the market shows of a contract, and fill what that fills.

    The contract leaves the walk and stands still; with ``walk`` it walks on from here by itself.
    Without prices nothing is set. The result is the quote.
    """

    underlying: str
    expiry: date
    strike: Decimal
    right: Right
    bid: Decimal | None = None
    ask: Decimal | None = None
    bid_size: Decimal = Decimal(100)
    ask_size: Decimal = Decimal(100)
    last: Decimal | None = None
    volume: Decimal = Decimal(0)
    walk: bool = False


class SetSpot(_Command, frozen=True, kw_only=True, tag="spot"):
    """Set the price of an underlying; model quotes follow at the next step."""

    underlying: str
    price: Decimal


class Step(_Command, frozen=True, kw_only=True, tag="step"):
    """Let the market and the clock act ``count`` times now."""

    count: int = 1


class ShowLedger(_Command, frozen=True, kw_only=True, tag="ledger"):
    """List every order that was ever accepted, oldest first, with its history and fills."""

    #: Only the orders with this order reference.
    order_ref: str | None = None


class ShowPositions(_Command, frozen=True, kw_only=True, tag="positions"):
    """List the open positions, with the account's values."""


class ShowStats(_Command, frozen=True, kw_only=True, tag="stats"):
    """Count messages by name (``unknown`` among them), connections and live orders."""


class ShowFaults(_Command, frozen=True, kw_only=True, tag="faults"):
    """List the faults that are armed, by id."""


class Clear(_Command, frozen=True, kw_only=True, tag="clear"):
    """Disarm one fault or, without an id, all, and end every lasting disturbance."""

    id: int | None = None


class Drop(_Command, frozen=True, kw_only=True, tag="drop"):
    """End the connections of one client or of all; ``reset`` sends RST instead of FIN."""

    client: int | None = None
    reset: bool = False


class Fill(_Command, frozen=True, kw_only=True, tag="fill"):
    """Fill a live order, whatever the market shows; without a quantity wholly.

    The order is named by its reference or its permanent id. The price is its limit, else the
    middle of the quote, unless it is given.
    """

    order_ref: str | None = None
    perm_id: int | None = None
    qty: Decimal | None = None
    price: Decimal | None = None


class Kill(_Command, frozen=True, kw_only=True, tag="kill"):
    """End a live order from the exchange's side: ``reject`` with a code, or cancel it."""

    order_ref: str | None = None
    perm_id: int | None = None
    reason: str = "cancelled by the exchange"
    #: A code makes it a rejection: the order becomes Inactive.
    code: int | None = None


class Correct(_Command, frozen=True, kw_only=True, tag="correct"):
    """Correct a fill: the same exec id with the next number after its last dot."""

    exec_id: str
    qty: Decimal
    price: Decimal


class Say(_Command, frozen=True, kw_only=True, tag="say"):
    """Send an error or notice to one client or to all, and do nothing else."""

    code: int
    text: str
    id: int = -1
    client: int | None = None


class WhileDown(enum.Enum):
    """What becomes of orders that clients send while the link to IBKR is down."""

    #: They wait, and are done when the link is back.
    QUEUE = "queue"
    #: They are never heard of again.
    VANISH = "vanish"
    #: New ones wait; an amendment leaves two live orders with two permanent ids.
    FORK = "fork"


class Connectivity(_Command, frozen=True, kw_only=True, tag="connectivity"):
    """Lose the link to IBKR (1100), or get it back (1102, or 1101 with subscriptions lost).

    While it is down the market stands still and no news about orders is sent; what happens then
    is told when it is back.
    """

    code: int
    orders: WhileDown = WhileDown.QUEUE
    #: Repeat 1100 after so many seconds; 0 says it once.
    repeat_seconds: float = 0.0


class Feeds(_Command, frozen=True, kw_only=True, tag="market-data"):
    """Set what is wrong with market data."""

    feed: Feed


class Accepting(_Command, frozen=True, kw_only=True, tag="accepting"):
    """Set how new connections fare; what is not given goes back to normal.

    ``closed``: the port is closed. ``eof``: accepted and closed at once. ``silent``: accepted, and
    the greeting is never answered. ``disclaimer_seconds``: startApi is refused with 10141 for so
    long. ``linger_seconds``: the id of a client that left stays in use (326) for so long.
    """

    closed: bool = False
    eof: bool = False
    silent: bool = False
    disclaimer_seconds: float = 0.0
    linger_seconds: float = 0.0


class Restart(_Command, frozen=True, kw_only=True, tag="restart"):
    """Restart the gateway as its daily restart does.

    1100 to every client, a reset of every connection, the port closed for ``down_seconds``, then
    10141 for ``disclaimer_seconds``. Untransmitted orders are gone. The ``lose_orders`` newest
    accepted orders are gone as well, and the next order ids go back to before them (Lean.IB#242).
    With ``approval`` the port stays closed until the ``approve`` command.
    """

    down_seconds: float = 0.0
    disclaimer_seconds: float = 0.0
    lose_orders: int = 0
    approval: bool = False


class Approve(_Command, frozen=True, kw_only=True, tag="approve"):
    """Approve the login that a restart waits for."""


Showing = ShowLedger | ShowPositions | ShowStats | ShowFaults
Trading = SetQuote | SetSpot | Step | Fill | Kill | Correct
Disturbing = Fault | Clear | Drop | Say | Connectivity | Feeds | Accepting | Restart | Approve
Command = Showing | Trading | Disturbing
