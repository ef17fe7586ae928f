"""Stops that follow the market. The gateway moves them; here is known how far they came.

What is known is a lower bound: what the gateway reported and what the quotes imply. A stop that has
to be placed again starts there, so that it is never looser than the one that was.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from autoscalper.broker.book import Book
from autoscalper.broker.orders import Trade
from autoscalper.domain.instruction import TrailBy
from autoscalper.domain.pricing import ONE_HUNDRED, trailing_stop

#: How old a quote may be to say where a trailing stop is.
QUOTE_MAX_AGE = timedelta(seconds=5)
#: By how much a stop must have risen to be told, in per cent of itself.
TOLD_PERCENT = Decimal(2)


def follow(book: Book, now: datetime) -> None:
    """Note how far the trailing stops have come behind the market."""
    for trade in book.open_trades():
        if trade.trail is None or book.held(trade) <= 0:
            continue
        level = level_behind_market(book, trade, trade.trail, now)
        if level is not None and level > trade.stop_price * (1 + TOLD_PERCENT / ONE_HUNDRED):
            book.put_trade(replace(trade, stop_price=level))
            book.changes.stop_followed = True


def level_behind_market(book: Book, trade: Trade, trail: TrailBy, now: datetime) -> Decimal | None:
    """Return where a stop that follows by ``trail`` would be now, None without a fresh bid."""
    quote = book.quotes.get(trade.contract)
    if quote is None or quote.bid is None or now - quote.at > QUOTE_MAX_AGE:
        return None
    return trailing_stop(quote.bid, trail, book.contracts[trade.contract].ticks)
