from datetime import UTC, date, datetime, timedelta

import pytest

from autoscalper.simulator import sessions
from autoscalper.simulator.sessions import Hours


@pytest.mark.parametrize(
    ("day", "trades"),
    [
        ("2026-03-18", True),
        ("2026-03-21", False),
        ("2026-11-26", False),
        ("2026-07-03", False),
        ("2027-06-18", False),
        ("2025-01-09", False),
        ("2023-07-04", True),
    ],
)
def test_weekends_and_holidays_are_no_trading_days(day: str, trades: bool) -> None:
    assert sessions.is_trading_day(date.fromisoformat(day)) is trades


def test_the_market_opens_and_closes_by_new_york_time() -> None:
    before_summer = datetime(2026, 3, 6, 14, 29, 59, tzinfo=UTC)
    assert not sessions.is_open(before_summer, late=False)
    assert sessions.is_open(before_summer + timedelta(seconds=1), late=False)
    in_summer = datetime(2026, 3, 18, 20, 0, tzinfo=UTC)
    assert not sessions.is_open(in_summer, late=False)
    assert sessions.is_open(in_summer, late=True)


def test_a_half_day_ends_at_one() -> None:
    one = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
    assert not sessions.is_open(one, late=False)
    assert sessions.is_open(one, late=True)


def test_hours_are_written_as_contract_details_write_them() -> None:
    assert sessions.hours_text(date(2026, 11, 26), 3, late=True) == (
        "20261126:CLOSED;20261127:0930-20261127:1315;20261128:CLOSED"
    )


def test_the_next_opening_is_today_before_the_bell_and_the_next_trading_day_after() -> None:
    def opening(*moment: int) -> str:
        return sessions.next_open(datetime(*moment, tzinfo=UTC)).isoformat()  # type: ignore[arg-type,misc]

    assert opening(2026, 3, 18, 13, 0) == "2026-03-18T09:30:00-04:00"
    assert opening(2026, 11, 25, 20, 0) == "2026-11-27T09:30:00-05:00"


def test_an_expiry_on_a_holiday_moves_to_the_day_before() -> None:
    assert sessions.expiry_on_or_before(date(2026, 4, 3)) == date(2026, 4, 2)


def test_a_day_order_ends_at_the_close_or_at_the_next_one() -> None:
    hours = Hours(always_open=False)
    during = datetime(2026, 3, 18, 15, 0, tzinfo=UTC)
    after = datetime(2026, 3, 18, 21, 0, tzinfo=UTC)

    assert hours.day_end(during, late=False).isoformat() == "2026-03-18T16:00:00-04:00"
    assert hours.day_end(after, late=False).isoformat() == "2026-03-19T16:00:00-04:00"


def test_an_open_door_market_trades_on_sundays_and_ends_its_day_at_midnight() -> None:
    hours = Hours(always_open=True)
    sunday = datetime(2026, 3, 22, 15, 0, tzinfo=UTC)

    assert hours.is_open(sunday, late=False)
    assert hours.day_end(sunday, late=False).isoformat() == "2026-03-23T00:00:00-04:00"
