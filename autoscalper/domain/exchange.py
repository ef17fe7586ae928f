"""The exchange's place and time."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

#: US options trade by New York time, daylight saving included.
EXCHANGE_ZONE = ZoneInfo("America/New_York")


def exchange_day(moment: datetime) -> date:
    """Return the exchange's date at ``moment`` (aware): the trading day, whatever UTC says."""
    return moment.astimezone(EXCHANGE_ZONE).date()
