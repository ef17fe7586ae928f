"""Moving a trade's stop: to a price, to break-even, or behind the market."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import assert_never

from msgspec.structs import replace

from autoscalper.broker import trailing
from autoscalper.broker.book import Book
from autoscalper.broker.orders import Trade
from autoscalper.broker.records import Phase
from autoscalper.broker.words import behind
from autoscalper.domain.instruction import (
    PriceBasis,
    StopAt,
    StopAtBreakEven,
    StopBelow,
    StopRule,
    TrailBy,
)
from autoscalper.domain.order import Side
from autoscalper.domain.outcome import Outcome, OutcomeKind
from autoscalper.domain.pricing import Ticks, default_stop, shown, trailing_stop


def first_stop(rule: StopRule | None, limit: Decimal, ticks: Ticks) -> Decimal | None:
    """Return where the stop of an entry at ``limit`` rests at first; None if no price is said."""
    match rule:
        case StopAt(basis=PriceBasis.PREMIUM):
            return ticks.up(rule.price)
        case StopBelow():
            return default_stop(limit, rule.percent, ticks)
        case TrailBy():
            return trailing_stop(limit, rule, ticks)
        case StopAt() | StopAtBreakEven() | None:
            return None
        case _:
            assert_never(rule)


def move(book: Book, rule: StopRule | None, trade: Trade, now: datetime) -> Outcome:
    """Move the stop of ``trade``, never further away unless the settings allow it."""
    ticks = book.contracts[trade.contract].ticks
    match rule:
        case StopAt(basis=PriceBasis.PREMIUM):
            return _move_to(book, trade, ticks.up(rule.price))
        case StopAtBreakEven():
            return _move_to(book, trade, ticks.up(average_of(book, trade)))
        case StopBelow():
            average = average_of(book, trade)
            return _move_to(book, trade, default_stop(average, rule.percent, ticks))
        case TrailBy():
            return _trail(book, trade, rule, now)
        case StopAt():
            return Outcome(kind=OutcomeKind.DENIED, detail="a stop on the underlying's price")
        case None:
            return Outcome(kind=OutcomeKind.DENIED, detail="the post names no stop level")
        case _:
            assert_never(rule)


def average_of(book: Book, trade: Trade) -> Decimal:
    """Return the average price of our own purchases, dollars per share; 0 without any."""
    bought = [order for order in book.orders_of(trade) if order.side is Side.BUY]
    qty = sum(order.cum_qty for order in bought)
    if qty == 0:
        return Decimal(0)
    return sum((order.avg_price * order.cum_qty for order in bought), Decimal(0)) / qty


def later(book: Book) -> str:
    """Return what to add to an outcome that waits for the gateway."""
    return "" if book.phase is Phase.TRADING else " as soon as the gateway is back"


def on_grid(rule: TrailBy, ticks: Ticks) -> TrailBy:
    """Return a trail with its amount on the price grid, rounded so that less is lost."""
    if rule.amount is None:
        return rule
    amount = max(ticks.down(rule.amount), ticks.increment_at(Decimal(0)))
    return TrailBy(amount=amount)


def _move_to(book: Book, trade: Trade, wanted: Decimal) -> Outcome:
    if wanted <= 0:
        return Outcome(kind=OutcomeKind.DENIED, detail="nothing is filled to break even on")
    if wanted < trade.stop_price and not book.settings_for(trade).allow_looser_stops:
        detail = f"a stop at {shown(wanted)} is looser than the one at {shown(trade.stop_price)}"
        return Outcome(kind=OutcomeKind.DENIED, detail=detail)
    moved = replace(trade, stop_price=wanted, trail=None, is_stop_default=False)
    book.put_trade(moved)
    return Outcome(kind=OutcomeKind.TRADED, detail=f"stop to {shown(wanted)}{later(book)}")


def _trail(book: Book, trade: Trade, rule: TrailBy, now: datetime) -> Outcome:
    if not _is_sound(rule):
        return Outcome(kind=OutcomeKind.DENIED, detail=f"a stop {behind(rule)} protects nothing")
    level = trailing.level_behind_market(book, trade, rule, now)
    start = trade.stop_price
    if level is not None and (level > start or book.settings_for(trade).allow_looser_stops):
        start = level
    if start <= 0:
        return Outcome(kind=OutcomeKind.DENIED, detail=f"a stop {behind(rule)} protects nothing")
    trail = on_grid(rule, book.contracts[trade.contract].ticks)
    book.put_trade(replace(trade, stop_price=start, trail=trail, is_stop_default=False))
    detail = f"stop trails {behind(rule)}, now at {shown(start)}{later(book)}"
    return Outcome(kind=OutcomeKind.TRADED, detail=detail)


def _is_sound(rule: TrailBy) -> bool:
    if rule.percent is not None:
        return 0 < rule.percent < 100
    return rule.amount is not None and rule.amount > 0
