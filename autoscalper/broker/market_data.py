"""Which quotes are streamed. IBKR allows a hundred at a time ("Market Data Lines")."""

from __future__ import annotations

from datetime import datetime, timedelta

from autoscalper.broker.book import Book
from autoscalper.broker.commands import Command, StopWatching, WatchQuote
from autoscalper.broker.events import ContractDetails
from autoscalper.domain.contract import OptionContract

#: How long a quote goes on that nothing needs: what was just traded is often traded again.
LINGER = timedelta(minutes=15)
#: How old a quote may be to price an entry with.
QUOTE_MAX_AGE = timedelta(seconds=5)


def watch(
    book: Book, contract: OptionContract, details: ContractDetails, now: datetime
) -> WatchQuote:
    """Return the wish for the quote of ``contract``, and remember that it is streamed.

    One that is too old is forgotten and asked for anew: the market may stand still or the stream.
    """
    quote = book.quotes.get(contract)
    is_old = quote is not None and now - quote.at > QUOTE_MAX_AGE
    if is_old:
        del book.quotes[contract]
    book.watched[contract] = now
    return WatchQuote(contract=contract, details=details, anew=is_old)


def let_go(book: Book, now: datetime) -> list[Command]:
    """Return the ends of the quotes that nothing has needed for a while."""
    needed = {trade.contract for trade in book.open_trades()}
    needed |= {waiting.contract for waiting in book.waiting.values()}
    for contract in needed & book.watched.keys():
        book.watched[contract] = now
    idle = [each for each, last in book.watched.items() if now - last >= LINGER]
    for contract in idle:
        del book.watched[contract]
        book.quotes.pop(contract, None)
    return [StopWatching(contract=contract) for contract in idle]
