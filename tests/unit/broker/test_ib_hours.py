from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from autoscalper.broker.ib_hours import closes_at
from autoscalper.simulator import sessions

HOURS = (
    "20261125:0930-20261125:1615;20261126:CLOSED;20261127:0930-20261127:1300;"
    "20261130:0830-20261130:0915;20261130:0930-20261130:1600"
)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 11, 25), datetime(2026, 11, 25, 21, 15, tzinfo=UTC)),
        (date(2026, 11, 26), None),
        (date(2026, 11, 27), datetime(2026, 11, 27, 18, 0, tzinfo=UTC)),
        (date(2026, 11, 30), datetime(2026, 11, 30, 21, 0, tzinfo=UTC)),
        (date(2026, 12, 1), None),
    ],
)
def test_the_close_of_a_day_is_the_end_of_its_last_session(
    day: date, expected: datetime | None
) -> None:
    assert closes_at(HOURS, "US/Eastern", day) == expected


@pytest.mark.parametrize(
    ("hours", "zone"),
    [("", "US/Eastern"), ("20261127:0930-20261127:1300", "Mars/Base"), ("20261127:0-x", "UTC")],
)
def test_hours_that_nobody_can_read_are_unknown(hours: str, zone: str) -> None:
    assert closes_at(hours, zone, date(2026, 11, 27)) is None


def test_hours_of_another_zone_are_taken_in_it() -> None:
    hours = "20261127:0830-20261127:1200"
    found = closes_at(hours, "US/Central", date(2026, 11, 27))
    assert found == datetime(2026, 11, 27, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize("late", [True, False])
def test_a_year_of_days_closes_as_the_gateway_tells(late: bool) -> None:
    first = date(2026, 1, 1)
    hours = sessions.hours_text(first, 365, late=late)
    for number in range(365):
        day = first + timedelta(days=number)
        found = closes_at(hours, sessions.ZONE_NAME, day)
        assert (found is not None) is sessions.is_trading_day(day)
        if found is not None:
            local = found.astimezone(sessions.ZONE)
            assert (local.date(), local.time()) == (day, sessions.close_of(day, late=late))
