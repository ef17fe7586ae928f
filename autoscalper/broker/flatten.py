"""Closes what expires today, in time before the contract's own close."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from autoscalper.broker.book import Book
from autoscalper.domain.contract import OptionContract
from autoscalper.domain.exchange import EXCHANGE_ZONE, exchange_day
from autoscalper.domain.last_day import flatten_time, resting_time
from autoscalper.domain.settings import BrokerSettings
from autoscalper.links import any_to_alert

#: IBKR tells the hours of the days just ahead: how near a last day must be to ask for its own.
HOURS_AHEAD = timedelta(days=5)


def time_of(book: Book, contract: OptionContract, settings: BrokerSettings) -> datetime:
    """Return when a position in ``contract`` is closed on its last day, by ``settings``."""
    details = book.contracts.get(contract)
    closes_at = details.closes_at if details else None
    return flatten_time(contract.expiry, closes_at, settings.flatten_at)


def last_sale_at(book: Book, contract: OptionContract, settings: BrokerSettings) -> datetime:
    """Return when the sale that rests at the broker closes what is still there, by ``settings``."""
    details = book.contracts.get(contract)
    closes_at = details.closes_at if details else None
    return resting_time(time_of(book, contract, settings), closes_at)


def lacks_hours(book: Book, contract: OptionContract, now: datetime) -> bool:
    """Return whether IBKR could say now when ``contract`` stops trading, and has not yet."""
    details = book.contracts.get(contract)
    is_near = contract.expiry - exchange_day(now) <= HOURS_AHEAD
    return details is not None and details.closes_at is None and is_near


def flatten_what_expires(book: Book, now: datetime) -> None:
    """Let nothing be held any more of what is closed today."""
    for trade in book.open_trades():
        flatten = time_of(book, trade.contract, book.settings_for(trade))
        is_last_day = exchange_day(now) == trade.contract.expiry
        if trade.hold == 0 or now < flatten or not is_last_day:
            continue
        book.put_trade(replace(trade, hold=0))
        at = flatten.astimezone(EXCHANGE_ZONE)
        held = book.held(trade)
        what = f"closing {held}" if held else "calling off the entry"
        text = f"{trade.contract} expires today: {what} at {at:%H:%M}"
        level = any_to_alert.Level.INFO
        book.notify(
            f"flatten {trade.trade_id} {held}",
            any_to_alert.Reported(level=level, text=text, reported_at=now),
        )
