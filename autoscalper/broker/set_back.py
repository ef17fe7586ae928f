"""What a clock that was set back leaves behind: moments that have not come yet.

Every wait is counted from a moment that was noted when it began. Nothing would happen to an order
in doubt, an entry that is not filled or a question until the clock has come that far again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from autoscalper.broker.book import Book

S = TypeVar("S", bound=msgspec.Struct)

_OF_ORDER = ("created_at", "doubted_at", "asked_at")
_OF_TRADE = ("unseen_at", "filled_at", "below_stop_since")
_OF_WAITING = ("quote_asked_at", "taken_at")
_OF_FOREIGN = ("created_at", "doubted_at")


def notice(book: Book, now: datetime) -> None:
    """Let what was noted as later than ``now`` be of now, if the clock was set back or is new."""
    before, book.lookout.looked_at = book.lookout.looked_at, now
    if before is not None and before <= now:
        return
    for trade in book.open_trades():
        _put_changed(trade, _not_later(trade, _OF_TRADE, now), book.put_trade)
        for order in book.orders_of(trade):
            _put_changed(order, _not_later(order, _OF_ORDER, now), book.put_order)
    for waiting in list(book.waiting.values()):
        read = replace(waiting, signal=_not_later(waiting.signal, ("read_at",), now))
        _put_changed(waiting, _not_later(read, _OF_WAITING, now), book.wait)
    for question in list(book.questions.values()):
        _put_changed(question, _not_later(question, ("asked_at",), now), book.ask)
    for request in list(book.requests.values()):
        foreign = tuple(_not_later(each, _OF_FOREIGN, now) for each in request.foreign)
        _put_changed(request, replace(request, foreign=foreign), book.put_request)
    _correct_what_is_not_kept(book, now)


def _correct_what_is_not_kept(book: Book, now: datetime) -> None:
    for contract, quote in book.quotes.items():
        book.quotes[contract] = _not_later(quote, ("at",), now)
    for contract, needed_at in book.watched.items():
        book.watched[contract] = min(needed_at, now)
    book.snapshot_asked_at = _earlier(book.snapshot_asked_at, now)
    book.reconciled_at = _earlier(book.reconciled_at, now)
    book.forgot_at = _earlier(book.forgot_at, now)


def _not_later(noted: S, names: Iterable[str], now: datetime) -> S:
    moments = ((name, getattr(noted, name)) for name in names)
    return replace(noted, **{name: now for name, at in moments if at is not None and at > now})


def _put_changed(before: S, after: S, put: Callable[[S], None]) -> None:
    if after != before:
        put(after)


def _earlier(at: datetime | None, now: datetime) -> datetime | None:
    return None if at is None else min(at, now)
