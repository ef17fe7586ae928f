from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from autoscalper.broker import journal, operator
from autoscalper.broker.book import Book
from autoscalper.broker.events import CommandArrived
from autoscalper.broker.journal import Journal
from autoscalper.domain.identity import CommandId, PostId
from autoscalper.domain.instruction import CloseTrade
from autoscalper.domain.order import Purpose
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.links import alert_to_broker, any_to_alert
from autoscalper.links.alert_to_broker import (
    CloseTrades,
    PauseEntries,
    ResumeEntries,
    Scope,
    TakeEntry,
)
from autoscalper.links.any_to_alert import CommandAnswered, CommandState
from autoscalper.runtime.log import Log
from autoscalper.runtime.store import Store
from tests.fakes.posts import FixedClock
from tests.unit.broker.story import CALL, PUT, SETTINGS, Story, entry, opened


def command_id(number: int) -> CommandId:
    return CommandId(f"message 880001.{number}")


def give(story: Story, command: alert_to_broker.Message) -> None:
    story.hear(CommandArrived(command=command))
    if story.is_connected:
        story.settle()


def close(story: Story, number: int = 1, scope: Scope = Scope.OURS, *, age: float = 0) -> None:
    given_at = story.now - timedelta(seconds=age)
    give(story, CloseTrades(command_id=command_id(number), given_at=given_at, scope=scope))


def pause(story: Story, number: int = 1) -> None:
    give(story, PauseEntries(command_id=command_id(number), given_at=story.now))


def resume(story: Story, number: int = 2) -> None:
    give(story, ResumeEntries(command_id=command_id(number), given_at=story.now))


def answers(story: Story) -> list[tuple[CommandState, tuple[str, ...]]]:
    return [(each.state, each.lines) for each in story.notices if isinstance(each, CommandAnswered)]


def states(story: Story) -> list[CommandState]:
    return [state for state, _ in answers(story)]


def missed_alert() -> tuple[Story, PostId]:
    """Return a story in which an alert expired while the gateway was away, and its id."""
    story = Story()
    story.connect()
    story.lose()
    post_id = story.post(entry())
    story.wait(120, step=10)
    story.connect()
    assert story.outcomes[post_id].kind is OutcomeKind.EXPIRED
    return story, post_id


def take_late(story: Story, post_id: PostId, number: int = 1) -> None:
    give(story, TakeEntry(command_id=command_id(number), given_at=story.now, post_id=post_id))


class Memory:
    """A journal of its own file, and what keeps a story's book in it."""

    def __init__(self, store: Store) -> None:
        self.journal = Journal(store, Log(store, any_to_alert.FROM_BROKER, FixedClock()))
        self._store = store

    def keep(self, book: Book) -> None:
        with self._store.transaction():
            self.journal.keep(book.changes)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    store = Store(tmp_path / "broker.db", durable=True, schema=journal.SCHEMA)
    yield Memory(store)
    store.close()


def test_while_paused_no_entry_is_ordered_and_the_user_reads_why() -> None:
    story = Story()
    story.connect()
    pause(story)
    post_id = story.post(entry())
    assert str(story.outcomes[post_id]) == "denied: new entries are paused by the operator"
    assert story.live() == {}


def test_a_pause_lets_exits_through() -> None:
    story = opened()
    pause(story)
    story.exit()
    story.fill(Purpose.EXIT)
    assert story.held == 0


def test_after_a_resume_entries_are_ordered_again() -> None:
    story = Story()
    story.connect()
    pause(story)
    resume(story)
    story.post(entry())
    assert "E0" in story.live()


def test_a_pause_tells_of_an_entry_that_is_out_already() -> None:
    story = Story()
    story.connect()
    story.post(entry())
    pause(story)
    ((_, lines),) = answers(story)
    assert lines[1] == "Ordered before and possibly filling yet: 1."


