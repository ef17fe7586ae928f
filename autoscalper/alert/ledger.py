"""Days and what they came to, by the exchange's calendar. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from autoscalper.domain.exchange import EXCHANGE_ZONE, exchange_day
from autoscalper.links.any_to_alert import TradeClosed


def start_of(day: date) -> datetime:
    """Return midnight at the exchange, when ``day`` begins, aware."""
    return datetime.combine(day, time(), EXCHANGE_ZONE)


def first_of(days: int, now: datetime) -> datetime:
    """Return when the last ``days`` calendar days began, today included."""
    return start_of(exchange_day(now) - timedelta(days=days - 1))


def by_day(closed: Iterable[TradeClosed]) -> list[tuple[date, Decimal]]:
    """Return the dollars that each day with a closed trade came to, oldest first."""
    days: dict[date, Decimal] = {}
    for each in closed:
        day = exchange_day(each.closed_at)
        days[day] = days.get(day, Decimal(0)) + each.realized
    return sorted(days.items())
