from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from autoscalper.domain.exchange import EXCHANGE_ZONE
from autoscalper.domain.last_day import flatten_time, is_too_late, resting_time
from autoscalper.simulator import sessions

FLATTEN_AT = time(15, 45)


def close(day: str, at: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{at}").replace(tzinfo=EXCHANGE_ZONE)


@pytest.mark.parametrize(
    ("day", "closes", "expected"),
    [
        ("2026-03-18", "16:00", "15:45"),
        ("2026-03-18", "16:15", "15:45"),
        ("2026-03-18", None, "15:45"),
        ("2026-11-27", "13:00", "12:45"),
        ("2026-11-27", "13:15", "13:00"),
    ],
)
def test_the_last_day_ends_before_the_contract_closes(
    day: str, closes: str | None, expected: str
) -> None:
    closes_at = None if closes is None else close(day, closes)
    assert flatten_time(date.fromisoformat(day), closes_at, FLATTEN_AT) == close(day, expected)


@pytest.mark.parametrize(
    ("day", "hour"),
    [("2026-03-06", 20), ("2026-03-09", 19), ("2026-10-30", 19), ("2026-11-02", 20)],
)
def test_the_time_is_new_yorks_in_summer_and_winter(day: str, hour: int) -> None:
    flatten = flatten_time(date.fromisoformat(day), None, FLATTEN_AT)
    assert flatten.astimezone(UTC).time() == time(hour, 45)


def test_every_trading_day_of_a_year_ends_a_quarter_before_its_close() -> None:
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
    trading = [day for day in days if sessions.is_trading_day(day)]
    early = []
    for day in trading:
        closes_at = datetime.combine(day, sessions.close_of(day, late=False), EXCHANGE_ZONE)
        flatten = flatten_time(day, closes_at, FLATTEN_AT)
        assert closes_at - flatten == timedelta(minutes=15)
        assert flatten.date() == day
        if flatten.time() != FLATTEN_AT:
            early.append(day)
    assert len(trading) == 251
    assert early == [date(2026, 11, 27), date(2026, 12, 24)]


def test_a_later_flatten_time_leaves_less_before_an_early_close() -> None:
    flatten = flatten_time(date(2026, 11, 27), close("2026-11-27", "13:00"), time(15, 55))
    assert flatten == close("2026-11-27", "12:55")


def test_no_entry_in_the_last_minutes_before() -> None:
    flatten = close("2026-03-18", "15:45")
    assert not is_too_late(flatten - timedelta(minutes=5, seconds=1), flatten)
    assert is_too_late(flatten - timedelta(minutes=5), flatten)
    assert is_too_late(flatten + timedelta(minutes=1), flatten)


@pytest.mark.parametrize(
    ("flatten", "closes", "expected"),
    [
        ("15:45", "16:00", "15:46:00"),
        ("15:45", None, "15:46:00"),
        ("12:45", "13:00", "12:46:00"),
        # So late that a minute more would be too late.
        ("15:59", "16:00", "15:59:30"),
        ("15:59", None, "15:59:30"),
        ("16:00", "16:00", "16:00:00"),
    ],
)
def test_the_resting_sale_is_a_little_later_and_before_the_close(
    flatten: str, closes: str | None, expected: str
) -> None:
    closes_at = None if closes is None else close("2026-03-18", closes)
    resting = resting_time(close("2026-03-18", flatten), closes_at)
    assert resting == close("2026-03-18", expected)
