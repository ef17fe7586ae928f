"""Two brokers, one log: what each does with the posts of the other."""

from __future__ import annotations

from decimal import Decimal

import pytest

from autoscalper.domain.instruction import (
    AddToTrade,
    CancelEntry,
    CloseTrade,
    Instruction,
    MoveStop,
    NoteRisk,
    RiskLevel,
    SetTargets,
    StopAt,
    Targets,
    TrimTrade,
)
from autoscalper.domain.order import Purpose
from tests.unit.broker.story import CALL, PUT, Story, entry, named, opened


def marked_later() -> Story:
    """Return a story with a real trade open whose channel is on paper from here on."""
    story = opened()
    story.posts_on_paper = True
    story.notices.clear()
    story.outcomes.clear()
    return story


@pytest.mark.parametrize("is_paper", [False, True])
def test_an_entry_is_answered_by_the_broker_that_it_is_for_and_by_no_other(is_paper: bool) -> None:
    for own in (False, True):
        story = Story(is_paper=own)
        story.connect()
        story.posts_on_paper = is_paper
        story.quote("0.38", "0.40")
        post_id = story.post(entry())
        story.wait(1.5)
        assert bool(story.book.trades) is (own is is_paper)
        if story.book.trades:
            story.fill(Purpose.ENTRY)
        assert (post_id in story.outcomes) is (own is is_paper)


def test_all_that_is_told_on_paper_is_marked() -> None:
    story = Story(is_paper=True)
    story.connect()
    story.post(entry())
    story.wait(1.5)
    story.fill(Purpose.ENTRY)
    assert len(story.notices) > 4
    assert all(notice.is_paper for notice in story.notices)
    assert not any(notice.is_paper for notice in opened().notices)


def test_an_exit_reaches_the_trade_from_before_the_mark_and_gets_no_outcome_here() -> None:
    story = marked_later()
    story.exit()
    story.wait(8)
    assert story.outcomes == {}
    assert story.trade.hold == 0
    assert story.reports() == ["room is on paper now, its trade from before is real: closing 2"]


def test_a_channel_that_is_taken_off_paper_is_told_as_that() -> None:
    story = Story(is_paper=True)
    story.connect()
    story.post(entry())
    story.wait(1.5)
    story.fill(Purpose.ENTRY)
    story.notices.clear()
    story.posts_on_paper = False
    story.exit()
    (said,) = story.reports()
    assert said == "room is not on paper now, its trade from before is on paper: closing 2"


@pytest.mark.parametrize(
    ("said", "done"),
    [
        (TrimTrade(quantity=1), "selling 1 of 2"),
        (MoveStop(stop=StopAt(price=Decimal("0.35"))), "stop"),
        (SetTargets(targets=Targets(prices=(Decimal("0.60"),))), "target"),
    ],
)
def test_what_protects_the_trade_from_before_is_carried_out(said: Instruction, done: str) -> None:
    story = marked_later()
    story.post(said)
    (told,) = story.reports()
    assert done in told
    assert story.outcomes == {}


def test_nothing_is_added_or_opened_for_a_post_of_the_other_broker() -> None:
    story = marked_later()
    before = dict(story.book.orders)
    story.post(AddToTrade(contract=named(CALL), price=Decimal("0.38")))
    story.post(entry(PUT))
    story.post(NoteRisk(risk_level=RiskLevel.HIGH))
    story.wait(2)
    assert story.book.orders.keys() == before.keys()
    assert (story.outcomes, story.reports()) == ({}, [])


def test_what_means_nothing_here_is_not_told() -> None:
    story = marked_later()
    story.post(TrimTrade(contract=named(PUT)))
    story.post(CancelEntry(contract=named(PUT)))
    assert story.reports() == []


def test_a_choice_between_several_is_left_alone_and_an_exit_means_them_all() -> None:
    story = opened()
    story.post(entry(PUT))
    story.wait(1.5)
    story.fill(Purpose.ENTRY)
    story.posts_on_paper = True
    moved = {each.trade_id: each.stop_price for each in story.book.open_trades()}
    both = named(CALL)
    story.post(MoveStop(contract=type(both)(), stop=StopAt(price=Decimal("0.35"))))
    assert len(moved) == 2
    story.post(CloseTrade(contract=named(PUT)))
    assert [each.contract for each in story.book.open_trades() if each.hold == 0] == [PUT]


@pytest.mark.parametrize("is_deleted", [False, True])
def test_an_edit_or_a_deletion_reaches_what_is_here_from_before(is_deleted: bool) -> None:
    story = Story()
    story.connect()
    post_id = story.post(entry())
    story.wait(1.5)
    story.posts_on_paper = True
    revised = entry(stop=StopAt(price=Decimal("0.36")))
    changed = story.delete(post_id) if is_deleted else story.edit(post_id, revised)
    assert changed not in story.outcomes
    (told,) = story.reports()
    assert told.endswith("canceling the unfilled entry" if is_deleted else "stop to 0.36")


def test_a_post_that_was_the_other_brokers_never_comes_back_as_our_own() -> None:
    story = Story()
    story.connect()
    story.posts_on_paper = True
    left = story.post(CloseTrade(contract=named(CALL)), message_id="old")
    story.posts_on_paper = False
    story.post(entry())
    story.wait(1.5)
    story.fill(Purpose.ENTRY)
    # A log that is read from its start again offers it once more.
    assert story.post(CloseTrade(contract=named(CALL)), message_id="old") == left
    story.wait(2)
    assert story.trade.hold == 2
