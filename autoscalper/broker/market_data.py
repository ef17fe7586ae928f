"""Which quotes are streamed. IBKR allows a hundred at a time ("Market Data Lines")."""

from __future__ import annotations

from datetime import datetime, timedelta

from autoscalper.broker.book import Book
from autoscalper.broker.commands import Command, StopWatching, WatchQuote
from autoscalper.broker.events import ContractDetails
from autoscalper.domain.contract import OptionContract

#: How long a quote goes on that nothing needs: what was just traded is often traded again.
LINGER = timedelta(minutes=15)


def watch(
    book: Book, contract: OptionContract, details: ContractDetails, now: datetime
) -> WatchQuote:
    """Return the wish for the quote of ``contract``, and remember that it is streamed."""
    book.watched[contract] = now
    return WatchQuote(contract=contract, details=details)


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
