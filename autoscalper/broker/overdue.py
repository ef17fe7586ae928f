"""What should have been done by now and was not. It is told, because a person can do it by hand.

Whatever the reason is, and there are always more than were thought of: a position that has no stop,
or that should be sold and is not, must not be known to the records alone.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    since, book.lookout.overdue_since = book.lookout.overdue_since, {}
    if book.phase is not Phase.TRADING or book.degraded:
        return
    for trade in book.open_trades():
        _look_at(book, trade, since, now)


def _look_at(book: Book, trade: Trade, since: Mapping[str, datetime], now: datetime) -> None:
    held = book.held(trade)
    live = [order for order in book.orders_of(trade) if order.is_live]
    selling = sum(order.leaves_qty for order in live if order.purpose is Purpose.EXIT)
    naked = held - covered_by(live) - selling
    if naked > 0:
        text = f"{naked} of {trade.contract} have no stop: protect or close them by hand"
        _tell(book, f"naked {trade.trade_id}", text, since, now)
    unsold = held - trade.hold - selling
    if unsold > 0:
        text = f"{unsold} of {trade.contract} should be sold and are not: close them by hand"
        _tell(book, f"unsold {trade.trade_id}", text, since, now)


def _tell(book: Book, fault: str, text: str, since: Mapping[str, datetime], now: datetime) -> None:
    began = min(since.get(fault, now), now)
    book.lookout.overdue_since[fault] = began
    if now - began >= PATIENCE:
        book.warn(f"{fault} {began.isoformat()}", text, now)
