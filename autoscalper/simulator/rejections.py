"""Why the system behind the gateway refuses a new order with 201, where the account decides it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from autoscalper.simulator.account import cents
from autoscalper.simulator.instruments import Contract
from autoscalper.simulator.orders import Order, OrderTerms, Side, Status
from autoscalper.simulator.world import World

_CODE = 201


def rejection(world: World, wanted: OrderTerms, contract: Contract) -> tuple[int, str] | None:
    """Return code and text of why ``wanted`` is refused, None if it is not."""
    is_option = contract.right is not None
    if world.settings.simulator_refuses_both_sides and is_option:
        counts_waiting = world.settings.simulator_counts_waiting_orders
        live = world.book.live.of_contract(wanted.con_id)
        if _meets_other_side(wanted, live, counts_waiting=counts_waiting):
            return _CODE, (
                "Order rejected - reason:Cannot have open orders on both sides of the same US"
                " Option contract in the same account."
            )
    price = wanted.limit_price or world.quote(contract).ask or Decimal(0)
    cost = price * wanted.order_qty * contract.multiplier
    if wanted.side is Side.SELL or cost <= world.account.cash:
        return None
    return _CODE, (
        "Order rejected - reason:We are unable to accept your order. Your Available Funds are"
        f" insufficient: {cents(world.account.cash)} USD available, {cents(cost)} USD needed"
    )


def _meets_other_side(wanted: OrderTerms, live: Iterable[Order], *, counts_waiting: bool) -> bool:
    # IBKR has no buy and sell orders in one US option at a time (ib_insync#694,
    # ajhpark/ib_nope#32). Which orders count is not documented. Here those do that work at the
    # exchange, and only where it is asked for the stops that wait for their trigger and what waits
    # for a time. A bracket's children never count while their parent has bought nothing.
    waits = wanted.order_type.has_stop or bool(wanted.conditions)
    if wanted.parent_id or (waits and not counts_waiting):
        return False
    return any(
        order.terms.side is not wanted.side
        and (order.status is Status.SUBMITTED or (counts_waiting and _waits_alone(order)))
        for order in live
    )


def _waits_alone(order: Order) -> bool:
    return order.status is Status.PRE_SUBMITTED and not order.why_held.startswith("child")
