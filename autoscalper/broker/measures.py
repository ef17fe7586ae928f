"""What an entry or an add was decided on, in words and numbers: kept with its outcome. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from autoscalper.broker import flatten, trading_day
from autoscalper.broker.book import Book
from autoscalper.broker.orders import Trade
from autoscalper.broker.records import Quote, Waiting
from autoscalper.domain.exchange import EXCHANGE_ZONE
from autoscalper.domain.pricing import ONE_HUNDRED, shown, signed
from autoscalper.domain.settings import BrokerSettings
from autoscalper.domain.sizing import Size
from autoscalper.links.any_to_alert import Decision


def decision_on(
    book: Book,
    waiting: Waiting,
    adds_to: Trade | None,
    quote: Quote | None,
    limit: Decimal,
    stop: Decimal,
    size: Size,
    now: datetime,
) -> Decision:
    """Return what is known when ``waiting`` is decided, whatever the decision is."""
    settings = book.settings_for(waiting.signal.post)
    return Decision(
        decided_at=now,
        bid=quote.bid if quote else None,
        ask=quote.ask if quote else None,
        underlying=quote.underlying if quote else None,
        quoted_at=quote.at if quote else None,
        limit_price=limit,
        stop_price=stop,
        measured=(
            *_time(book, waiting, settings, now),
            *_size(size),
            *_room(book, adds_to, settings),
            *_day(book, settings, now),
            *_market(quote, settings),
            *_funds(book),
        ),
    )


def _time(book: Book, waiting: Waiting, settings: BrokerSettings, now: datetime) -> Iterator[str]:
    age = (now - (waiting.taken_at or waiting.signal.post.posted_at)).total_seconds()
    yield f"age: {age:.1f} s, {settings.entry_max_age_seconds} s are allowed"
    closes = flatten.time_of(book, waiting.contract, settings).astimezone(EXCHANGE_ZONE)
    yield f"hours: its last day is closed on {closes:%Y-%m-%d at %H:%M}"


def _size(size: Size) -> Iterator[str]:
    yield (
        f"size: {size.contracts}; one contract risks ${size.risk_per_contract:.2f},"
        f" the budget is ${size.budget:.2f}"
    )


def _room(book: Book, adds_to: Trade | None, settings: BrokerSettings) -> Iterator[str]:
    if adds_to is None:
        open_now = len(book.open_trades())
        yield f"open trades: {open_now} are open, {settings.max_open_trades} are allowed"
        return
    held = book.held(adds_to) + book.coming(adds_to)
    yield f"adds: {adds_to.adds} made, {settings.max_adds_per_trade} are allowed"
    yield f"contracts: {held} are held, {settings.max_contracts} are allowed"


def _day(book: Book, settings: BrokerSettings, now: datetime) -> Iterator[str]:
    day = trading_day.today(book, now, settings)
    yield (f"daily loss: {signed(day.result)} today, ${day.allowed_loss:.2f} may be lost")
    yield (
        f"loss streak: {day.losses_in_a_row} losing trades in a row today,"
        f" {settings.max_loss_streak} end the day"
    )


def _market(quote: Quote | None, settings: BrokerSettings) -> Iterator[str]:
    if quote is None or quote.bid is None or quote.ask is None:
        return
    spread = (quote.ask - quote.bid) / ((quote.ask + quote.bid) / 2) * ONE_HUNDRED
    most = settings.max_bid_ask_spread_percent
    market = f"{shown(quote.bid)} to {shown(quote.ask)}"
    yield f"spread: {market} is {spread:.1f} %, {most:f} % are allowed"


def _funds(book: Book) -> Iterator[str]:
    yield f"balance: ${book.balance():.2f}"
    if book.available_funds is not None:
        yield f"funds: ${book.available_funds:.2f} are available"
