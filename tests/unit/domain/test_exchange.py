from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from autoscalper.domain.exchange import EXCHANGE_ZONE, exchange_day


@pytest.mark.parametrize(
    ("moment", "hours"),
    [(datetime(2026, 1, 14, 15, tzinfo=UTC), -5), (datetime(2026, 7, 15, 15, tzinfo=UTC), -4)],
)
def test_the_exchange_follows_daylight_saving(moment: datetime, hours: int) -> None:
    assert moment.astimezone(EXCHANGE_ZONE).utcoffset() == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 1, 15, 4, 59, tzinfo=UTC), date(2026, 1, 14)),
        (datetime(2026, 1, 15, 5, 0, tzinfo=UTC), date(2026, 1, 15)),
        (datetime(2026, 7, 15, 4, 0, tzinfo=UTC), date(2026, 7, 15)),
        (datetime(2026, 3, 19, 3, 59, tzinfo=UTC), date(2026, 3, 18)),
        (datetime(2026, 3, 19, 4, 0, tzinfo=UTC), date(2026, 3, 19)),
    ],
)
def test_a_trading_day_begins_at_midnight_in_new_york(moment: datetime, day: date) -> None:
    assert exchange_day(moment) == day
