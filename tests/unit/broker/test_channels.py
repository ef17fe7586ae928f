"""What a channel's profile forbids, as stories."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from autoscalper.domain.instruction import AddToTrade
from autoscalper.domain.order import Purpose
from autoscalper.domain.profiles import Profile, Profiles
from autoscalper.domain.settings import BrokerSettings, TradingMode
from tests.unit.broker.story import CALL, SETTINGS, Story, entry, named, opened

REAL = replace(SETTINGS, dry_run=False, trading_mode=TradingMode.LIVE)
ON_PAPER = replace(SETTINGS, dry_run=False, trading_mode=TradingMode.PAPER)


def in_room(profile: Profile, settings: BrokerSettings = SETTINGS) -> Story:
    story = Story(settings, profiles=Profiles(by_channel={"room": profile}))
    story.connect()
    return story


def test_in_a_channel_that_is_off_nothing_is_opened() -> None:
    story = in_room(Profile(off=True))
    post_id = story.post(entry())
    assert str(story.outcomes[post_id]) == "denied: channel: it is switched off"


def test_what_was_opened_before_a_channel_was_switched_off_is_followed_to_its_end() -> None:
    story = opened()
    story.book.profiles = Profiles(by_channel={"room": Profile(off=True)})
    added = story.post(AddToTrade(contract=named(CALL), price=Decimal("0.40")))
    assert str(story.outcomes[added]) == "denied: channel: it is switched off"
    assert str(story.outcomes[story.trim()]) == "traded: selling 1 of 2"
    assert str(story.outcomes[story.exit()]) == "traded: closing 2"


def test_of_a_channel_on_paper_nothing_is_bought_with_real_money() -> None:
    story = in_room(Profile(paper=True), REAL)
    post_id = story.post(entry())
    assert str(story.outcomes[post_id]) == (
        "denied: channel: it is on paper here: restart AutoScalper"
    )


@pytest.mark.parametrize("settings", [SETTINGS, ON_PAPER, replace(REAL, dry_run=True)])
def test_where_no_money_is_real_a_channel_on_paper_is_as_any_other(
    settings: BrokerSettings,
) -> None:
    story = in_room(Profile(paper=True), settings)
    story.post(entry())
    story.wait(1.5)
    assert story.order(Purpose.ENTRY).terms.order_qty == 2


def test_another_channel_is_held_by_the_environment_alone() -> None:
    narrow = Profile(limits={"max_contracts": 1})
    story = Story(profiles=Profiles(by_channel={"another room": narrow}))
    story.connect()
    story.post(entry())
    story.wait(1.5)
    assert story.order(Purpose.ENTRY).terms.order_qty == 2
