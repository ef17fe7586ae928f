"""Asking the gateway to cancel or change an order, no more often than it can answer."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from autoscalper.broker.book import Book
from autoscalper.broker.commands import CancelOrder, Command, ModifyOrder
from autoscalper.broker.orders import CHANGE_PATIENCE, Order, Terms, Trade
from autoscalper.domain.order import OrderStatus, Purpose

#: After a fill the gateway reduces the siblings by itself: how long it may take.
SETTLE = timedelta(seconds=1)
#: Refusals after which the same is not tried again: a position that cannot be protected is closed,
#: and what has a stop goes on with its stop alone.
MAX_REFUSED = 3
#: Time between two attempts to place what did not last; so many times that after many refusals.
RETRY = timedelta(seconds=1)
LONGEST_RETRY = 8


def cancel(book: Book, order: Order, now: datetime) -> list[Command]:
    """Return the cancel of ``order``, nothing while the last one may still be answered."""
    if order.status is OrderStatus.PENDING_CANCEL and not order.may_ask_again(now):
        return []
    canceling = replace(
        order, status=OrderStatus.PENDING_CANCEL, asked=None, asked_at=now, error=""
    )
    book.put_order(canceling)
    return [CancelOrder(ib_order_id=order.ib_order_id)]


def modify(book: Book, order: Order, terms: Terms, now: datetime) -> list[Command]:
    """Return the change of ``order`` to ``terms``, nothing while it cannot be asked for."""
    is_new = order.status is OrderStatus.PENDING_NEW and now - order.created_at < CHANGE_PATIENCE
    refused_or_asked = order.asked in (terms, None) and not order.may_ask_again(now)
    if is_new or refused_or_asked:
        # A change too soon after its order can be taken for a second order (103).
        return []
    asked = replace(order, asked=terms, asked_at=now)
    book.put_order(asked)
    return [
        ModifyOrder(
            order=asked,
            details=book.contracts[order.contract],
            terms=terms,
        )
    ]


def is_settling(trade: Trade, now: datetime) -> bool:
    """Return whether something filled just now, so that the gateway may still be reducing."""
    return trade.filled_at is not None and now - trade.filled_at < SETTLE


def refused(book: Book, trade: Trade, purpose: Purpose) -> list[Order]:
    """Return the orders for ``purpose`` that the gateway would not have.

    Not those that fell with their parent: of a refused add nothing was to be protected.
    """
    return [each for each in _tried(book, trade, purpose) if each.is_refused]


def failed_lately(book: Book, trade: Trade, purpose: Purpose, now: datetime) -> bool:
    """Return whether the last order for ``purpose`` ended unfilled so lately that one waits."""
    tried = _tried(book, trade, purpose)
    if not tried or tried[-1].is_live or tried[-1].cum_qty:
        return False
    times = min(max(len(refused(book, trade, purpose)), 1), LONGEST_RETRY)
    return now - tried[-1].created_at < RETRY * times


def _tried(book: Book, trade: Trade, purpose: Purpose) -> list[Order]:
    orders = [each for each in book.orders_of(trade) if each.purpose is purpose]
    return [each for each in orders if not _fell_with_its_parent(book, each)]


def _fell_with_its_parent(book: Book, order: Order) -> bool:
    parent = None if order.parent is None else book.orders[order.parent]
    return parent is not None and not parent.is_live and parent.cum_qty == 0
