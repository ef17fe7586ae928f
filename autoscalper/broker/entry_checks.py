"""What an entry or an add is measured with: its size, and every limit at once."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from autoscalper.broker import averages, flatten, trading_day
from autoscalper.broker.book import Book
from autoscalper.broker.orders import Trade
from autoscalper.broker.records import Quote, Waiting
from autoscalper.domain import limits, sizing
from autoscalper.domain.contract import OptionContract
from autoscalper.domain.instruction import AddToTrade, OpenTrade
from autoscalper.domain.pricing import ONE_HUNDRED


def size_of(
    book: Book,
    waiting: Waiting,
    limit: Decimal,
    stop: Decimal,
    room: int,
    now: datetime,
    adds_to: Trade | None = None,
) -> sizing.Size:
    """Return how many of at most ``room`` contracts may be bought at ``limit``.

    What is added to a trade has the rest of that trade's risk budget.
    """
    settings = book.settings_for(waiting.signal.post)
    instruction = waiting.signal.instruction
    assert isinstance(instruction, OpenTrade | AddToTrade)
    if isinstance(instruction, OpenTrade) and settings.initial_contracts is not None:
        room = min(room, settings.initial_contracts)
    if book.available_funds is not None and limit > 0:
        cost = _cost(book, waiting.contract, limit)
        room = min(room, int(max(book.available_funds, Decimal(0)) / cost))
    day = trading_day.today(book, now, settings)
    factor = limits.size_factor(instruction.risk_level, settings)
    # A day that is over is denied as such.
    allowances = [] if limits.is_loss_reached(day) else [day.allowance]
    if adds_to is not None:
        factor = min(factor, limits.size_factor(adds_to.risk_level, settings))
        budget = book.balance() * settings.risk_per_trade_percent / ONE_HUNDRED * factor
        allowances.append(budget - averages.at_risk(book, adds_to))
    return sizing.size_by_risk(
        balance=book.balance(),
        risk_percent=settings.risk_per_trade_percent,
        factor=factor,
        limit_price=limit,
        stop_price=stop,
        multiplier=book.contracts[waiting.contract].multiplier,
        most=room,
        allowance=min(allowances, default=None),
    )


def denials_of_entry(
    book: Book,
    waiting: Waiting,
    quote: Quote | None,
    limit: Decimal,
    stop: Decimal,
    size: sizing.Size,
    now: datetime,
) -> list[limits.Denial]:
    """Return every rule that forbids a new trade with a first order of ``size``."""
    open_contracts = [trade.contract for trade in book.open_trades()]
    return [
        *limits.check_new_trade(
            waiting.contract, open_contracts, book.settings_for(waiting.signal.post)
        ),
        *_denials_of_both(book, waiting, quote, limit, stop, size, now),
    ]


def denials_of_add(
    book: Book,
    waiting: Waiting,
    trade: Trade,
    held: int,
    quote: Quote | None,
    limit: Decimal,
    size: sizing.Size,
    now: datetime,
) -> list[limits.Denial]:
    """Return every rule that forbids adding ``size`` to the ``held`` contracts of ``trade``."""
    return [
        *limits.check_add(trade.adds, held, book.settings_for(waiting.signal.post)),
        *_denials_of_both(book, waiting, quote, limit, trade.stop_price, size, now),
    ]


def _denials_of_both(
    book: Book,
    waiting: Waiting,
    quote: Quote | None,
    limit: Decimal,
    stop: Decimal,
    size: sizing.Size,
    now: datetime,
) -> list[limits.Denial]:
    instruction = waiting.signal.instruction
    assert isinstance(instruction, OpenTrade | AddToTrade)
    bid, ask = (quote.bid, quote.ask) if quote else (None, None)
    settings = book.settings_for(waiting.signal.post)
    market = limits.check_market(instruction.price, bid, ask, settings)
    strike = limits.check_strike(waiting.contract, quote.underlying if quote else None)
    is_plausible = not strike and all(each.rule is not limits.Rule.PRICE for each in market)
    return [
        *limits.check_last_day(now, flatten.time_of(book, waiting.contract, settings)),
        *limits.check_day(trading_day.today(book, now, settings), settings),
        *strike,
        *market,
        # Of a price that cannot be meant, stop and size say nothing.
        *(limits.check_prices(limit, stop) or limits.check_size(size) if is_plausible else []),
        *limits.check_funds(_cost(book, waiting.contract, limit), book.available_funds),
    ]


def _cost(book: Book, contract: OptionContract, limit: Decimal) -> Decimal:
    return limit * book.contracts[contract].multiplier
