"""History on the wire: bars and the trading schedule.

The bars are made up from the contract and the time, so the same request has the same answer, and
the last one closes at the present price.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from autoscalper.simulator import sessions, times
from autoscalper.simulator.codec import Value, encode

_UNIT_SECONDS = {
    "sec": 1,
    "min": 60,
    "hour": 3600,
    "day": 86_400,
    "week": 604_800,
    "month": 2_592_000,
    "S": 1,
    "D": 86_400,
    "W": 604_800,
    "M": 2_592_000,
    "Y": 31_536_000,
}
_MAX_BARS = 2000
_CENT = Decimal("0.01")


def seconds_of(text: str) -> int | None:
    """Return the seconds in ``5 mins`` or ``2 D``; None for something else."""
    count, _, unit = text.partition(" ")
    seconds = _UNIT_SECONDS.get(unit.removesuffix("s") if len(unit) > 1 else unit)
    return int(count) * seconds if count.isdigit() and seconds is not None else None


def bars(req_id: int, price: Decimal, end: datetime, bar_seconds: int, duration: str) -> bytes:
    """Return bars of ``bar_seconds`` over ``duration`` up to ``end`` (aware)."""
    count = max(1, min((seconds_of(duration) or bar_seconds) // bar_seconds, _MAX_BARS))
    noise = random.Random(f"{price}{bar_seconds}")
    row: list[Value] = []
    close = price
    for back in range(count):
        start = end - timedelta(seconds=bar_seconds * (back + 1))
        opened = (close * (1 + Decimal(noise.gauss(0, 0.001)))).quantize(_CENT)
        high, low = max(opened, close) + _CENT, max(min(opened, close) - _CENT, Decimal(0))
        row[:0] = [_stamp(start, bar_seconds), opened, high, low, close, 100, close, 10]
        close = opened
    first = end - timedelta(seconds=bar_seconds * count)
    return encode(17, req_id, times.render(first), times.render(end), count, *row)


def _stamp(start: datetime, bar_seconds: int) -> str:
    if bar_seconds >= 86_400:
        return f"{start.astimezone(sessions.ZONE):%Y%m%d}"
    return times.render(start)


def schedule(req_id: int, days: Sequence[date]) -> bytes:
    """Return when the market is open on those of ``days`` on which it is."""
    trading = [day for day in days if sessions.is_trading_day(day)]
    row: list[Value] = []
    for day in trading:
        close = sessions.close_of(day, late=False)
        row += [f"{day:%Y%m%d}-09:30:00", f"{day:%Y%m%d}-{close:%H:%M:%S}", f"{day:%Y%m%d}"]
    first, last = (row[0], row[-2]) if row else ("", "")
    return encode(106, req_id, first, last, sessions.ZONE_NAME, len(trading), *row)
