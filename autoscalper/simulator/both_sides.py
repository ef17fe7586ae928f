"""The rule that one account has no buy and sell orders in one US option at the same time. Pure.

IBKR refuses the later one with 201 ("cannot have open orders on both sides of the same US Option
contract"; ib_insync#694, ajhpark/ib_nope#32). Which orders count is not documented. Here those do
that work at the exchange: neither stops that wait for their trigger, nor what waits for a time, nor
the children of the order itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from autoscalper.simulator.orders import Order, OrderTerms, Status

REFUSAL = (
    201,
    "Order rejected - reason:Cannot have open orders on both sides of the same US Option contract"
    " in the same account.",
)


def rejection(wanted: OrderTerms, live: Iterable[Order]) -> tuple[int, str] | None:
    """Return code and text if ``wanted`` meets a working order of the other side, else None.

    ``live`` are the live orders of its contract.
    """
    if wanted.parent_id or wanted.order_type.has_stop or wanted.conditions:
        return None
    other = any(
        order.terms.side is not wanted.side and order.status is Status.SUBMITTED for order in live
    )
    return REFUSAL if other else None
