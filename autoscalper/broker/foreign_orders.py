"""Orders that close positions which are not AutoScalper's: intents, and what became of them. Pure.

They are no trade's: a trade's books never count them, and theirs never count a trade's.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from autoscalper.broker.events import Fill, Holding, OrderReport, execution_of
from autoscalper.broker.orders import digest
from autoscalper.domain.identity import ClientOrderId, CommandId, ConId, ExecId, IbOrderId
from autoscalper.domain.order import TERMINAL, WORKING, OrderStatus, Side
from autoscalper.domain.pricing import shown

#: Client order ids of these start with this; it is not the prefix of a trade's orders.
PREFIX = "ASC1|"


class ForeignOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One intent to close a position at the market. It exists on disk before it leaves."""

    client_order_id: ClientOrderId
    #: Chosen by us from a mark that only rises; never given to another intent.
    ib_order_id: IbOrderId
    #: What was held when it was decided on.
    holding: Holding
    side: Side
    order_qty: int
    #: What of the position other working orders can take: it was left to them.
    left_qty: int = 0
    created_at: datetime
    status: OrderStatus = OrderStatus.IN_DOUBT
    #: Since when nobody knows; None once the gateway said what it is.
    doubted_at: datetime | None = None
    #: Whether a full snapshot did not have it, once already.
    missed: bool = False
    #: Whether the gateway ever said that it works.
    worked: bool = False
    cum_qty: int = 0
    #: Per share, in the contract's currency.
    avg_price: Decimal = Decimal(0)
    #: Counted by executions alone, which can lag behind what the status says.
    executed_qty: int = 0
    #: The executions that were counted.
    executions: tuple[ExecId, ...] = ()
    #: When it last filled: the account's positions can lag behind that.
    filled_at: datetime | None = None
    #: Code and text of the last error that the gateway sent about it.
    error: str = ""

    @property
    def is_live(self) -> bool:
        """Return whether it can still fill, as far as anybody knows."""
        return self.status not in TERMINAL

    @property
    def leaves_qty(self) -> int:
        """Return how many it can still fill."""
        return max(self.order_qty - self.cum_qty, 0) if self.is_live else 0


def client_order_id_of(command_id: CommandId, con_id: ConId) -> ClientOrderId:
    """Return the id of the one order with which a command closes one position."""
    return ClientOrderId(f"{PREFIX}{digest(command_id)}|{con_id}")


def reported(order: ForeignOrder, report: OrderReport, now: datetime) -> ForeignOrder:
    """Return ``order`` after the gateway said something of it."""
    filled = order.order_qty if report.status is OrderStatus.FILLED else report.cum_qty or 0
    if filled > order.cum_qty:
        avg_price = report.avg_price or order.avg_price
        order = replace(order, cum_qty=filled, avg_price=avg_price, filled_at=now)
    given_up = order.status is OrderStatus.ABANDONED
    if not order.is_live and not given_up:
        # Late messages revive nothing that ended, unless the end was ours to conclude.
        return order
    in_doubt = report.status is OrderStatus.IN_DOUBT
    if given_up and in_doubt:
        return order
    return replace(
        order,
        status=report.status,
        worked=order.worked or report.status in WORKING,
        doubted_at=(order.doubted_at or now) if in_doubt else None,
        missed=order.missed and in_doubt,
    )


def filled(order: ForeignOrder, fill: Fill, now: datetime) -> ForeignOrder:
    """Return ``order`` after an execution, which counts once."""
    execution = execution_of(fill.exec_id)
    if execution in order.executions:
        return order
    executed = order.executed_qty + fill.last_qty
    if executed > order.cum_qty or not order.avg_price:
        spent = order.avg_price * order.executed_qty + fill.last_price * fill.last_qty
        order = replace(order, avg_price=(spent / executed).quantize(Decimal("0.0001")))
    order = replace(
        order,
        executed_qty=executed,
        executions=(*order.executions, execution),
        cum_qty=max(order.cum_qty, executed),
        filled_at=now,
    )
    if order.cum_qty >= order.order_qty:
        order = replace(order, status=OrderStatus.FILLED, doubted_at=None)
    return order


def described(order: ForeignOrder) -> str:
    """Return in words how far the closing of its position is."""
    name = order.holding.name
    selling, sold = ("selling", "sold") if order.side is Side.SELL else ("buying back", "bought")
    done = f"{sold} {order.cum_qty} at {shown(order.avg_price)}" if order.cum_qty else ""
    left = order.order_qty - order.cum_qty
    if order.is_live:
        doing = f"{selling} {left} at the market"
        so_far = f", {done} so far" if done else ""
        says = f"; the gateway says {order.error}" if order.error else ""
        return f"{name}: {doing}{so_far}{says}"
    if left <= 0:
        return f"{name}: {done}{_left(order)}"
    head = f"{done}, {left} left" if done else f"nothing {sold}"
    return f"{name}: {head}: {_why(order)}"


def _left(order: ForeignOrder) -> str:
    if order.left_qty:
        return f", {order.left_qty} left to other working orders"
    fraction = order.holding.qty % 1
    return f", {fraction.normalize():f} left: only whole ones can be ordered" if fraction else ""


def _why(order: ForeignOrder) -> str:
    match order.status:
        case OrderStatus.REJECTED:
            return f"refused, {order.error}"
        case OrderStatus.ABANDONED:
            return "the gateway knows nothing of the order"
        case _:
            return f"the order is {order.status.value}" + (
                f", {order.error}" if order.error else ""
            )
