"""The gateway's daily restart: known beforehand, so that nothing is sent into it.

Orders sent in the second of a restart have vanished without a trace (reported for IBC-run
gateways in 2026), so entries pause from a little before it until the gateway was reconciled after.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

#: Entries pause this long before the restart.
BEFORE = timedelta(seconds=60)
#: And at most this long after it, where no reconciliation shows that it is over.
AFTER = timedelta(seconds=180)


def parse_time_of_day(text: str) -> time:
    """Return the time in ``text``, written like ``11:45 PM``.

    Raises:
        ValueError: it is not written like that.
    """
    clock, _, half = text.strip().upper().partition(" ")
    hours, _, minutes = clock.partition(":")
    if half not in ("AM", "PM") or not 1 <= int(hours) <= 12:
        raise ValueError(text)
    return time(int(hours) % 12 + (12 if half == "PM" else 0), int(minutes))


def is_pausing(
    now: datetime, restart: time, zone: ZoneInfo, reconciled_at: datetime | None
) -> bool:
    """Return whether ``now`` lies in the pause around the daily restart at ``restart``."""
    today = now.astimezone(zone).date()
    for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
        restarts_at = datetime.combine(day, restart, zone)
        if restarts_at - BEFORE <= now < restarts_at + AFTER:
            return reconciled_at is None or reconciled_at < restarts_at
    return False
