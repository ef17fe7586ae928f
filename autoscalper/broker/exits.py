"""Selling what is above the level: a limit near the bid that walks to the market."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from autoscalper.broker.book import Book
from autoscalper.broker.changes import cancel, failed_lately, modify
from autoscalper.broker.commands import Command, PlaceOrders
from autoscalper.broker.groups import covered_by
from autoscalper.broker.orders import Order, Terms, Trade
from autoscalper.domain.order import OrderStatus, OrderType, Purpose
from autoscalper.domain.pricing import ONE_HUNDRED

#: How long an exit rests at its limit before it is made more marketable, and before it goes to
#: the market.
EXIT_STEP = timedelta(seconds=2)
EXIT_LIMIT = timedelta(seconds=4)
#: How far below the bid an exit's first and second limit may fill, in per cent.
EXIT_SLACK_PERCENT = Decimal(2)
EXIT_STEP_PERCENT = Decimal(10)
#: How old a quote may be to price an exit with.
QUOTE_MAX_AGE = timedelta(seconds=5)


def sell(book: Book, trade: Trade, exits: list[Order], excess: int, now: datetime) -> list[Command]:
    """Return what brings the working ``exits`` of ``trade`` to sell ``excess`` contracts."""
    selling = sum(order.leaves_qty for order in exits)
    if selling > excess:
        return [command for order in exits for command in cancel(book, order, now)]
    commands = [command for order in exits for command in _walk(book, order, now)]
    missing = min(excess - selling, _sellable(book, trade))
    if missing < excess - selling and trade.unseen_at is None:
        # What we count and what the account shows disagree: the gateway is asked soon.
        trade = replace(trade, unseen_at=now)
        book.put_trade(trade)
    if missing <= 0 or failed_lately(book, trade, Purpose.EXIT, now):
        return commands
    limit = _exit_limit(book, trade, EXIT_SLACK_PERCENT, now)
    tried = [each for each in book.orders_of(trade) if each.purpose is Purpose.EXIT]
    walked = bool(tried) and tried[-1].status is OrderStatus.CANCELED
    if limit is None or walked:
        order_type, limit = OrderType.MARKET, None
    else:
        order_type = OrderType.LIMIT
    terms = Terms(order_qty=missing, limit_price=limit)
    order = book.new_order(trade, Purpose.EXIT, order_type, terms, now)
    return [*commands, PlaceOrders(orders=(order,), details=book.contracts[trade.contract])]


def _walk(book: Book, order: Order, now: datetime) -> list[Command]:
    age = now - order.created_at
    if order.order_type is OrderType.MARKET or age < EXIT_STEP:
        return []
    if age >= EXIT_LIMIT:
        return cancel(book, order, now)
    trade = book.trades[order.trade_id]
    limit = _exit_limit(book, trade, EXIT_STEP_PERCENT, now)
    current = order.terms.limit_price
    if limit is None or current is None or limit >= current:
        return []
    return modify(book, order, replace(order.terms, limit_price=limit), now)


def _exit_limit(book: Book, trade: Trade, slack: Decimal, now: datetime) -> Decimal | None:
    quote = book.quotes.get(trade.contract)
    if quote is None or quote.bid is None or now - quote.at > QUOTE_MAX_AGE:
        return None
    limit = book.contracts[trade.contract].ticks.down(quote.bid * (1 - slack / ONE_HUNDRED))
    return limit if limit > 0 else None


def _sellable(book: Book, trade: Trade) -> int:
    """Return how many contracts IBKR holds for us that no working sell is out for already."""
    con_id = book.contracts[trade.contract].con_id
    if book.snapshot is None:
        return 0
    position = book.snapshot.positions.get(con_id, 0) + book.filled_since_snapshot.get(con_id, 0)
    selling = 0
    for other in book.open_trades():
        if other.contract == trade.contract:
            live = [order for order in book.orders_of(other) if order.is_live]
            selling += covered_by(live)
            selling += sum(each.leaves_qty for each in live if each.purpose is Purpose.EXIT)
    return position - selling