def test_a_pause_and_a_closing_survive_a_restart(memory: Memory) -> None:
    story = Story()
    story.keep = memory.keep
    story.connect()
    story.post(entry())
    story.fill(Purpose.ENTRY)
    pause(story, 1)
    close(story, 2)
    restarted = Story(SETTINGS, story.gateway)
    memory.journal.load(restarted.book, story.now)
    restarted.now = story.now + timedelta(seconds=2)
    restarted.connect()
    restarted.fill(Purpose.EXIT)
    assert restarted.book.paused
    assert answers(restarted)[-1][0] is CommandState.DONE
    assert "flat, 2 bought at 0.40, sold at 0.40, +$0.00" in answers(restarted)[-1][1][0]


def test_closing_everything_sells_what_is_held_and_reports_each_position() -> None:
    story = opened()
    close(story)
    assert answers(story)[-1] == (CommandState.UNDER_WAY, (f"{CALL}: selling 2",))
    story.fill(Purpose.EXIT, price="0.50")
    state, lines = answers(story)[-1]
    assert state is CommandState.DONE
    assert lines == (f"{CALL}: flat, 2 bought at 0.40, sold at 0.50, +$20.00",)
    assert story.held == 0


def test_closing_everything_calls_off_what_is_not_filled_and_what_waits() -> None:
    story = Story()
    story.connect()
    story.post(entry())
    story.flows = False
    waiting = story.post(entry(PUT))
    close(story)
    story.flows = True
    story.wait(3)
    assert str(story.outcomes[waiting]) == "denied: the operator closed everything"
    assert story.live() == {}
    assert answers(story)[-1] == (
        CommandState.DONE,
        (f"{CALL}: entry called off, nothing was bought",),
    )


def test_closing_twice_in_a_row_sells_once() -> None:
    story = opened()
    close(story, 1)
    close(story, 2)
    story.fill(Purpose.EXIT)
    story.wait(10)
    assert story.held == 0
    assert [each for each in story.live() if each.startswith("X")] == []
    last = {each.command_id: each for each in story.notices if isinstance(each, CommandAnswered)}
    assert [each.state for each in last.values()] == [CommandState.DONE, CommandState.DONE]


def test_the_same_command_twice_is_one() -> None:
    story = opened()
    close(story, 1)
    before = len(answers(story))
    close(story, 1)
    assert len(answers(story)) == before


def test_closing_while_the_gateway_is_away_is_kept_and_says_so() -> None:
    story = opened()
    story.lose()
    close(story)
    assert answers(story)[-1] == (
        CommandState.UNDER_WAY,
        (f"{CALL}: selling 2 as soon as the gateway is back",),
    )
    story.wait(300, step=10)
    story.connect()
    story.wait(3)
    story.fill(Purpose.EXIT)
    assert story.held == 0
    assert states(story)[-1] is CommandState.DONE


def test_closing_with_nothing_open_is_done_at_once() -> None:
    story = Story()
    story.connect()
    close(story)
    assert answers(story) == [(CommandState.DONE, ("Nothing is open.",))]


def test_closing_the_account_closes_what_autoscalper_opened_as_well() -> None:
    story = opened()
    close(story, scope=Scope.ACCOUNT)
    story.fill(Purpose.EXIT, price="0.50")
    story.wait(3)
    expected = (f"{CALL}: flat, 2 bought at 0.40, sold at 0.50, +$20.00",)
    assert answers(story)[-1] == (CommandState.DONE, expected)


def test_closing_an_empty_account_says_that_there_is_nothing() -> None:
    story = Story()
    story.connect()
    close(story, scope=Scope.ACCOUNT)
    assert answers(story)[-1] == (CommandState.DONE, ("Nothing is open.",))


def test_an_alert_that_came_too_late_can_be_taken_once_after_a_restart(memory: Memory) -> None:
    def restarted() -> Story:
        again = Story(SETTINGS, story.gateway)
        memory.journal.load(again.book, story.now)
        again.keep = memory.keep
        again.now = story.now
        again.connect()
        return again

    story = Story()
    story.keep = memory.keep
    story.connect()
    story.lose()
    post_id = story.post(entry())
    story.wait(120, step=10)
    again = restarted()
    take_late(again, post_id)
    again.wait(2)
    assert "E0" in again.live()
    once_more = restarted()
    take_late(once_more, post_id, 2)
    refusal = (CommandState.REFUSED, ("That alert cannot be taken any more.",))
    assert answers(once_more)[-1] == refusal


