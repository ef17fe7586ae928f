"""What an order's terms mean by themselves: its first stop, its conditions, and what may change."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from autoscalper.simulator.orders import Order, OrderTerms, OrderType, Submission


def first_stop(terms: OrderTerms) -> Decimal | None:
    """Return the trigger price that an order starts with; a trail may have none yet."""
    match terms.order_type:
        case OrderType.STOP | OrderType.STOP_LIMIT:
            return terms.aux_price
        case OrderType.TRAIL | OrderType.TRAIL_LIMIT:
            return terms.trail_stop_price
        case OrderType.MARKET | OrderType.LIMIT:
            return None


def conditions_met(terms: OrderTerms, now: datetime) -> bool:
    """Return whether every time condition holds at ``now``; without conditions they do."""
    return all((now >= each.at) is each.is_after for each in terms.conditions)


def mismatch(order: Order, terms: OrderTerms) -> str:
    """Return why ``terms`` cannot amend ``order``; empty if they can.

    Quantity, prices, times and the transmit flag may change. The rest is the order's identity
    (TWS API, "Modifying Orders", advises against changing anything but price, size and time in
    force); quantities already filled cannot be taken back.
    """
    before = order.terms
    fixed = (
        (before.con_id, terms.con_id),
        (before.side, terms.side),
        (before.order_type, terms.order_type),
        (before.parent_id, terms.parent_id),
        (before.oca_group, terms.oca_group),
        (before.account, terms.account),
    )
    if any(old != new for old, new in fixed) or terms.order_qty <= order.cum_qty:
        return "Order being modified does not match original order"
    return ""


def amended(order: Order, submission: Submission) -> Order:
    """Return ``order`` under the new terms. Its order reference stays what it was."""
    before = order.terms
    terms = msgspec.structs.replace(submission.terms, order_ref=before.order_ref)
    stop_price = order.stop_price
    if first_stop(terms) != first_stop(before):
        stop_price = first_stop(terms)
    return msgspec.structs.replace(
        order,
        terms=terms,
        echo=submission.echo,
        echo_blocks=submission.echo_blocks,
        order_qty=terms.order_qty,
        stop_price=stop_price,
    )
