from datetime import date
from decimal import Decimal

import pytest

from autoscalper.simulator import history_replies
from tests.unit.simulator.stand import WEDNESDAY
from tests.unit.simulator.test_order_replies import fields


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5 mins", 300), ("1 min", 60), ("30 secs", 30), ("1 day", 86_400), ("2 D", 172_800)],
)
def test_lengths_of_time_are_read(text: str, seconds: int) -> None:
    assert history_replies.seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "day", "five mins", "5 fortnights"])
def test_what_is_no_length_of_time_is_none(text: str) -> None:
    assert history_replies.seconds_of(text) is None


def test_bars_end_at_the_present_price_and_hang_together() -> None:
    row = fields(history_replies.bars(3, Decimal("0.42"), WEDNESDAY, 300, "1 D"))
    assert row[:2] == ["17", "3"]
    assert row[4] == "288"
    bars = [row[start : start + 8] for start in range(5, len(row), 8)]
    assert len(bars) == 288
    assert bars[-1][4] == "0.42"
    assert bars[0][0] < bars[-1][0]
    for _, opened, high, low, close, *_ in bars:
        assert Decimal(low) <= min(Decimal(opened), Decimal(close))
        assert Decimal(high) >= max(Decimal(opened), Decimal(close))
    for before, after in zip(bars, bars[1:], strict=False):
        assert before[4] == after[1]


def test_daily_bars_have_dates() -> None:
    row = fields(history_replies.bars(3, Decimal("0.42"), WEDNESDAY, 86_400, "2 D"))
    assert row[5] == "20260316"


def test_a_schedule_has_the_trading_days_only() -> None:
    days = [date(2026, 11, 26), date(2026, 11, 27), date(2026, 11, 28)]
    row = fields(history_replies.schedule(3, days))
    assert row[4:] == [
        "US/Eastern",
        "1",
        "20261127-09:30:00",
        "20261127-13:00:00",
        "20261127",
    ]
    assert fields(history_replies.schedule(3, days[:1]))[5] == "0"
