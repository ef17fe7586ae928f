"""What should have been done by now and was not. It is told, because a person can do it by hand.

Whatever the reason is, and there are always more than were thought of: a position that has no stop,
or that should be sold and is not, must not be known to the records alone.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from autoscalper.broker.book import Book
from autoscalper.broker.groups import covered_by
from autoscalper.broker.orders import Trade
from autoscalper.broker.records import Phase
from autoscalper.domain.order import Purpose

#: How long a position may be other than it should be while the gateway can be used. Most of what
#: goes wrong is put right within five seconds.
PATIENCE = timedelta(seconds=15)


def tell(book: Book, now: datetime) -> None:
    """Tell of what has been without a stop, or unsold, for too long."""
    if book.phase is not Phase.TRADING or book.degraded:
        book.lookout.overdue_since = {}
        return
    for trade in book.open_trades():
        _look_at(book, trade, now)


def _look_at(book: Book, trade: Trade, now: datetime) -> None:
    held = book.held(trade)
    live = [order for order in book.orders_of(trade) if order.is_live]
    selling = sum(order.leaves_qty for order in live if order.purpose is Purpose.EXIT)
    naked = held - covered_by(live) - selling
    if began := _overdue(book, f"naked {trade.trade_id}", now, is_so=naked > 0):
        text = f"{naked} of {trade.contract} have no stop: protect or close them by hand"
        book.warn(f"naked {trade.trade_id} {began.isoformat()}", text, now)
    unsold = held - trade.hold - selling
    if began := _overdue(book, f"unsold {trade.trade_id}", now, is_so=unsold > 0):
        text = f"{unsold} of {trade.contract} should be sold and are not: close them by hand"
        book.warn(f"unsold {trade.trade_id} {began.isoformat()}", text, now)


def _overdue(book: Book, fault: str, now: datetime, *, is_so: bool) -> datetime | None:
    """Return since when a fault is there, None if it is not or not for long."""
    if not is_so:
        book.lookout.overdue_since.pop(fault, None)
        return None
    began = book.lookout.overdue_since.setdefault(fault, now)
    return began if now - began >= PATIENCE else None
