"""A contract's trading hours as IBKR writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def closes_at(hours: str, zone_name: str, day: date) -> datetime | None:
    """Return when ``day`` closes, None where ``hours`` do not tell of it.

    ``hours`` are like ``20261127:0930-20261127:1300;20261128:CLOSED`` (TWS API,
    ContractDetails.liquidHours).
    """
    try:
        zone = ZoneInfo(zone_name)
        ends = [
            datetime.strptime(end, "%Y%m%d:%H%M").replace(tzinfo=zone)
            for begin, _, end in (session.partition("-") for session in hours.split(";"))
            if begin.startswith(f"{day:%Y%m%d}") and end
        ]
    except (ZoneInfoNotFoundError, ValueError):
        return None
    return max(ends).astimezone(UTC) if ends else None
