"""How the trading day goes: what was made since it began, by New York time, and when it is over."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from msgspec.structs import replace

from autoscalper.broker import endings
from autoscalper.broker.book import Book
from autoscalper.broker.day_so_far import DaySoFar
from autoscalper.broker.orders import Trade
from autoscalper.domain import limits, results
from autoscalper.domain.exchange import exchange_day
from autoscalper.domain.identity import TradeId
from autoscalper.domain.pricing import ONE_HUNDRED, signed
from autoscalper.domain.settings import BrokerSettings
from autoscalper.links import any_to_alert


def watch(book: Book, now: datetime) -> None:
    """Let a new day begin for what is held, and end it once it lost all that it may."""
    day = exchange_day(now)
    trades = book.open_trades()
    for trade in trades:
        _carry(book, trade, day)
    if not trades or book.over_on == day:
        return
    so_far = today(book, now, book.settings)
    if not limits.is_loss_reached(so_far):
        return
    book.end_day(day)
    text = (
        f"the day's loss is reached: {signed(so_far.result)},"
        f" ${so_far.allowed_loss:.2f} may be lost. No new entries today; exits go on"
    )
    level = any_to_alert.Level.WARNING
    book.notify(f"day over {day}", any_to_alert.Reported(level=level, text=text, reported_at=now))


def today(book: Book, now: datetime, settings: BrokerSettings) -> limits.Day:
    """Return how the day went so far, measured by ``settings``."""
    day = exchange_day(now)
    closed = _closed(book, day)
    return limits.Day(
        result=sum((_result(book, each, day) for each in book.open_trades()), closed.result),
        allowed_loss=book.balance() * settings.daily_max_loss_percent / ONE_HUNDRED,
        losses_in_a_row=closed.losses_in_a_row,
        is_over=book.over_on == day,
    )


def _closed(book: Book, day: date) -> DaySoFar:
    touched: Iterable[TradeId] = book.at_hand.take_uncounted()
    if book.at_hand.day_so_far.day != day:
        book.at_hand.day_so_far, touched = DaySoFar(day), book.trades
    for trade_id in touched:
        book.at_hand.day_so_far.take_out(trade_id)
        trade = book.trades.get(trade_id)
        if trade is None or trade.closed_at is None or exchange_day(trade.closed_at) != day:
            continue
        ended = endings.result_of(book, trade, trade.closed_at)
        realized = None if ended is None else ended.realized
        book.at_hand.day_so_far.put(trade_id, _result(book, trade, day), trade.closed_at, realized)
    return book.at_hand.day_so_far


def _result(book: Book, trade: Trade, day: date) -> Decimal:
    details = book.contracts.get(trade.contract)
    fills = sorted(book.fills.get(trade.trade_id, ()), key=lambda fill: fill.executed_at)
    if details is None or not fills:
        return Decimal(0)
    executions = [
        results.Execution(
            day=exchange_day(fill.executed_at),
            side=fill.side,
            qty=fill.last_qty,
            price=fill.last_price,
        )
        for fill in fills
    ]
    carried = trade.carried_price if trade.carried_on == day else None
    return results.result_on(day, executions, carried, _mark(book, trade, day)) * details.multiplier


def _mark(book: Book, trade: Trade, day: date) -> Decimal:
    if trade.contract.expiry < day:
        return Decimal(0)
    # Without a market, what is held is worth what its stop would bring.
    return _bid(book, trade) or trade.stop_price


def _carry(book: Book, trade: Trade, day: date) -> None:
    if trade.carried_on == day or exchange_day(trade.opened_at) == day:
        return
    bid = _bid(book, trade)
    if bid is not None:
        book.put_trade(replace(trade, carried_price=bid, carried_on=day))


def _bid(book: Book, trade: Trade) -> Decimal | None:
    quote = book.quotes.get(trade.contract)
    return None if quote is None else quote.bid
