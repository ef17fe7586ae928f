"""What is learned before it is needed: contracts, ticks and quotes of what may be traded next.

An underlying that a room speaks of is learned, and those that are usual once trading begins each
day. Nothing depends on it: an entry in what is not known here asks for it as ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from autoscalper.broker import market_data
from autoscalper.broker.book import Book
from autoscalper.broker.commands import Command, LearnChain
from autoscalper.broker.events import ContractDetails, ContractLearned
from autoscalper.broker.records import Phase
from autoscalper.domain.contract import OptionContract
from autoscalper.domain.exchange import EXCHANGE_ZONE, exchange_day

#: How long a mention is worth something, and when the price may have moved away from what was
#: learned.
WORTH = timedelta(minutes=15)
#: Underlyings that are learned at most within that time, and how many are usual at most.
MOST, MOST_USUAL = 8, 5
#: Contracts that are known at most before anybody needs them.
MOST_LEARNED = 2000
#: When the usual ones are learned, New York time: the first alerts come with the opening.
_FROM, _TO = time(9, 15), time(16, 0)
_SATURDAY = 5


def may_be_traded(book: Book, underlying: str, at: datetime, now: datetime) -> bool:
    """Return whether what was said of ``underlying`` ``at`` some time may lead to a trade.

    What is on paper beside real orders has the real quotes, and takes no lines for what may be.
    """
    allowed = book.settings.allowed_underlyings
    return not book.is_paper and (not allowed or underlying in allowed) and now - at <= WORTH


def mention(book: Book, underlying: str | None, at: datetime, now: datetime) -> None:
    """Note that ``underlying`` was spoken of ``at`` some time."""
    if underlying is None or not may_be_traded(book, underlying, at, now):
        return
    mentioned = book.ahead.mentioned
    if underlying in mentioned or len(mentioned) < MOST:
        mentioned[underlying] = now


def look(book: Book, now: datetime) -> list[Command]:
    """Return what to learn now, and forget what was learned and is not of today."""
    ahead, day = book.ahead, exchange_day(now)
    _forget_old(book, day, now)
    if book.phase is not Phase.TRADING or book.degraded:
        return []
    if ahead.day != day and _is_trading_time(now):
        ahead.day = day
        for underlying in _usual(book):
            mention(book, underlying, now, now)
    due = [each for each in ahead.mentioned if now - ahead.asked.get(each, now - WORTH) >= WORTH]
    ahead.asked |= dict.fromkeys(due, now)
    return [LearnChain(underlying=each, today=day) for each in due]


def learn(book: Book, event: ContractLearned, now: datetime) -> list[Command]:
    """Take in what was learned; the nearest contracts are quoted while there are lines to spare."""
    contract, learned = event.contract, book.ahead.learned
    if contract not in book.contracts and len(learned) < MOST_LEARNED:
        book.contracts[contract] = event.details
        learned[contract] = exchange_day(now)
    if any(each.contract == contract for each in book.at_hand.undecided):
        # The answer that an entry waits for came on this way.
        need(book, contract, now)
    elif contract in book.watched:
        book.watched[contract] = now
        return []
    elif not event.is_near or not market_data.has_spare_line(book):
        return []
    return [market_data.watch(book, contract, event.details, now)]


def need(book: Book, contract: OptionContract, now: datetime) -> None:
    """Keep the details of ``contract``, learned ahead today, from now on as of any traded."""
    learned_on = book.ahead.learned.get(contract)
    if learned_on == exchange_day(now):
        keep(book, contract, book.contracts[contract])
    elif learned_on is not None:
        _forget(book, contract)


def keep(book: Book, contract: OptionContract, details: ContractDetails) -> None:
    """Remember over restarts what IBKR says of a contract."""
    book.ahead.learned.pop(contract, None)
    book.put_contract(contract, details)


def begin_anew(book: Book) -> None:
    """Ask again for everything: what was streamed is not streamed any more."""
    book.watched, book.quotes = {}, {}
    book.lines_refused = {}
    book.ahead.asked.clear()
    book.ahead.is_crowded = False


def _forget_old(book: Book, day: date, now: datetime) -> None:
    ahead = book.ahead
    for underlying in [each for each, at in ahead.mentioned.items() if now - at > WORTH]:
        del ahead.mentioned[underlying]
        ahead.asked.pop(underlying, None)
    for contract in [each for each, learned_on in ahead.learned.items() if learned_on != day]:
        _forget(book, contract)


def _forget(book: Book, contract: OptionContract) -> None:
    del book.ahead.learned[contract]
    book.contracts.pop(contract, None)


def _is_trading_time(now: datetime) -> bool:
    local = now.astimezone(EXCHANGE_ZONE)
    return local.weekday() < _SATURDAY and _FROM <= local.time() < _TO


def _usual(book: Book) -> list[str]:
    return list(dict.fromkeys(_named_as_usual(book)))[:MOST_USUAL]


def _named_as_usual(book: Book) -> Iterator[str]:
    for profile in book.profiles.by_channel.values():
        if profile.default_underlying is not None:
            yield profile.default_underlying
    # What is remembered was traded within the last days; the newest is the likeliest.
    for trade in reversed(book.trades.values()):
        yield trade.contract.underlying
    if len(book.settings.allowed_underlyings) <= MOST_USUAL:
        yield from book.settings.allowed_underlyings
