"""What is left behind of what left for the gateway: a line in the log, and a point to die at."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from functools import partial

from autoscalper.broker import foreign_orders
from autoscalper.broker.commands import Command, ModifyOrder, PlaceForeign, PlaceOrders
from autoscalper.broker.orders import describe
from autoscalper.runtime import crashpoints
from autoscalper.runtime.afterwards import afterwards

logger = logging.getLogger(__name__)

_SENT = "order sent client_order_id=%s ib_order_id=%s %s"


def note(commands: Sequence[Command]) -> None:
    """Log that ``commands`` left, once the gateway had time to read them."""
    for command in commands:
        for what in _sent(command):
            crashpoints.reach(f"broker-after-send-{what}")
    afterwards(partial(_log, commands))


def _sent(command: Command) -> Iterator[str]:
    match command:
        case PlaceOrders(orders=orders):
            yield from (order.purpose.name.lower() for order in orders)
        case PlaceForeign():
            yield "foreign"
        case ModifyOrder(order=order):
            yield order.purpose.name.lower()
        case _:
            return


def _log(commands: Sequence[Command]) -> None:
    for command in commands:
        match command:
            case PlaceOrders(orders=orders):
                for order in orders:
                    logger.info(_SENT, order.client_order_id, order.ib_order_id, describe(order))
            case PlaceForeign(order=sold):
                what = foreign_orders.described(sold)
                logger.info(_SENT, sold.client_order_id, sold.ib_order_id, what)
            case ModifyOrder(order=order, terms=terms):
                changed = "order changed client_order_id=%s terms=%s"
                logger.info(changed, order.client_order_id, terms)
            case _:
                pass
