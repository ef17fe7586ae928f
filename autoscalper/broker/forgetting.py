"""What the broker stops thinking of, so that it costs no more after a year than after a day.

On disk it stays, for reports and for ``autoscalper explain``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TypeVar

from autoscalper.broker.book import Book
from autoscalper.broker.records import Request
from autoscalper.links.any_to_alert import CommandState

K = TypeVar("K")
V = TypeVar("V")

#: How long a trade that is closed, and its tombstones, can still be heard of from the gateway:
#: it tells of a day's orders until its midnight, and one more day is no cost.
REMEMBERED = timedelta(days=2)
#: How long an alert is remembered so that a repost of it is known.
BRIEFLY = timedelta(days=1)
#: How much longer than its sender keeps a signal or a command it is remembered that it was heard:
#: one that is heard twice would be obeyed, or answered, twice.
HEARD_MARGIN = timedelta(days=14)
#: How long after its expiry a contract's details are at hand.
EXPIRED_FOR = timedelta(days=7)


def forget(book: Book, now: datetime) -> None:
    """Take out of ``book`` what can come up no more."""
    book.forgot_at = now
    for trade in list(book.trades.values()):
        if trade.closed_at is not None and now - trade.closed_at > REMEMBERED:
            book.forget_trade(trade.trade_id)
    needed = {trade.contract for trade in book.trades.values()}
    heard_since = heard_from(book, now)
    brief = now - BRIEFLY
    _drop(book.heard, lambda _, heard_at: heard_at < heard_since)
    _drop(book.recent_alerts, lambda _, posted_at: posted_at < brief)
    _drop(book.requests, lambda _, request: _is_over(request, heard_since))
    # What still stays as it is will be warned of again, and the log knows that it was told.
    book.warned.clear()
    _drop(book.contracts, lambda each, _: each not in needed and is_past(each.expiry, now))


def forget_daily(book: Book, now: datetime) -> None:
    """Forget, if that was not done for a day."""
    if book.forgot_at is None or now - book.forgot_at >= timedelta(days=1):
        forget(book, now)


def heard_from(book: Book, now: datetime) -> datetime:
    """Return since when signals that were heard are remembered."""
    return now - timedelta(days=book.settings.keep_data_days) - HEARD_MARGIN


def is_past(expiry: date, now: datetime) -> bool:
    """Return whether a contract with that expiry needs no details any more."""
    return expiry < (now - EXPIRED_FOR).date()


def _is_over(request: Request, heard_since: datetime) -> bool:
    return request.state is not CommandState.UNDER_WAY and request.command.given_at < heard_since


def _drop(known: dict[K, V], is_old: Callable[[K, V], bool]) -> None:
    for key in [key for key, value in known.items() if is_old(key, value)]:
        del known[key]
