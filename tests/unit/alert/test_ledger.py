from datetime import UTC, date, datetime
from decimal import Decimal

from autoscalper.alert.ledger import by_day, first_of, start_of
from tests.unit.alert.examples import closed


def test_a_day_begins_at_midnight_in_new_york_on_both_sides_of_daylight_saving() -> None:
    assert start_of(date(2026, 3, 7)) == datetime(2026, 3, 7, 5, tzinfo=UTC)
    assert start_of(date(2026, 3, 9)) == datetime(2026, 3, 9, 4, tzinfo=UTC)


def test_the_last_days_include_today() -> None:
    now = datetime(2026, 3, 18, 20, tzinfo=UTC)
    assert first_of(1, now) == start_of(date(2026, 3, 18))
    assert first_of(7, now) == start_of(date(2026, 3, 12))


def test_trades_add_up_by_the_day_of_their_end() -> None:
    trades = [closed("10"), closed("-4", seconds=60), closed("3", seconds=86400)]
    assert by_day(trades) == [
        (date(2026, 3, 18), Decimal(6)),
        (date(2026, 3, 19), Decimal(3)),
    ]
