"""What is left behind of what left for the gateway: a line in the log, and a point to die at."""

from __future__ import annotations

import logging
from typing import assert_never

from autoscalper.broker import foreign_orders
from autoscalper.broker.commands import (
    CancelOrder,
    Command,
    FindContract,
    LearnChain,
    ModifyOrder,
    PlaceForeign,
    PlaceOrders,
    StopWatching,
    TakeSnapshot,
    WatchQuote,
)
from autoscalper.broker.orders import Order, describe
from autoscalper.runtime import crashpoints

logger = logging.getLogger(__name__)

_SENT = "order sent client_order_id=%s ib_order_id=%s %s"


def note(command: Command) -> None:
    """Log that ``command`` left, once its bytes did: a line costs as much as they do."""
    match command:
        case PlaceOrders():
            for order in command.orders:
                _pass(order)
                logger.info(_SENT, order.client_order_id, order.ib_order_id, describe(order))
        case PlaceForeign(order=sold):
            crashpoints.reach("broker-after-send-foreign")
            what = foreign_orders.described(sold)
            logger.info(_SENT, sold.client_order_id, sold.ib_order_id, what)
        case ModifyOrder(order=order, terms=terms):
            _pass(order)
            logger.info("order changed client_order_id=%s terms=%s", order.client_order_id, terms)
        case CancelOrder() | TakeSnapshot():
            pass
        case FindContract() | LearnChain() | WatchQuote() | StopWatching():
            pass
        case _:
            assert_never(command)


def _pass(order: Order) -> None:
    crashpoints.reach(f"broker-after-send-{order.purpose.name.lower()}")
