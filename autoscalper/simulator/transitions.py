"""How an order becomes the next record of itself."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from autoscalper.domain.identity import ExecId
from autoscalper.simulator.account import commission_of
from autoscalper.simulator.orders import Execution, Order, Status, StatusChange


def with_status(order: Order, status: Status, why_held: str, now: datetime) -> Order:
    """Return the order in its next status, with a line of history for it."""
    line = StatusChange(at=now, status=status, cum_qty=order.cum_qty, order_qty=order.order_qty)
    return msgspec.structs.replace(
        order,
        status=status,
        why_held=why_held,
        history=(*order.history, line),
        done_at=now if status.is_done else None,
    )


def filled(order: Order, qty: Decimal, price: Decimal, now: datetime) -> tuple[Order, Execution]:
    """Return the order after a fill of ``qty`` at ``price``, and the fill.

    It is Filled if nothing is left, else Submitted.
    """
    cum_qty = order.cum_qty + qty
    commission = commission_of(cum_qty) - commission_of(order.cum_qty)
    order = msgspec.structs.replace(
        order,
        cum_qty=cum_qty,
        avg_price=(order.avg_price * order.cum_qty + price * qty) / cum_qty,
        last_price=price,
        commission=order.commission + commission,
        fills=order.fills + 1,
        triggered=True,
    )
    status = Status.FILLED if order.leaves_qty == 0 else Status.SUBMITTED
    order = with_status(order, status, "", now)
    return order, Execution(
        exec_id=ExecId(f"0000e0d5.{order.perm_id:08x}.{order.fills:02d}.01"),
        perm_id=order.perm_id,
        client_id=order.client_id,
        order_id=order.order_id,
        con_id=order.terms.con_id,
        side=order.terms.side,
        account=order.terms.account,
        order_ref=order.terms.order_ref,
        last_qty=qty,
        last_price=price,
        cum_qty=cum_qty,
        avg_price=order.avg_price,
        commission=commission,
        executed_at=now,
    )
