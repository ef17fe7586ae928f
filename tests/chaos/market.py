"""What happens to orders and fills at the exchange, without anybody having asked for it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from autoscalper.cli.simulator_control import SimulatorSilent
from tests.chaos.stack import Stack

_CENT = Decimal("0.01")
_ENDED = ("Filled", "Cancelled", "Inactive")


def happen(stack: Stack, what: str, number: int) -> None:
    """``cancel``, ``reject`` or ``fill`` a live order, or ``correct`` the price of a fill.

    ``number`` says which. Nothing happens where there is none, or while the gateway is away.
    """
    try:
        orders = stack.market.ask("ledger")["orders"]
        if what == "correct":
            _correct(stack, [fill for order in orders for fill in order["fills"]], number)
        else:
            live = [each for each in orders if each["status"] not in (*_ENDED, "Staged")]
            _hit_order(stack, what, live, number)
    except SimulatorSilent:
        # It died, or the order ended between the two questions.
        return


def _hit_order(stack: Stack, what: str, live: list[Any], number: int) -> None:
    if not live:
        return
    perm_id = live[number % len(live)]["perm_id"]
    match what:
        case "cancel":
            stack.market.ask("kill", perm_id=perm_id)
        case "reject":
            reason = "Order rejected - reason:the exchange does not take it"
            stack.market.ask("kill", perm_id=perm_id, code=201, reason=reason)
        case "fill":
            stack.market.ask("fill", perm_id=perm_id, qty="1")
        case _:
            raise AssertionError(f"{what} does not happen to an order")


def _correct(stack: Stack, fills: list[Any], number: int) -> None:
    if fills:
        fill = fills[number % len(fills)]
        price = str(Decimal(str(fill["price"])) + _CENT)
        stack.market.ask("correct", exec_id=fill["exec_id"], qty=str(fill["qty"]), price=price)
