"""What must be kept, and when there is nothing of it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from autoscalper.broker.records import Changes
from autoscalper.domain.identity import IbOrderId, PostId
from autoscalper.domain.order import Purpose
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.domain.settings import BrokerSettings
from autoscalper.links import any_to_alert
from tests.unit.broker.story import SETTINGS, Story, entry


def test_changes_are_empty_until_something_is_noted() -> None:
    assert Changes().is_empty
    assert not Changes(paused=False).is_empty
    assert not Changes(high_water_mark=IbOrderId(1)).is_empty
    assert not Changes(heard={PostId("m1.1"): datetime(2026, 3, 18, tzinfo=UTC)}).is_empty


def test_two_sets_of_changes_share_nothing() -> None:
    one, other = Changes(), Changes()
    one.heard[PostId("m1.1")] = datetime(2026, 3, 18, tzinfo=UTC)
    assert other.is_empty


class Keeping(Story):
    """A story that notes what had to last and what had not, as it was kept."""

    def __init__(self, settings: BrokerSettings = SETTINGS) -> None:
        super().__init__(settings)
        self.kept: list[Changes] = []
        self.keep = lambda book: self.kept.append(book.changes)


def test_what_a_trader_said_and_a_new_intent_must_last_and_what_the_gateway_said_need_not() -> None:
    story = Keeping()
    story.connect()
    story.post(entry())
    (heard,) = [each for each in story.kept if each.heard]
    assert heard.must_last
    before = len(story.kept)
    story.wait(0.5)
    story.fill(Purpose.ENTRY)
    by_gateway = [each for each in story.kept[before:] if each.high_water_mark is None]
    assert any(each.fills for each in by_gateway)
    assert not any(each.must_last for each in by_gateway)
    assert all(each.must_last for each in story.kept if each.high_water_mark is not None)


@pytest.mark.parametrize("kind", OutcomeKind)
def test_an_outcome_without_an_order_must_last(kind: OutcomeKind) -> None:
    story = Story()
    story.connect()
    story.post(entry())
    story.fill(Purpose.ENTRY)
    story.wait(1.5)
    (told,) = [each for each in story.notices if isinstance(each, any_to_alert.OutcomeDecided)]
    outcome = replace(told, outcome=replace(told.outcome, kind=kind))
    changes = Changes(notices=[("outcome m1.1", outcome)])
    assert changes.must_last is (kind is not OutcomeKind.TRADED)


def test_where_a_stop_followed_to_and_the_end_of_the_day_must_last() -> None:
    assert Changes(stop_followed=True).must_last
    assert Changes(over_on=date(2026, 3, 18)).must_last
    assert Changes(paused=False).must_last
    assert not Changes().must_last
