"""What the order book knows: orders, their terms, executions, and the facts it reports.

Everything here is frozen: an order that changes is a new record under the same ``perm_id``, so a
fact keeps the order as it was when the fact happened.
"""

from __future__ import annotations

import enum
from datetime import datetime
from decimal import Decimal

import msgspec

from autoscalper.domain.identity import ConId, ExecId, IbOrderId, PermId

#: (client id, order id): how an API client names an order.
OrderKey = tuple[int, IbOrderId]


class Side(enum.Enum):
    """Buy or sell, as IBKR spells the action of an order."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """Return what one contract bought or sold adds to the position."""
        return 1 if self is Side.BUY else -1


class OrderType(enum.Enum):
    """The order types that the book knows, as IBKR spells them."""

    MARKET = "MKT"
    LIMIT = "LMT"
    STOP = "STP"
    STOP_LIMIT = "STP LMT"
    TRAIL = "TRAIL"
    TRAIL_LIMIT = "TRAIL LIMIT"

    @property
    def has_stop(self) -> bool:
        """Return whether the order waits for a trigger price."""
        return self not in (OrderType.MARKET, OrderType.LIMIT)

    @property
    def trails(self) -> bool:
        """Return whether the trigger price follows the market."""
        return self in (OrderType.TRAIL, OrderType.TRAIL_LIMIT)

    @property
    def has_limit(self) -> bool:
        """Return whether the order fills at a limit price or better only."""
        return self in (OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.TRAIL_LIMIT)


class Status(enum.Enum):
    """Where an order stands, as IBKR spells it (TWS API, "Possible Order States").

    ``STAGED`` is ours: transmit was false, so nothing but the ledger shows the order.
    """

    STAGED = "Staged"
    PENDING_SUBMIT = "PendingSubmit"
    PRE_SUBMITTED = "PreSubmitted"
    SUBMITTED = "Submitted"
    PENDING_CANCEL = "PendingCancel"
    FILLED = "Filled"
    CANCELLED = "Cancelled"
    INACTIVE = "Inactive"

    @property
    def is_done(self) -> bool:
        """Return whether nothing can happen to the order any more."""
        return self in (Status.FILLED, Status.CANCELLED, Status.INACTIVE)


class TimeInForce(enum.Enum):
    """How long an order lives."""

    DAY = "DAY"
    GTC = "GTC"
    GTD = "GTD"
    IOC = "IOC"
    FOK = "FOK"


class OcaType(enum.IntEnum):
    """What a fill does to the rest of its one-cancels-all group (TWS API, "OCA orders")."""

    NONE = 0
    CANCEL = 1
    REDUCE_WITH_BLOCK = 2
    REDUCE = 3


class TimeCondition(msgspec.Struct, frozen=True, kw_only=True):
    """Holds an order back until (or, if ``is_after`` is false, cancels it from) a time."""

    at: datetime
    is_after: bool


class OrderTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What the client asked for, as far as it decides what happens to the order."""

    con_id: ConId
    side: Side
    order_qty: Decimal
    order_type: OrderType
    limit_price: Decimal | None = None
    #: Trigger price of a stop, or the trailing amount of a trailing order.
    aux_price: Decimal | None = None
    trail_stop_price: Decimal | None = None
    trailing_percent: Decimal | None = None
    limit_price_offset: Decimal | None = None
    trigger_method: int = 0
    time_in_force: TimeInForce = TimeInForce.DAY
    good_till: datetime | None = None
    good_after: datetime | None = None
    conditions: tuple[TimeCondition, ...] = ()
    conditions_cancel_order: bool = False
    oca_group: str = ""
    oca_type: OcaType = OcaType.NONE
    order_ref: str = ""
    account: str = ""
    parent_id: IbOrderId = IbOrderId(0)
    transmit: bool = True
    all_or_none: bool = False


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """A placeOrder as the book sees it."""

    key: OrderKey
    terms: OrderTerms
    #: See ``Order``.
    echo: dict[str, str] = {}
    echo_blocks: dict[str, tuple[str, ...]] = {}
    #: Why the order is accepted and at once rejected: a code and words; None if it is not.
    rejection: tuple[int, str] | None = None


