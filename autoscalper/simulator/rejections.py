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
        if _meets_other_side(wanted, world.book.live.of_contract(wanted.con_id)):
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


def _meets_other_side(wanted: OrderTerms, live: Iterable[Order]) -> bool:
    # IBKR has no buy and sell orders in one US option at a time (ib_insync#694,
    # ajhpark/ib_nope#32). Which orders count is not documented. Here those do that work at the
    # exchange: no stops that wait for their trigger, nothing that waits for a time, no children.
    if wanted.parent_id or wanted.order_type.has_stop or wanted.conditions:
        return False
    return any(
        order.terms.side is not wanted.side and order.status is Status.SUBMITTED for order in live
    )
