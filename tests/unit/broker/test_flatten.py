from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from autoscalper.broker import flatten
from autoscalper.broker.commands import FindContract
from autoscalper.broker.events import ContractFound
from autoscalper.domain.contract import OptionContract
from autoscalper.domain.instruction import AddToTrade, CloseTrade
from autoscalper.domain.order import Purpose
from autoscalper.domain.outcome import OutcomeKind
from tests.unit.broker.story import CALL, PUT, Story, entry, named, opened

#: A quarter to four in New York on the call's last day.
FLATTEN = datetime(2026, 11, 20, 20, 45, tzinfo=UTC)


def closes(story: Story, contract: OptionContract, closes_at: datetime | None) -> None:
    details = replace(story.book.contracts[contract], closes_at=closes_at)
    story.hear(ContractFound(contract=contract, details=details))
    story.settle()


def test_what_expires_today_is_closed_and_told() -> None:
    story = opened()
    story.now = FLATTEN - timedelta(seconds=1)
    story.wait(0.5)
    assert "X0" not in story.live()
    story.wait(3)
    story.fill(Purpose.EXIT)
    story.wait(1.5)
    assert (story.held, story.live()) == (0, {})
    assert story.reports() == [f"{CALL} expires today: closing 2 at 15:45"]


def test_what_expires_later_stays() -> None:
    story = Story()
    story.connect()
    story.post(entry(PUT))
    story.fill(Purpose.ENTRY)
    story.now = FLATTEN
    story.wait(10)
    assert story.held == 2
    assert story.reports() == []


def test_on_a_half_day_the_contracts_own_hours_count() -> None:
    story = opened()
    closes(story, CALL, FLATTEN - timedelta(hours=2, minutes=45))
    assert flatten.time_of(story.book, CALL, story.book.settings) == FLATTEN - timedelta(hours=3)
    story.now = FLATTEN - timedelta(hours=3)
    story.wait(3)
    assert story.order(Purpose.EXIT).terms.order_qty == 2


def test_what_could_not_be_closed_for_an_outage_is_closed_when_the_gateway_is_back() -> None:
    story = opened()
    story.lose()
    story.now = FLATTEN
    story.wait(60, step=5)
    story.connect()
    story.wait(2)
    assert story.live() == {"X0": 2}


def test_in_the_last_minutes_before_nothing_is_opened_and_nothing_added() -> None:
    story = opened()
    story.now = FLATTEN - timedelta(minutes=5)
    story.quote("0.42", "0.43")
    add = story.post(AddToTrade(price=Decimal("0.42")))
    assert story.outcomes[add].detail.endswith(
        "hours: closed at 15:45 on its last day, no entries after 15:40"
    )


def test_an_entry_that_expires_another_day_is_taken_in_the_last_minutes() -> None:
    story = Story()
    story.connect()
    story.now = FLATTEN
    post_id = story.post(entry(PUT))
    story.fill(Purpose.ENTRY)
    story.wait(1.5)
    assert story.outcomes[post_id].kind is OutcomeKind.TRADED


def test_an_exit_is_never_too_late() -> None:
    story = opened()
    story.now = FLATTEN - timedelta(minutes=1)
    post_id = story.post(CloseTrade(contract=named(CALL)))
    assert story.outcomes[post_id].kind is OutcomeKind.TRADED


def test_hours_that_ibkr_did_not_tell_yet_are_asked_for_on_the_next_connection() -> None:
    story = opened()
    closes(story, CALL, None)
    story.lose()
    story.commands.clear()
    story.connect()
    assert FindContract(contract=CALL) in story.commands
    closes(story, CALL, FLATTEN + timedelta(minutes=15))
    story.lose()
    story.commands.clear()
    story.connect()
    assert FindContract(contract=CALL) not in story.commands
