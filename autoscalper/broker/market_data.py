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
#: Of a hundred lines some stay free for what an alert needs next, and what may never be needed is
#: streamed only while there are few.
MOST_LINES, AHEAD_LINES = 80, 36
#: When what found no line is asked for again: where others were given back, and where none were.
SOON, LATER = timedelta(seconds=0.5), timedelta(seconds=10)


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


def has_spare_line(book: Book) -> bool:
    """Return whether there is a line for what may never be needed."""
    return len(book.watched) < AHEAD_LINES and not book.ahead.is_crowded


def let_go(book: Book, now: datetime) -> list[Command]:
    """Return the ends of the quotes that nothing has needed for a while, and what to ask again."""
    needed = _needed(book)
    for contract in needed & book.watched.keys():
        book.watched[contract] = now
    spare = sorted(book.watched.keys() - needed, key=lambda each: book.watched[each])
    too_many = max(len(book.watched) - MOST_LINES, 0)
    idle = spare[:too_many]
    idle += [each for each in spare[too_many:] if now - book.watched[each] >= LINGER]
    return [*_stop(book, idle), *_ask_again(book, needed, now)]


def refuse(book: Book, contract: OptionContract, now: datetime) -> list[Command]:
    """Return the ends of all quotes that nothing needs now: IBKR has no line for ``contract``.

    Nothing is quoted ahead of need any more over this connection.
    """
    book.watched.pop(contract, None)
    book.ahead.is_crowded = True
    needed = _needed(book)
    spare = book.watched.keys() - needed
    if contract in needed:
        book.lines_refused[contract] = now + (SOON if spare else LATER)
    return _stop(book, sorted(spare, key=str))


def _needed(book: Book) -> set[OptionContract]:
    needed = {trade.contract for trade in book.open_trades()}
    return needed | {waiting.contract for waiting in book.waiting.values()}


def _stop(book: Book, contracts: list[OptionContract]) -> list[Command]:
    for contract in contracts:
        del book.watched[contract]
        book.quotes.pop(contract, None)
    return [StopWatching(contract=contract) for contract in contracts]


def _ask_again(book: Book, needed: set[OptionContract], now: datetime) -> list[Command]:
    due = [each for each, at in book.lines_refused.items() if now >= at]
    for contract in due:
        del book.lines_refused[contract]
    return [
        watch(book, contract, book.contracts[contract], now)
        for contract in due
        if contract in needed and contract in book.contracts
    ]