class StatusChange(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an order's history."""

    at: datetime
    status: Status
    cum_qty: Decimal
    order_qty: Decimal


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One order as it stands.

    Attributes:
        order_qty: what is ordered now; smaller than in ``terms`` after an OCA reduction.
    """

    perm_id: PermId
    client_id: int
    order_id: IbOrderId
    terms: OrderTerms
    #: The fields that the book has no use for, as the client sent them, by their IBKR name.
    echo: dict[str, str] = {}
    #: Blocks of such fields.
    echo_blocks: dict[str, tuple[str, ...]] = {}
    order_qty: Decimal
    cum_qty: Decimal = Decimal(0)
    avg_price: Decimal = Decimal(0)
    last_price: Decimal = Decimal(0)
    commission: Decimal = Decimal(0)
    #: How many fills it had; numbers the next one.
    fills: int = 0
    #: What its children have filled so far.
    children_cum_qty: Decimal = Decimal(0)
    status: Status
    why_held: str = ""
    #: Whether the trigger price was reached, or the order has none.
    triggered: bool = False
    #: Trigger price as it trails the market.
    stop_price: Decimal | None = None
    #: The best price that a trailing stop has seen.
    extreme_price: Decimal | None = None
    parent_perm_id: PermId | None = None
    accepted_at: datetime
    #: When the order expires; None for an order that is good till cancelled.
    ends_at: datetime | None = None
    done_at: datetime | None = None
    #: Why the order ended, in words; empty for a fill.
    reason: str = ""
    #: Why it never counted: an injected restart lost it, or it is the second copy of a fork.
    anomaly: str = ""
    history: tuple[StatusChange, ...] = ()

    @property
    def leaves_qty(self) -> Decimal:
        """Return what is left to fill; ``order_qty = cum_qty + leaves_qty`` always."""
        return self.order_qty - self.cum_qty

    @property
    def key(self) -> OrderKey:
        """Return how its client names the order."""
        return self.client_id, self.order_id

    @property
    def is_live(self) -> bool:
        """Return whether the order can still fill or be cancelled."""
        return not self.status.is_done

    @property
    def oca_group(self) -> str:
        """Return the OCA group; the children of one parent have one without asking for it."""
        if self.terms.oca_group or self.parent_perm_id is None:
            return self.terms.oca_group
        return str(self.parent_perm_id)

    @property
    def oca_type(self) -> OcaType:
        """Return what a fill in the group does; implicit groups and the unset type reduce."""
        if not self.oca_group:
            return OcaType.NONE
        if not self.terms.oca_group:
            return OcaType.REDUCE
        return self.terms.oca_type or OcaType.REDUCE


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """One fill of an order, or the correction of one."""

    exec_id: ExecId
    perm_id: PermId
    client_id: int
    order_id: IbOrderId
    con_id: ConId
    side: Side
    account: str
    order_ref: str
    last_qty: Decimal
    last_price: Decimal
    cum_qty: Decimal
    avg_price: Decimal
    commission: Decimal
    #: Profit of what the fill closed; None where it opened.
    realized_pnl: Decimal | None = None
    executed_at: datetime


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """An order was accepted, changed, or moved on without a fill."""

    order: Order


class Executed(msgspec.Struct, frozen=True, kw_only=True):
    """An order filled, wholly or in part."""

    order: Order
    execution: Execution


class Cancelled(msgspec.Struct, frozen=True, kw_only=True):
    """An order ended without filling."""

    order: Order


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """An order was accepted by the gateway and refused behind it; it is Inactive."""

    order: Order
    code: int


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """A request was refused and changed nothing."""

    key: OrderKey
    code: int
    text: str


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """An order changed in a way that nobody is told: untransmitted, or its stop trailed."""

    order: Order


#: What the book reports.
Fact = Opened | Executed | Cancelled | Rejected | Refused | Kept
