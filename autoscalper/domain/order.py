"""Words for orders: sides, kinds, purposes and states (FIX, in full words)."""

from __future__ import annotations

import enum


class Side(enum.Enum):
    """Buy or sell (FIX Side)."""

    BUY = "buy"
    SELL = "sell"


class OrderType(enum.Enum):
    """How an order is priced (FIX OrdType)."""

    LIMIT = "limit"
    MARKET = "market"
    STOP = "stop"
    TRAILING_STOP = "trailing stop"


class Purpose(enum.Enum):
    """What an order is for in the life of its trade."""

    ENTRY = "entry"
    ADD = "add"
    STOP_LOSS = "stop loss"
    TAKE_PROFIT = "take profit"
    #: Rests at the broker and sells what is left on the last day, should nobody else do it.
    FLATTEN = "flatten"
    EXIT = "exit"


class OrderStatus(enum.Enum):
    """Where an order stands (FIX OrdStatus), and ours before and beyond the wire."""

    #: The intent is on disk; whether it reached the gateway is unknown until the gateway says.
    IN_DOUBT = "in doubt"
    PENDING_NEW = "pending new"
    NEW = "new"
    PARTIALLY_FILLED = "partially filled"
    PENDING_CANCEL = "pending cancel"
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    #: Not found at the gateway and given up. If it shows up after all, it is canceled or protected.
    ABANDONED = "abandoned"


#: States that an order never leaves by itself.
TERMINAL = frozenset(
    {
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
        OrderStatus.REJECTED,
        OrderStatus.EXPIRED,
        OrderStatus.ABANDONED,
    }
)
#: States in which an order rests at the gateway: it protects, and it can fill.
WORKING = frozenset({OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED})
