"""A stop that the market went through and that did not sell.

The gateway sells at a stop by itself. Where the whole market has been below it for a while and the
contracts are still there, something does not work as it should, and they are sold from here.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from autoscalper.broker.book import Book
from autoscalper.broker.orders import Trade
from autoscalper.broker.records import Phase
from autoscalper.domain.pricing import shown
from autoscalper.links import any_to_alert

#: How long a stop may take to sell once even the ask is not above it.
PATIENCE = timedelta(seconds=10)
#: How old a quote may be to say that.
QUOTE_MAX_AGE = timedelta(seconds=5)


def close_what_fell_through(book: Book, now: datetime) -> None:
    """Let nothing be held any more whose stop should have sold it."""
    for trade in book.open_trades():
        since = trade.below_stop_since or now if _is_below_stop(book, trade, now) else None
        if since is not None and now - since >= PATIENCE:
            _close(book, trade, now)
        elif since != trade.below_stop_since:
            book.put_trade(replace(trade, below_stop_since=since))


def _is_below_stop(book: Book, trade: Trade, now: datetime) -> bool:
    quote = book.quotes.get(trade.contract)
    if book.phase is not Phase.TRADING or book.degraded or quote is None or quote.ask is None:
        return False
    is_held = trade.hold > 0 and book.held(trade) > 0
    return is_held and now - quote.at <= QUOTE_MAX_AGE and quote.ask <= _lowest_stop(book, trade)


def _lowest_stop(book: Book, trade: Trade) -> Decimal:
    # Where a trailing stop was last heard of, not where the quotes say that it could be.
    resting = [
        order.terms.stop_price
        for order in book.orders_of(trade)
        if order.is_live and order.terms.stop_price is not None
    ]
    return min(resting, default=trade.stop_price)


def _close(book: Book, trade: Trade, now: datetime) -> None:
    book.put_trade(replace(trade, hold=0, below_stop_since=None))
    ask = book.quotes[trade.contract].ask
    assert ask is not None
    text = (
        f"{trade.contract} is offered at {shown(ask)} and its stop at {shown(trade.stop_price)}"
        " did not sell: closing it from here"
    )
    level = any_to_alert.Level.CRITICAL
    book.notify(
        f"fell through {trade.trade_id} {now.isoformat()}",
        any_to_alert.Reported(level=level, text=text, reported_at=now),
    )
