from collections.abc import Iterator
from pathlib import Path

import pytest

from autoscalper.alert import outbox
from autoscalper.alert.news import News
from autoscalper.alert.outbox import Card, Outbox
from autoscalper.alert.stories import Story, fold
from autoscalper.domain.identity import CommandId
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.domain.settings import AlertSettings, Loudness, NoticeKind, TradingMode
from autoscalper.links import any_to_alert
from autoscalper.links.alert_to_broker import answer_to
from autoscalper.links.any_to_alert import (
    CommandAnswered,
    CommandState,
    GatewayChanged,
    Level,
    Reported,
)
from autoscalper.runtime.store import Store
from tests.fakes.posts import NINE_FORTY_FIVE, an_outcome
from tests.unit.alert import examples


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "alert.db", durable=False, schema=outbox.SCHEMA)
    yield store
    store.close()


def told(store: Store, *notices: any_to_alert.Message, **kinds: str) -> list[Card]:
    """Tell of notices, one after the other, and return every card that was due on the way."""
    box = Outbox(store)
    news = News(box, AlertSettings(telegram_notices=kinds))
    story = Story(trade_id=examples.TRADE)
    shown = []
    for number, notice in enumerate(notices, 1):
        if isinstance(notice, any_to_alert.TradeChanged | any_to_alert.OrderFilled) or (
            isinstance(notice, any_to_alert.OutcomeDecided | any_to_alert.TradeClosed)
            and notice.trade_id is not None
        ):
            story = fold(story, notice)
        news.tell(notice, story if story.trade else None, number)
        while (due := box.next()) is not None:
            shown.append(due.card)
            box.shown(due, 7)
    return shown


def test_a_trade_is_one_card_that_rings_once(store: Store) -> None:
    cards = told(store, *examples.whole_life())
    (row,) = store.execute("SELECT COUNT(*) FROM cards").fetchall()
    assert row == (1,)
    assert cards[0].loud
    assert "closed" in cards[-1].html


def test_whoever_wants_the_phone_to_ring_at_the_end_gets_a_line(store: Store) -> None:
    cards = told(store, *examples.whole_life(), closed="loud")
    assert [each.loud for each in cards if "closed" in each.html and "Posted" not in each.html]


@pytest.mark.parametrize(
    ("kind", "detail", "shown", "loud"),
    [
        (OutcomeKind.DENIED, "too risky", 1, False),
        (OutcomeKind.EXPIRED, "90 s old", 1, False),
        (OutcomeKind.REJECTED, "201", 1, False),
        (OutcomeKind.DUPLICATE, "the same alert again", 1, False),
        (OutcomeKind.IGNORED, "a greeting", 0, False),
    ],
)
def test_alerts_that_are_not_traded_are_told_quietly_and_chatter_is_not(
    store: Store, kind: OutcomeKind, detail: str, shown: int, loud: bool
) -> None:
    cards = told(store, an_outcome(kind, detail))
    assert [each.loud for each in cards] == [loud] * shown


def test_what_the_user_wants_loud_is_loud_and_what_not_is_not_told(store: Store) -> None:
    denied = an_outcome(OutcomeKind.DENIED, "too risky")
    assert [each.loud for each in told(store, denied, skipped="loud")] == [True]
    assert told(store, denied, skipped="off") == []
    assert told(store, *examples.whole_life(), trade="off") == []


@pytest.mark.parametrize(
    ("level", "loud", "urgent"),
    [(Level.INFO, False, False), (Level.WARNING, False, False), (Level.CRITICAL, True, True)],
)
def test_only_what_is_critical_rings_and_goes_first(
    store: Store, level: Level, loud: bool, urgent: bool
) -> None:
    (card,) = told(store, Reported(level=level, text="x", reported_at=NINE_FORTY_FIVE))
    assert (card.loud, card.urgent) == (loud, urgent)


def test_the_gateways_changes_are_left_to_the_watch(store: Store) -> None:
    assert told(store, GatewayChanged(state="down", reason="", changed_at=NINE_FORTY_FIVE)) == []


def test_answers_to_a_command_are_one_card(store: Store) -> None:
    answers = [
        CommandAnswered(
            command_id=CommandId("button x"), state=state, lines=(), answered_at=NINE_FORTY_FIVE
        )
        for state in (CommandState.UNDER_WAY, CommandState.DONE)
    ]
    cards = told(store, *answers)
    assert ["Under way" in cards[0].html, "Done" in cards[1].html] == [True, True]
    assert store.execute("SELECT slot FROM cards").fetchall() == [("command button x",)]


def test_a_fill_before_anything_is_known_of_its_trade_waits_for_it(store: Store) -> None:
    fill = examples.fill(1, 1, "1.22", seconds=1)
    box = Outbox(store)
    News(box, AlertSettings()).tell(fill, fold(Story(trade_id=examples.TRADE), fill), 0)
    assert box.next() is None


def test_every_kind_has_a_loudness() -> None:
    for kind in NoticeKind:
        assert AlertSettings().loudness_of(kind) in Loudness


def test_what_came_of_a_question_takes_its_place_without_its_buttons(store: Store) -> None:
    asked = examples.question()
    end = CommandAnswered(
        command_id=answer_to(asked.question_id),
        state=CommandState.DONE,
        lines=("no answer: traded: closing 2",),
        answered_at=NINE_FORTY_FIVE,
    )
    question, ended = told(store, asked, end)
    (row,) = store.execute("SELECT COUNT(*) FROM cards").fetchall()
    assert row == (1,)
    assert question.buttons and not ended.buttons
    assert "no answer: traded: closing 2" in ended.html


def test_an_answer_on_paper_stands_apart_is_marked_and_never_goes_first(store: Store) -> None:
    def answered(*, is_paper: bool) -> CommandAnswered:
        return CommandAnswered(
            command_id=CommandId("message 7.1"),
            state=CommandState.DONE,
            lines=("Entries are taken again.",),
            answered_at=NINE_FORTY_FIVE,
            is_paper=is_paper,
        )

    box = Outbox(store)
    news = News(box, AlertSettings(dry_run=False, trading_mode=TradingMode.LIVE))
    shown = []
    with store.transaction():
        news.tell(answered(is_paper=True), None, 0)
        news.tell(answered(is_paper=False), None, 0)
        while (due := box.next()) is not None:
            shown.append((due.slot, "PAPER" in due.card.html))
            box.shown(due, 1)
    assert shown == [("command message 7.1", False), ("paper command message 7.1", True)]
