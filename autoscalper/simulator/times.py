"""Times as IBKR writes them.

``20261127 15:45:00 US/Eastern`` names its zone, ``20261127-15:45:00`` is UTC, and a time without a
zone is the gateway's (TWS API, "Date and time formats").
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from autoscalper.simulator.sessions import ZONE, ZONE_NAME


def parse(text: str) -> datetime | None:
    """Return the time in UTC; None for something that is none of the spellings."""
    if "-" in text[:9]:
        return _parse(text, "%Y%m%d-%H:%M:%S", UTC)
    day, _, rest = text.strip().partition(" ")
    clock, _, zone_name = rest.strip().partition(" ")
    try:
        zone = ZoneInfo(zone_name) if zone_name else ZONE
    except (ZoneInfoNotFoundError, ValueError):
        return None
    return _parse(f"{day} {clock}", "%Y%m%d %H:%M:%S", zone)


def _parse(text: str, form: str, zone: tzinfo) -> datetime | None:
    try:
        return datetime.strptime(text, form).replace(tzinfo=zone).astimezone(UTC)
    except ValueError:
        return None


def render(moment: datetime) -> str:
    """Return ``moment`` (aware) in the exchange's zone, with the zone's name."""
    return f"{moment.astimezone(ZONE):%Y%m%d %H:%M:%S} {ZONE_NAME}"
