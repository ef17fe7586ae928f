"""The groups of resting sells: each protects its own contracts, and its orders reduce each other.

In a group every order is for the same contracts, so together they sell as many as the largest of
them. A fill reduces the others of its group in proportion (IBKR, "One-Cancels All"): a target for
a part of what its stop protects would take the whole stop with it. Therefore every target that is
for a part has a group, and a stop, of its own.
"""

from __future__ import annotations

from collections.abc import Iterable

from autoscalper.broker.orders import Order
from autoscalper.domain.order import OrderStatus, Purpose

ENTERING = frozenset({Purpose.ENTRY, Purpose.ADD})
PROTECTIVE = frozenset({Purpose.STOP_LOSS, Purpose.TAKE_PROFIT, Purpose.FLATTEN})


def groups_of(orders: Iterable[Order]) -> list[list[Order]]:
    """Return the protective ones among live ``orders`` by group, the oldest group first."""
    groups: dict[str, list[Order]] = {}
    for order in orders:
        if order.purpose in PROTECTIVE:
            groups.setdefault(order.oca_group, []).append(order)
    return list(groups.values())


def only(group: Iterable[Order], purpose: Purpose) -> list[Order]:
    """Return the orders of ``group`` for ``purpose``."""
    return [order for order in group if order.purpose is purpose]


def covered_by(orders: Iterable[Order]) -> int:
    """Return how many contracts the stops among live ``orders`` protect.

    While one stop takes the place of another, both are there and protect the same contracts.
    """
    return sum(
        max((stop.leaves_qty for stop in only(group, Purpose.STOP_LOSS)), default=0)
        for group in groups_of(orders)
    )


def is_spent(orders: Iterable[Order], oca_group: str) -> bool:
    """Return whether an order of that group filled wholly, so that nothing can join it."""
    return any(
        order.oca_group == oca_group and order.status is OrderStatus.FILLED for order in orders
    )
