from __future__ import annotations

from collections import Counter

import pytest

from autoscalper.simulator.faults import Action
from autoscalper.simulator.quote_desk import Feed
from tests.chaos.disturbances import (
    BadQuotes,
    CloseAll,
    Exchange,
    Fault,
    Kill,
    KillAtLabel,
    LinkDown,
    NotAccepting,
    Pause,
    Planned,
    Restart,
)
from tests.chaos.storm import LABELS, TELLING, storm


def of_kind(planned: tuple[Planned, ...], kind: type) -> list[Planned]:
    return [each for each in planned if isinstance(each.what, kind)]


@pytest.mark.parametrize("seed", range(1, 21))
def test_no_seed_leaves_out_a_label_or_anything_else_that_there_is_room_for(seed: int) -> None:
    planned = storm(seed, 150, 150)
    labels = Counter(each.what.label for each in planned if isinstance(each.what, KillAtLabel))
    assert set(labels) == set(LABELS)
    assert all(labels[label] >= 3 for label in TELLING)
    assert len(of_kind(planned, Kill)) + labels.total() == 150
    for kind in (Restart, LinkDown, NotAccepting, BadQuotes, Exchange, Pause, CloseAll):
        assert of_kind(planned, kind)


def test_every_fault_of_the_simulator_is_in_every_storm() -> None:
    for seed in range(1, 6):
        faults = [each.what for each in storm(seed, 150, 150) if isinstance(each.what, Fault)]
        assert {fault.action for fault in faults} == {action.value for action in Action}


def test_storms_know_everything_that_can_be_wrong_with_quotes_and_logins() -> None:
    all_of_them = [each.what for seed in range(40) for each in storm(seed, 150, 150)]
    feeds = {what.feed for what in all_of_them if isinstance(what, BadQuotes)}
    assert feeds == {feed.value for feed in Feed} - {Feed.LIVE.value}
    manners = {what.manner for what in all_of_them if isinstance(what, NotAccepting)}
    assert manners == {"closed", "eof", "silent", "linger_seconds", "disclaimer_seconds"}
    orders = {what.orders for what in all_of_them if isinstance(what, LinkDown)}
    assert orders == {"queue", "vanish", "fork"}
