from __future__ import annotations

from datetime import date

import pytest

from autoscalper.domain.instruction import AddToTrade, CloseTrade, MoveStop, OpenTrade, TrimTrade
from autoscalper.domain.reading import Ignored, Instructed
from autoscalper.parser import grammar
from tests.chaos.stack import MORNING
from tests.chaos.storm import storm
from tests.chaos.trader import EXPIRY, Kind, Trader

MEANT = {
    Kind.ENTRY: OpenTrade,
    Kind.REPOST: OpenTrade,
    Kind.EDIT: OpenTrade,
    Kind.ADD: AddToTrade,
    Kind.TRIM: TrimTrade,
    Kind.STOP: MoveStop,
    Kind.EXIT: CloseTrade,
}


def test_the_same_seed_writes_the_same_day_and_storm() -> None:
    assert Trader(7, 100, 50).day() == Trader(7, 100, 50).day()
    assert Trader(7, 100, 50).day() != Trader(8, 100, 50).day()
    assert storm(7, 50, 50) == storm(7, 50, 50)
    assert storm(7, 50, 50) != storm(8, 50, 50)


def test_a_day_has_as_many_alerts_as_asked_for_and_some_of_every_kind() -> None:
    alerts = Trader(1, 400, 100).day().alerts
    assert sum(alert.kind is not Kind.SAME_LINE for alert in alerts) == 400
    assert {alert.kind for alert in alerts} == set(Kind)


@pytest.mark.parametrize("kind", MEANT)
def test_the_alerts_say_what_they_mean(kind: Kind) -> None:
    for alert in Trader(1, 400, 100).day().alerts:
        if alert.kind is kind:
            reading = grammar.read(alert.text, posted_on=MORNING.date())
            assert isinstance(reading, Instructed), alert.text
            assert type(reading.instruction).__name__ == MEANT[kind].__name__, alert.text
            terms = reading.instruction.contract
            assert str(terms.strike) in str(alert.contract)
            assert terms.expiry in (None, date.fromisoformat(EXPIRY))


def test_chatter_says_nothing() -> None:
    for alert in Trader(1, 400, 100).day().alerts:
        if alert.kind is Kind.CHATTER:
            reading = grammar.read(alert.text, posted_on=MORNING.date())
            assert isinstance(reading, Ignored), alert.text
