"""The last trading day of a contract: when its position is closed, and when none is opened."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from autoscalper.domain.exchange import EXCHANGE_ZONE

#: When the market closes on a full day; what FLATTEN_AT lies before it, it lies before any close.
USUAL_CLOSE = time(16)
#: No entries so long before the position would be closed again.
NO_ENTRIES_BEFORE = timedelta(minutes=5)
#: How much later the order that rests at the broker closes what is still there.
RESTING_AFTER = timedelta(minutes=1)


def flatten_time(expiry: date, closes_at: datetime | None, flatten_at: time) -> datetime:
    """Return when a position that expires on ``expiry`` is closed, by New York time.

    ``closes_at`` is the end of the contract's own hours on that day, None where it is not known:
    before an early close there is as much time as ``flatten_at`` leaves before the usual one.
    """
    usual = datetime.combine(expiry, flatten_at, EXCHANGE_ZONE)
    if closes_at is None:
        return usual
    left = datetime.combine(expiry, USUAL_CLOSE) - datetime.combine(expiry, flatten_at)
    return min(usual, closes_at.astimezone(EXCHANGE_ZONE) - left)


def resting_time(flatten: datetime, closes_at: datetime | None) -> datetime:
    """Return when the order that rests at the broker sells: a little later, before the close."""
    usual = datetime.combine(flatten.astimezone(EXCHANGE_ZONE), USUAL_CLOSE, EXCHANGE_ZONE)
    left = max((closes_at or usual) - flatten, timedelta(0))
    return flatten + min(RESTING_AFTER, left / 2)


def is_too_late(now: datetime, flatten: datetime) -> bool:
    """Return whether an entry would be closed again at once."""
    return now >= flatten - NO_ENTRIES_BEFORE