def test_an_offer_that_expired_is_forgotten_on_disk_too(memory: Memory) -> None:
    def remembered() -> list[PostId]:
        book = Book(SETTINGS)
        memory.journal.load(book, story.now)
        return list(book.missed)

    story = Story()
    story.keep = memory.keep
    story.connect()
    story.lose()
    post_id = story.post(entry())
    story.wait(120, step=10)
    assert remembered() == [post_id]
    story.wait(operator.TAKEN_WITHIN.total_seconds(), step=60)
    assert remembered() == []


@pytest.mark.parametrize(("age", "obeyed"), [(60, True), (61, False)])
def test_a_command_older_than_a_minute_is_refused_with_its_age(age: float, obeyed: bool) -> None:
    story = opened()
    close(story, age=age)
    assert (story.trade.hold == 0) is obeyed
    if not obeyed:
        expected = (CommandState.REFUSED, ("/closeall is 61 s old, 60 s are allowed",))
        assert answers(story) == [expected]


def test_an_alert_that_came_too_late_can_be_taken() -> None:
    story, post_id = missed_alert()
    take_late(story, post_id)
    story.wait(2)
    story.fill(Purpose.ENTRY)
    story.wait(2)
    assert story.held == 2
    state, (line,) = answers(story)[-1]
    assert state is CommandState.DONE
    assert line.startswith("traded: bought 2 at 0.40")


def test_a_late_alert_can_be_taken_once_only() -> None:
    story, post_id = missed_alert()
    take_late(story, post_id, 1)
    take_late(story, post_id, 2)
    refusal = (CommandState.REFUSED, ("That alert cannot be taken any more.",))
    assert answers(story)[-1] == refusal
    story.wait(2)
    assert [each for each in story.live() if each.startswith("E")] == ["E0"]


def test_a_late_alert_is_held_by_the_limits() -> None:
    story, post_id = missed_alert()
    pause(story, 5)
    take_late(story, post_id)
    state, (line,) = answers(story)[-1]
    assert (state, line) == (
        CommandState.REFUSED,
        "denied: new entries are paused by the operator",
    )


def test_a_late_alert_that_is_too_long_ago_is_refused() -> None:
    story, post_id = missed_alert()
    story.now += operator.TAKEN_WITHIN
    take_late(story, post_id)
    assert answers(story) == [(CommandState.REFUSED, ("That alert cannot be taken any more.",))]


def test_a_missed_entry_whose_author_got_out_since_cannot_be_taken() -> None:
    story = Story()
    post_id = story.post(entry())
    story.wait(70)
    story.connect()
    story.post(CloseTrade())
    story.wait(5)
    take = TakeEntry(command_id=CommandId("t1"), given_at=story.now, post_id=post_id)
    story.hear(CommandArrived(command=take))
    story.settle()
    story.wait(3)
    assert story.live() == {}
    assert story.book.requests[take.command_id].lines == ("Its author got out since.",)


def test_each_broker_does_what_is_for_both_and_leaves_what_is_for_the_other() -> None:
    for is_paper in (False, True):
        story = Story(is_paper=is_paper)
        story.connect()
        pause(story)
        assert story.book.paused
        taken = TakeEntry(
            command_id=command_id(7),
            given_at=story.now,
            post_id=PostId("9.1"),
            is_paper=not is_paper,
        )
        give(story, taken)
        assert states(story) == [CommandState.DONE]


def test_the_account_that_is_closed_is_the_real_one() -> None:
    story = Story(is_paper=True)
    story.connect()
    close(story, scope=Scope.ACCOUNT)
    assert answers(story) == [(CommandState.DONE, ("Nothing is open.",))]


def test_on_paper_nothing_is_said_to_what_was_given_before_there_was_a_paper_broker() -> None:
    for is_paper in (False, True):
        story = Story(is_paper=is_paper)
        story.connect()
        close(story, 1, age=2 * 3600)
        close(story, 2, age=120)
        assert states(story) == [CommandState.REFUSED] * (1 if is_paper else 2)
