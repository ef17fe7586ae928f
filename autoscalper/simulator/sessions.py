"""When the US options market is open: days, half days and the hours strings of contractDetails.

Holidays and early closes are those that NYSE and Cboe announced for 2025 to 2027. Other years have
none: every weekday is a full day.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

#: The exchange's time, under the name that IBKR uses for it.
ZONE_NAME = "US/Eastern"
ZONE = ZoneInfo(ZONE_NAME)

_HOLIDAYS = frozenset(
    date.fromisoformat(day)
    for day in (
        "2025-01-01 2025-01-09 2025-01-20 2025-02-17 2025-04-18 2025-05-26 2025-06-19 2025-07-04 "
        "2025-09-01 2025-11-27 2025-12-25 "
        "2026-01-01 2026-01-19 2026-02-16 2026-04-03 2026-05-25 2026-06-19 2026-07-03 "
        "2026-09-07 2026-11-26 2026-12-25 "
        "2027-01-01 2027-01-18 2027-02-15 2027-03-26 2027-05-31 2027-06-18 2027-07-05 "
        "2027-09-06 2027-11-25 2027-12-24"
    ).split()
)
_HALF_DAYS = frozenset(
    date.fromisoformat(day)
    for day in ("2025-07-03 2025-11-28 2025-12-24 2026-11-27 2026-12-24 2027-11-26").split()
)
_OPEN = time(9, 30)
_CLOSE = time(16, 0)
_EARLY_CLOSE = time(13, 0)
_LATE = timedelta(minutes=15)


def is_trading_day(day: date) -> bool:
    """Return whether the exchanges open on ``day``."""
    return day.weekday() < 5 and day not in _HOLIDAYS


def close_of(day: date, *, late: bool) -> time:
    """Return when trading ends on ``day``; ``late`` classes trade fifteen minutes longer."""
    close = _EARLY_CLOSE if day in _HALF_DAYS else _CLOSE
    if not late:
        return close
    return (datetime.combine(day, close) + _LATE).time()


def is_open(moment: datetime, *, late: bool) -> bool:
    """Return whether the market trades at ``moment`` (aware)."""
    local = moment.astimezone(ZONE)
    day = local.date()
    return is_trading_day(day) and _OPEN <= local.time() < close_of(day, late=late)


def next_open(moment: datetime) -> datetime:
    """Return when the market opens next after ``moment`` (aware), in exchange time."""
    local = moment.astimezone(ZONE)
    day = local.date()
    if not is_trading_day(day) or local.time() >= _OPEN:
        day = next_trading_day(day)
    return datetime.combine(day, _OPEN, ZONE)


def next_trading_day(day: date) -> date:
    """Return the first trading day after ``day``."""
    day += timedelta(days=1)
    while not is_trading_day(day):
        day += timedelta(days=1)
    return day


def expiry_on_or_before(day: date) -> date:
    """Return ``day``, or the trading day before it: where an expiry moves on a holiday."""
    while not is_trading_day(day):
        day -= timedelta(days=1)
    return day


def exchange_day(moment: datetime) -> date:
    """Return the exchange's date at ``moment`` (aware)."""
    return moment.astimezone(ZONE).date()


def hours_text(first_day: date, days: int, *, late: bool) -> str:
    """Return the hours of some days as contractDetails writes them.

    ``20261127:0930-20261127:1300;20261128:CLOSED``: TWS API, ContractDetails.liquidHours.
    """
    return ";".join(
        _hours_of(first_day + timedelta(days=offset), late=late) for offset in range(days)
    )


def _hours_of(day: date, *, late: bool) -> str:
    text = f"{day:%Y%m%d}"
    if not is_trading_day(day):
        return f"{text}:CLOSED"
    return f"{text}:{_OPEN:%H%M}-{text}:{close_of(day, late=late):%H%M}"


class Hours:
    """When orders can fill and when day orders end."""

    def __init__(self, *, always_open: bool) -> None:
        """Follow the exchange's hours, or trade around the clock and end the day at midnight."""
        self._always_open = always_open

    def is_open(self, moment: datetime, *, late: bool) -> bool:
        """Return whether orders can fill at ``moment`` (aware)."""
        return self._always_open or is_open(moment, late=late)

    def day_end(self, moment: datetime, *, late: bool) -> datetime:
        """Return when a day order that came in at ``moment`` (aware) ends."""
        local = moment.astimezone(ZONE)
        day = local.date()
        if self._always_open:
            return datetime.combine(day + timedelta(days=1), time(0), ZONE)
        if not is_trading_day(day) or local.time() >= close_of(day, late=late):
            day = next_trading_day(day)
        return datetime.combine(day, close_of(day, late=late), ZONE)
