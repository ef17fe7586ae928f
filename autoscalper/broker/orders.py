"""Our orders and trades as the broker remembers them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

import msgspec

from autoscalper.domain.contract import OptionContract
from autoscalper.domain.identity import (
    AuthorId,
    ChannelId,
    ClientOrderId,
    IbOrderId,
    MessageId,
    PermId,
    SignalId,
    TradeId,
)
from autoscalper.domain.instruction import RiskLevel, TrailBy
from autoscalper.domain.order import TERMINAL, OrderStatus, OrderType, Purpose, Side
from autoscalper.domain.pricing import shown

#: Every client order id of ours starts with this; an order with it is AutoScalper's.
OUR_PREFIX = "AS1|"

#: How long a change or a cancel may stay unconfirmed before it is asked for again: an exit waits
#: for the cancel of its stop, and nothing protects meanwhile if only the answer was lost.
CHANGE_PATIENCE = timedelta(seconds=1)
#: How long an order may be in doubt before the gateway is asked for all its evidence.
ASK_AFTER = timedelta(seconds=1)

#: One letter per purpose, for the client order id.
_LETTERS = {
    Purpose.ENTRY: "E",
    Purpose.ADD: "A",
    Purpose.STOP_LOSS: "S",
    Purpose.TAKE_PROFIT: "T",
    Purpose.FLATTEN: "F",
    Purpose.EXIT: "X",
}


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What of an order can be changed while it works."""

    order_qty: int
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One intent: an order that we decided on. It exists on disk before it leaves."""

    client_order_id: ClientOrderId
    #: Chosen by us from a mark that only rises; never given to another intent.
    ib_order_id: IbOrderId
    trade_id: TradeId
    contract: OptionContract
    purpose: Purpose
    side: Side
    order_type: OrderType
    #: As the gateway last confirmed them, or as they were sent.
    terms: Terms
    #: The signal that ordered it; None for what keeps a trade at its level.
    ordered_by: SignalId | None = None
    #: A child becomes active with its parent.
    parent: ClientOrderId | None = None
    parent_ib_order_id: IbOrderId | None = None
    #: Orders of one group reduce each other when one of them fills.
    oca_group: str = ""
    #: How a trailing stop follows; its stop price is where it stood when last heard of.
    trail: TrailBy | None = None
    #: It rests until then; None: it works at once.
    active_at: datetime | None = None
    #: When IBKR ends it if nobody else did; None: by what it is for, at the close or never.
    ends_at: datetime | None = None
    created_at: datetime
    status: OrderStatus = OrderStatus.IN_DOUBT
    #: Since when nobody knows; None once the gateway said what it is.
    doubted_at: datetime | None = None
    #: Whether a full snapshot did not have it, once already.
    missed: bool = False
    #: Whether the gateway ever said that it works.
    worked: bool = False
    #: Whether the gateway last said that it is inactive: refused, or at rest for another reason.
    is_inactive: bool = False
    #: Whether what a buy did not bring is taken off its trade's level: once, although a buy that
    #: was given up can show up and end again.
    is_taken_off: bool = False
    perm_id: PermId | None = None
    #: Another permanent id under which the gateway works it as well: IBKR made two orders of one.
    twin_perm_id: PermId | None = None
    cum_qty: int = 0
    #: Dollars per share.
    avg_price: Decimal = Decimal(0)
    #: The same two, counted by executions alone; they can lag behind what the status says.
    executed_qty: int = 0
    executed_avg_price: Decimal = Decimal(0)
    #: Terms of a change that the gateway has not confirmed yet, and when it was asked for.
    asked: Terms | None = None
    asked_at: datetime | None = None
    #: Code and text of the last error that the gateway sent about it.
    error: str = ""

    @property
    def is_live(self) -> bool:
        """Return whether it can still fill, as far as anybody knows."""
        return self.status not in TERMINAL

    @property
    def leaves_qty(self) -> int:
        """Return how many contracts it can still fill."""
        return max(self.terms.order_qty - self.cum_qty, 0) if self.is_live else 0

    def may_ask_again(self, now: datetime) -> bool:
        """Return whether the last change or cancel had its time to be confirmed."""
        return self.asked_at is None or now - self.asked_at >= CHANGE_PATIENCE

    @property
    def is_refused(self) -> bool:
        """Return whether it ended because the gateway would not have it."""
        given_up = self.status is OrderStatus.ABANDONED and self.error != ""
        return self.status is OrderStatus.REJECTED or given_up


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """One position's life, and what must be true about it."""

    trade_id: TradeId
    contract: OptionContract
    channel_id: ChannelId
    author_id: AuthorId
    opened_by: SignalId
    opened_at: datetime
    #: Posts that belong to it: the one that opened it and every follow-up.
    messages: tuple[MessageId, ...]
    #: At most so many contracts shall be held once what is being bought is there; what is above
    #: is sold. What a buy did not bring is taken off when the buy ends.
    hold: int
    #: Whether what is still being bought shall be called off.
    is_enough: bool = False
    #: Where the protective stop and the take-profit shall rest, dollars per share.
    stop_price: Decimal
    target_price: Decimal
    #: How the stop follows the market; None: it rests where it is.
    trail: TrailBy | None = None
    #: Targets that are not reached yet, the nearest first; None: ``target_price`` alone. Beyond
    #: the last one, a runner has its stop alone.
    targets: tuple[Decimal, ...] | None = None
    has_runner: bool = False
    #: How risky the trader called it: it bounds what adds may risk, too.
    risk_level: RiskLevel = RiskLevel.NORMAL
    #: Contracts that the trader has himself, where his posts say it.
    trader_qty: int | None = None
    #: Contracts that its targets sold and that trims spoke of since.
    told_qty: int = 0
    #: Whether the stop, the target are the settings' and not a trader's: they follow the average.
    is_stop_default: bool = False
    is_target_default: bool = False
    adds: int = 0
    #: For showing: who posted it where, and at what price per share.
    author_name: str = ""
    channel_name: str = ""
    posted_price: Decimal | None = None
    #: What a contract was worth when a later trading day began, and which; dollars per share.
    carried_price: Decimal | None = None
    carried_on: date | None = None
    #: Contracts that left the position by another hand than ours.
    external_qty: int = 0
    #: Since when the account has shown fewer contracts than we count; None while it agrees.
    unseen_at: datetime | None = None
    #: When contracts last changed hands; the gateway adjusts siblings by itself just after.
    filled_at: datetime | None = None
    #: Since when even the ask of what is held has not been above its stop; None while it is.
    below_stop_since: datetime | None = None
    closed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Return whether there is, or may come to be, a position."""
        return self.closed_at is None


def digest(text: str) -> str:
    """Return ten letters and digits that identify ``text``."""
    # Of Python's own hashes: those of OpenSSL take ten times as long after a pause.
    hashed = hashlib.blake2s(text.encode(), digest_size=10).digest()
    return base64.b32encode(hashed)[:10].decode().lower()


def trade_id_of(signal_id: SignalId) -> TradeId:
    """Return the id of the trade that a signal opens: always the same for the same signal."""
    return TradeId(digest(signal_id))


def client_order_id_of(trade_id: TradeId, purpose: Purpose, number: int) -> ClientOrderId:
    """Return the id of a trade's ``number``-th order for ``purpose``, counted from 0."""
    return ClientOrderId(f"{OUR_PREFIX}{trade_id}|{_LETTERS[purpose]}{number}")


def net_qty(orders: Iterable[Order]) -> int:
    """Return the contracts that ``orders`` bought less those that they sold."""
    return sum(order.cum_qty if order.side is Side.BUY else -order.cum_qty for order in orders)


def describe(order: Order) -> str:
    """Return an order in words: side, quantity, kind and price."""
    terms = order.terms
    prices = [terms.limit_price, terms.stop_price]
    price = next((f" {shown(each)}" for each in prices if each is not None), "")
    kind = order.order_type.value
    return f"{order.side.value} {terms.order_qty} {kind}{price} ({order.purpose.value})"
