"""The exchange's place and time."""

from __future__ import annotations

from zoneinfo import ZoneInfo

#: US options trade by New York time, daylight saving included.
EXCHANGE_ZONE = ZoneInfo("America/New_York")
