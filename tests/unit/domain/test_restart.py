from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from autoscalper.domain.restart import is_pausing, parse_time_of_day

NEW_YORK = ZoneInfo("America/New_York")
RESTART = time(23, 45)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("11:45 PM", time(23, 45)),
        ("12:00 AM", time(0, 0)),
        ("12:30 pm", time(12, 30)),
        (" 7:05 AM ", time(7, 5)),
    ],
)
def test_a_time_of_day_is_read_as_the_gateway_writes_it(text: str, expected: time) -> None:
    assert parse_time_of_day(text) == expected


@pytest.mark.parametrize("text", ["23:45", "11:45", "13:00 PM", "0:10 AM", "11:75 PM", "noon", ""])
def test_anything_else_is_no_time_of_day(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_time_of_day(text)


def at(hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(2026, 3, 18, hour, minute, second, tzinfo=NEW_YORK).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "pausing"),
    [
        (at(23, 43, 59), False),
        (at(23, 44), True),
        (at(23, 45), True),
        (at(23, 47, 59), True),
        (at(23, 48), False),
        (at(10, 0), False),
    ],
)
def test_entries_pause_from_a_minute_before_the_restart_to_three_after(
    now: datetime, pausing: bool
) -> None:
    assert is_pausing(now, RESTART, NEW_YORK, None) is pausing


def test_a_reconciliation_after_the_restart_ends_the_pause() -> None:
    assert not is_pausing(at(23, 46), RESTART, NEW_YORK, at(23, 45, 30))


def test_a_reconciliation_before_the_restart_does_not_end_the_pause() -> None:
    assert is_pausing(at(23, 46), RESTART, NEW_YORK, at(23, 44, 59))


def test_the_pause_reaches_over_midnight() -> None:
    just_after = datetime(2026, 3, 19, 0, 1, tzinfo=NEW_YORK)
    just_before = datetime(2026, 3, 18, 23, 59, 30, tzinfo=NEW_YORK)
    assert is_pausing(just_after, time(23, 59), NEW_YORK, None)
    assert is_pausing(just_before, time(0, 0), NEW_YORK, None)


def test_the_restart_follows_the_clock_of_its_zone_through_daylight_saving() -> None:
    for day in range(1, 29):
        restart = datetime(2026, 3, day, 23, 45, tzinfo=NEW_YORK)
        assert is_pausing(restart - timedelta(seconds=30), RESTART, NEW_YORK, None)
