"""Exits by level: what must be true about a trade, compared with what is, gives the next orders.

Nothing here remembers what was tried: after any crash the same comparison goes on where it was.
A trade with an order in doubt is left alone until the gateway's evidence is in. Together the
working sells of a trade never exceed what it holds, because the resting children are reduced and
confirmed before an exit leaves.

One exception is left, a fill that is not heard of yet. A change carries the order's whole quantity,
so the change of a stop's price that crosses the reduction of its group on the way makes the stop
as large as before; and a target that is put back into its group can cross a partial fill of the
stop. Both are reduced again once the fill is heard. A group in which an order filled wholly is
taken to refuse newcomers, which the simulator does and IBKR does not document.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from autoscalper.broker import averages, endings, exits, protection
from autoscalper.broker.book import Book
from autoscalper.broker.changes import cancel, is_settling
from autoscalper.broker.commands import Command
from autoscalper.broker.groups import ENTERING, PROTECTIVE, covered_by
from autoscalper.broker.orders import Order, Trade
from autoscalper.broker.records import Phase
from autoscalper.domain.order import OrderStatus, Purpose

#: How long after our own cancel of an entry IBKR ends it by itself: long enough that the cancel
#: comes first, with clocks that differ by half of it.
_AFTER_OUR_CANCEL = timedelta(minutes=1)


def converge(book: Book, trades: Iterable[Trade], now: datetime) -> list[Command]:
    """Return the next orders, changes and cancels that bring ``trades`` to their levels."""
    commands: list[Command] = []
    for trade in trades:
        if endings.end_if_flat(book, trade, now):
            continue
        if book.phase is Phase.TRADING and not book.degraded:
            commands += _converge_trade(book, trade, now)
    return commands


def entry_ends_at(book: Book, trade: Trade, now: datetime) -> datetime:
    """Return when IBKR shall end an entry of ``now`` that nobody is left to cancel.

    On a full second, as IBKR takes it.
    """
    return (now + _timeout(book, trade) + _AFTER_OUR_CANCEL).replace(microsecond=0)


def _timeout(book: Book, trade: Trade) -> timedelta:
    return timedelta(seconds=book.settings_for(trade).entry_timeout_seconds)


def _converge_trade(book: Book, trade: Trade, now: datetime) -> list[Command]:
    live = [order for order in book.orders_of(trade) if order.is_live]
    if any(order.status is OrderStatus.IN_DOUBT for order in live):
        return []
    buys = [order for order in live if order.purpose in ENTERING]
    protective = [order for order in live if order.purpose in PROTECTIVE]
    if buys:
        return _watch_entries(book, trade, buys, protective, now)
    trade = averages.follow(book, trade)
    held = book.held(trade)
    if held < 0:
        text = f"{trade.contract} is short by {-held}: buy it back by hand"
        book.warn(f"short {trade.trade_id} {held}", text, now)
    held = max(held, 0)
    keep = min(held, trade.hold)
    selling = [order for order in live if order.purpose is Purpose.EXIT]
    reduced, commands = protection.reduce(book, trade, protective, keep, now)
    if not reduced:
        return commands
    commands += exits.sell(book, trade, selling, held - keep, now)
    # What an exit that is being called off may still sell must not be sold by a stop as well.
    safe = max(held - sum(order.leaves_qty for order in selling), 0)
    return commands + protection.protect(book, trade, protective, min(keep, safe), now)


def _watch_entries(
    book: Book, trade: Trade, buys: list[Order], protective: list[Order], now: datetime
) -> list[Command]:
    timeout = _timeout(book, trade)
    unwanted = _are_unwanted(book, trade, buys, protective, now)
    commands = [
        command
        for order in buys
        if unwanted or now - order.created_at >= timeout
        for command in cancel(book, order, now)
    ]
    return commands + protection.reprice(book, trade, protective, now)


def _are_unwanted(
    book: Book, trade: Trade, buys: list[Order], protective: list[Order], now: datetime
) -> bool:
    # Nothing more is bought once enough is held, some was or shall be sold, or a stop is missing.
    held = book.held(trade)
    coming = held + sum(order.leaves_qty for order in buys)
    is_naked = covered_by(protective) < coming and not is_settling(trade, now)
    return trade.is_enough or held >= trade.hold or coming != trade.hold or is_naked
