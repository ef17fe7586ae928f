"""Follow-ups that leave a choice: the user is asked, once, and has twenty seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from autoscalper.broker import journal
from autoscalper.broker.book import Book
from autoscalper.broker.events import CommandArrived
from autoscalper.broker.journal import Journal
from autoscalper.domain.contract import ContractTerms
from autoscalper.domain.identity import PostId
from autoscalper.domain.instruction import (
    AddToTrade,
    CancelEntry,
    CloseTrade,
    Instruction,
    MoveStop,
    NotePlan,
    SetTargets,
    StopAt,
    StopAtBreakEven,
    Targets,
    TrimTrade,
)
from autoscalper.domain.order import Purpose
from autoscalper.links import any_to_alert
from autoscalper.links.alert_to_broker import ChooseTrade, answer_to
from autoscalper.links.any_to_alert import CommandAnswered, CommandState, QuestionAsked
from autoscalper.runtime.log import Log
from autoscalper.runtime.store import Store
from tests.fakes.posts import FixedClock
from tests.unit.broker.story import CALL, SETTINGS, Story, entry

#: In the same underlying as the call, so that its name alone leaves a choice.
LATER = replace(CALL, expiry=date(2026, 11, 27))
IWM = ContractTerms(underlying="IWM")
EXITS: list[Instruction] = [CloseTrade(contract=IWM), CancelEntry(contract=IWM)]
OTHERS: list[Instruction] = [
    TrimTrade(contract=IWM),
    MoveStop(contract=IWM, stop=StopAtBreakEven()),
    SetTargets(contract=IWM, targets=Targets(prices=(Decimal("0.90"),))),
    AddToTrade(contract=IWM, price=Decimal("0.40")),
]


def two_trades(keep: Callable[[Book], None] = lambda book: None) -> Story:
    story = Story(replace(SETTINGS, max_contracts=4, initial_contracts=2))
    story.keep = keep
    story.connect()
    for contract in (CALL, LATER):
        story.post(entry(contract))
        story.wait(1.5)
        story.fill(Purpose.ENTRY)
    story.wait(1.5)
    return story


def asked(story: Story) -> QuestionAsked:
    return [each for each in story.notices if isinstance(each, QuestionAsked)][-1]


def answer(story: Story, number: int | None = None, *, is_all: bool = False) -> CommandAnswered:
    """Press the button of the ``number``-th choice, of all, or of none; return what is said."""
    question = asked(story)
    chosen = None if number is None else question.choices[number].trade_id
    command = ChooseTrade(
        command_id=answer_to(question.question_id),
        given_at=story.now,
        question_id=question.question_id,
        trade_id=chosen,
        is_all=is_all,
    )
    story.hear(CommandArrived(command=command))
    story.settle()
    return [each for each in story.notices if isinstance(each, CommandAnswered)][-1]


def closing(story: Story) -> list[date]:
    return [each.contract.expiry for each in story.book.open_trades() if each.hold == 0]


@pytest.mark.parametrize("follow_up", [*EXITS, *OTHERS], ids=lambda each: type(each).__name__)
def test_what_may_mean_two_trades_is_asked_and_nothing_is_done_meanwhile(
    follow_up: Instruction,
) -> None:
    story = two_trades()
    before = story.live()
    post_id = story.post(follow_up)
    story.wait(19)
    assert post_id not in story.outcomes
    assert story.live() == before
    question = asked(story)
    assert [(each.contract, each.held_qty) for each in question.choices] == [(CALL, 2), (LATER, 2)]
    assert question.can_be_all == (follow_up in EXITS)


@pytest.mark.parametrize("follow_up", EXITS, ids=lambda each: type(each).__name__)
def test_an_exit_that_nobody_explains_closes_all_that_it_may_mean(follow_up: Instruction) -> None:
    story = two_trades()
    post_id = story.post(follow_up)
    story.wait(20)
    said = "traded: closing 2 of IWM 241C 2026-11-20; closing 2 of IWM 241C 2026-11-27"
    assert str(story.outcomes[post_id]) == said
    assert closing(story) == [CALL.expiry, LATER.expiry]
    end = [each for each in story.notices if isinstance(each, CommandAnswered)][-1]
    assert (end.state, end.lines) == (CommandState.DONE, (f"no answer: {said}",))


@pytest.mark.parametrize("follow_up", OTHERS, ids=lambda each: type(each).__name__)
def test_anything_else_that_nobody_explains_is_dropped(follow_up: Instruction) -> None:
    story = two_trades()
    before = story.live()
    post_id = story.post(follow_up)
    story.wait(25)
    assert str(story.outcomes[post_id]) == (
        "asked: which of IWM 241C 2026-11-20, IWM 241C 2026-11-27; no answer within 20 s, dropped"
    )
    assert (story.live(), closing(story)) == (before, [])


@pytest.mark.parametrize("number", [0, 1])
def test_the_answer_says_which_trade_is_closed(number: int) -> None:
    story = two_trades()
    post_id = story.post(EXITS[0])
    said = answer(story, number)
    assert closing(story) == [(CALL, LATER)[number].expiry]
    assert str(story.outcomes[post_id]) == "traded: closing 2"
    assert (said.state, said.lines) == (CommandState.DONE, ("traded: closing 2",))
    story.wait(30)
    assert len(closing(story)) == 1


def test_all_and_none_are_answers_too() -> None:
    story = two_trades()
    post_id = story.post(EXITS[0])
    answer(story)
    assert str(story.outcomes[post_id]) == "ignored: asked, and it means none of them"
    assert closing(story) == []
    story.post(EXITS[0])
    answer(story, is_all=True)
    assert closing(story) == [CALL.expiry, LATER.expiry]


def test_the_answer_says_which_trade_gets_the_add() -> None:
    story = two_trades()
    post_id = story.post(OTHERS[-1])
    answer(story, 1)
    story.wait(1.5)
    assert story.order(Purpose.ADD).contract == LATER
    story.fill(Purpose.ADD)
    story.wait(1.5)
    assert str(story.outcomes[post_id]).startswith("traded: bought 2 at 0.40")


def test_only_an_exit_can_mean_all() -> None:
    story = two_trades()
    post_id = story.post(OTHERS[0])
    answer(story, is_all=True)
    assert str(story.outcomes[post_id]) == "ignored: asked, and it means none of them"


def test_an_answer_comes_too_late_when_the_question_is_over() -> None:
    story = two_trades()
    post_id = story.post(OTHERS[0])
    story.wait(20)
    said = answer(story, 0)
    assert (said.state, said.lines) == (CommandState.REFUSED, ("That question is over.",))
    assert str(story.outcomes[post_id]).startswith("asked: ")


def test_a_trade_that_closed_meanwhile_is_left_alone() -> None:
    story = two_trades()
    post_id = story.post(EXITS[0])
    story.fill(Purpose.STOP_LOSS, price="0.33", number=0)
    story.wait(20)
    assert str(story.outcomes[post_id]) == "traded: closing 2"
    assert closing(story) == [LATER.expiry]


@dataclass
class Unclear:
    """What leaves a choice, or seems to."""

    post: Callable[[Story], PostId]
    closed: list[date]


CLEAR = {
    "a reply": Unclear(
        lambda story: story.post(EXITS[0], reply_to=story.book.open_trades()[0].messages[0]),
        [CALL.expiry],
    ),
    "an expiry": Unclear(
        lambda story: story.post(CloseTrade(contract=replace(IWM, expiry=LATER.expiry))),
        [LATER.expiry],
    ),
    "nothing but the author": Unclear(lambda story: story.exit(), [LATER.expiry]),
}


@pytest.mark.parametrize("how", CLEAR)
def test_a_reply_a_full_name_and_the_latest_trade_leave_no_choice(how: str) -> None:
    story = two_trades()
    post_id = CLEAR[how].post(story)
    assert str(story.outcomes[post_id]) == "traded: closing 2"
    assert closing(story) == CLEAR[how].closed


def test_a_plan_is_never_asked_about() -> None:
    story = two_trades()
    post_id = story.post(NotePlan(contract=IWM))
    assert str(story.outcomes[post_id]) == "ignored: noted, nothing to trade"


def test_an_entry_after_an_exit_that_is_asked_about_is_not_taken_for_an_older_one() -> None:
    story = two_trades()
    story.post(EXITS[0])
    story.wait(5)
    post_id = story.post(entry(replace(CALL, strike=Decimal(244)), "0.42"))
    story.wait(20)
    assert closing(story) == [CALL.expiry, LATER.expiry]
    assert post_id not in story.outcomes
    assert story.order(Purpose.ENTRY).is_live


def test_the_newest_text_of_a_post_that_is_asked_about_counts() -> None:
    story = two_trades()
    post_id = story.post(EXITS[0])
    edited = story.edit(post_id, CloseTrade(contract=replace(IWM, expiry=CALL.expiry)))
    assert str(story.outcomes[post_id]) == "traded: closing 2"
    assert str(story.outcomes[edited]) == "traded: the newest text is what counts"
    assert closing(story) == [CALL.expiry]


def test_an_edit_that_still_leaves_a_choice_keeps_the_question_and_its_end() -> None:
    story = two_trades()
    post_id = story.post(MoveStop(contract=IWM, stop=StopAt(price=Decimal("0.36"))))
    story.wait(10)
    story.edit(post_id, MoveStop(contract=IWM, stop=StopAt(price=Decimal("0.38"))))
    assert asked(story).ends_at - story.now == timedelta(seconds=10)
    answer(story, 1)
    assert [each.stop_price for each in story.book.open_trades()] == [
        Decimal("0.33"),
        Decimal("0.38"),
    ]


def test_an_edit_to_something_else_and_a_deletion_call_the_question_off() -> None:
    story = two_trades()
    first, second = story.post(EXITS[0]), story.post(OTHERS[0])
    edited, deleted = story.edit(first, None), story.delete(second)
    story.wait(30)
    assert str(story.outcomes[first]) == "denied: the post was edited"
    assert str(story.outcomes[second]) == "denied: the post was deleted"
    for change in (edited, deleted):
        assert str(story.outcomes[change]) == "ignored: the question about it was called off"
    assert closing(story) == []


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "broker.db", durable=False, schema=journal.SCHEMA)
    yield store
    store.close()


def test_a_question_and_its_end_survive_a_restart(store: Store) -> None:
    memory = Journal(store, Log(store, any_to_alert.FROM_BROKER, FixedClock()))

    def keep(book: Book) -> None:
        with store.transaction():
            memory.keep(book.changes)

    def restarted() -> Book:
        book = Book(story.book.settings)
        memory.load(book, story.now)
        return book

    story = two_trades(keep)
    post_id = story.post(EXITS[0])
    asked_before = story.book.questions
    story.lose()
    story.book = restarted()
    assert story.book.questions == asked_before
    story.connect()
    story.wait(20)
    assert str(story.outcomes[post_id]).startswith("traded: closing 2 of IWM")
    assert restarted().questions == {}


def test_an_exit_that_is_edited_into_another_way_out_still_gets_out() -> None:
    story = two_trades()
    post_id = story.post(CloseTrade(contract=IWM))
    story.edit(post_id, CancelEntry(contract=IWM))
    story.wait(30)
    assert len(closing(story)) == 2
