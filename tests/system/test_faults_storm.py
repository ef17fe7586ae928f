"""A small storm, with every fault that there is: nothing doubled, lost, oversold or left naked."""

from __future__ import annotations

from tests.chaos.chat import a_chat
from tests.chaos.floor import a_stack
from tests.chaos.play import Play
from tests.chaos.storm import storm
from tests.chaos.story import story
from tests.chaos.trader import Trader
from tests.chaos.weather import Weather

SIGNALS, KILLS, SECONDS = 50, 20, 25.0


def test_a_storm_leaves_every_alert_its_outcome_and_every_position_its_stop() -> None:
    with a_chat() as chat, a_stack(chat.settings) as stack:
        day = Trader(11, SIGNALS, SECONDS).day()
        planned = storm(11, KILLS, SECONDS)
        weather = Weather(stack, planned, last_alert_at=day.alerts[-1].arrives_at, chat=chat)
        played = Play(stack, day, weather, chat).run()
        findings = played.verdict.findings
        assert not findings, "\n".join(story(stack, played.evidence, each) for each in findings)
        assert played.figures["signals"] == played.figures["outcomes"] == SIGNALS
        assert played.figures["kills"] == KILLS
