"""What must be kept, and when there is nothing of it."""

from __future__ import annotations

from datetime import UTC, datetime

from autoscalper.broker.records import Changes
from autoscalper.domain.identity import IbOrderId, PostId


def test_changes_are_empty_until_something_is_noted() -> None:
    assert Changes().is_empty
    assert not Changes(paused=False).is_empty
    assert not Changes(high_water_mark=IbOrderId(1)).is_empty
    assert not Changes(heard={PostId("m1.1"): datetime(2026, 3, 18, tzinfo=UTC)}).is_empty


def test_two_sets_of_changes_share_nothing() -> None:
    one, other = Changes(), Changes()
    one.heard[PostId("m1.1")] = datetime(2026, 3, 18, tzinfo=UTC)
    assert other.is_empty
