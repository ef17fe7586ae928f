"""Two years of trading days: when what expires is closed, by the hours as IBKR writes them.

The days come from a calendar that is not ours (``exchange_days.txt``), in UTC, so that neither
daylight saving nor holidays nor half days are taken from our own knowledge.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from autoscalper.broker import flatten, ib_hours
from autoscalper.broker.book import Book
from autoscalper.broker.events import ClockTicked, ContractDetails, ContractFound
from autoscalper.domain.exchange import EXCHANGE_ZONE
from autoscalper.domain.identity import ConId
from autoscalper.domain.order import Purpose
from autoscalper.domain.pricing import Ticks
from autoscalper.simulator import sessions
from tests.unit.broker.story import CALL, SETTINGS, Story, entry

ROWS = [
    line.split()
    for line in Path(__file__).with_name("exchange_days.txt").read_text().splitlines()
    if not line.startswith("#")
]
#: Open and close of each trading day.
DAYS = {
    date.fromisoformat(day): (
        datetime.fromisoformat(f"{day}T{opens}+00:00"),
        datetime.fromisoformat(f"{day}T{closes}+00:00"),
    )
    for day, opens, closes in ROWS
}
ALL = [min(DAYS) + timedelta(days=each) for each in range((max(DAYS) - min(DAYS)).days + 1)]
#: The last day before and the first after each change of the clocks, and the half days.
SPECIAL = [
    *(date(2026, 3, 6), date(2026, 3, 9), date(2026, 10, 30), date(2026, 11, 2)),
    *(date(2027, 3, 12), date(2027, 3, 15), date(2027, 11, 5), date(2027, 11, 8)),
    *(day for day, (opens, closes) in DAYS.items() if closes - opens < timedelta(hours=6)),
]
DETAILS = ContractDetails(
    con_id=ConId(1), trading_class="IWM", multiplier=Decimal(100), ticks=Ticks()
)


def liquid_hours(day: date) -> str:
    """Return the hours around ``day`` as ContractDetails.liquidHours has them."""
    return ";".join(_session(day + timedelta(days=offset)) for offset in range(-1, 4))


def _session(day: date) -> str:
    if day not in DAYS:
        return f"{day:%Y%m%d}:CLOSED"
    opens, closes = (each.astimezone(EXCHANGE_ZONE) for each in DAYS[day])
    return f"{opens:%Y%m%d:%H%M}-{closes:%Y%m%d:%H%M}"


def test_the_days_are_two_whole_years() -> None:
    assert len(DAYS) == 502
    assert [day.isoformat() for day in SPECIAL[8:]] == ["2026-11-27", "2026-12-24", "2027-11-26"]


def test_every_trading_day_is_closed_a_quarter_before_its_own_close() -> None:
    book = Book(SETTINGS)
    for day in ALL:
        closes_at = ib_hours.closes_at(liquid_hours(day), "US/Eastern", day)
        assert closes_at == (DAYS[day][1] if day in DAYS else None)
        if closes_at is None:
            continue
        contract = replace(CALL, expiry=day)
        book.put_contract(contract, replace(DETAILS, closes_at=closes_at))
        at = flatten.time_of(book, contract, SETTINGS)
        assert DAYS[day][1] - at == timedelta(minutes=15), day


@pytest.mark.parametrize("day", SPECIAL, ids=str)
def test_what_expires_is_sold_on_time_and_nothing_is_opened_just_before(day: date) -> None:
    contract, (_, closes) = replace(CALL, expiry=day), DAYS[day]
    story = Story()
    story.now = closes - timedelta(hours=2)
    story.connect()
    story.post(entry(contract))
    found = story.book.contracts[contract]
    story.hear(ContractFound(contract=contract, details=replace(found, closes_at=closes)))
    story.settle()
    story.fill(Purpose.ENTRY)
    story.wait(1.5)
    story.now = closes - timedelta(minutes=20)
    late = story.post(entry(contract, "0.41"), author="bert")
    at = (closes - timedelta(minutes=15)).astimezone(EXCHANGE_ZONE)
    assert f"hours: closed at {at:%H:%M} on its last day" in str(story.outcomes[late])
    story.now = closes - timedelta(minutes=15, seconds=1)
    story.hear(ClockTicked())
    assert story.trade.hold == 2
    story.wait(1)
    assert story.trade.hold == 0


def test_the_simulated_gateway_keeps_the_same_days() -> None:
    for day in ALL:
        assert sessions.is_trading_day(day) is (day in DAYS), day
        if day in DAYS:
            at = datetime.combine(day, sessions.close_of(day, late=False), EXCHANGE_ZONE)
            assert at.astimezone(UTC) == DAYS[day][1]
