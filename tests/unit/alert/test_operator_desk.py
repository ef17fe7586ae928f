"""What comes of what people write and press, up to the log that the broker follows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from autoscalper.alert import confirmations, outbox, shelf, stories
from autoscalper.alert.cards import question_card
from autoscalper.alert.chat import Pressed, Said
from autoscalper.alert.chat_commands import Name
from autoscalper.alert.confirmations import VALID_FOR, Confirmations
from autoscalper.alert.guard import Guard
from autoscalper.alert.news import News
from autoscalper.alert.operator_desk import OperatorDesk
from autoscalper.alert.outbox import Outbox
from autoscalper.alert.replies import (
    AnswerPress,
    Ask,
    EditText,
    Reply,
    SayText,
    ShowPage,
    ShowPicture,
)
from autoscalper.alert.shelf import Shelf
from autoscalper.alert.view import View
from autoscalper.domain.identity import TradeId
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.domain.settings import AlertSettings
from autoscalper.links import alert_to_broker
from autoscalper.links.alert_to_broker import (
    ChooseTrade,
    CloseTrades,
    NamedPosition,
    PauseEntries,
    ResumeEntries,
    Scope,
    TakeEntry,
    answer_to,
)
from autoscalper.links.broker_to_alert import MissedEntry
from autoscalper.runtime.log import Log
from autoscalper.runtime.store import Store
from tests.fakes.posts import NINE_FORTY_FIVE, FixedClock
from tests.unit.alert import examples

CHAT, USER, OTHER = 77, 31, 32
QUESTION = 500


class Room:
    """A desk, a chat that shows nothing, and a log that nobody follows."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = FixedClock()
        # Telegram lives in the real world; a demo plays another day.
        self.real_clock = FixedClock(NINE_FORTY_FIVE + timedelta(days=900))
        self.commands = Log(store, alert_to_broker.LINK, self.clock)
        self.outbox = Outbox(store)
        self.confirmations = Confirmations(store)
        self.missed: tuple[MissedEntry, ...] = ()
        self.foreign: tuple[NamedPosition, ...] = ()
        self.missed_on_paper: tuple[MissedEntry, ...] = ()
        self.desk = OperatorDesk(
            store,
            guard=Guard(CHAT, frozenset({USER})),
            shelf=Shelf(store),
            outbox=self.outbox,
            news=News(self.outbox, AlertSettings()),
            confirmations=self.confirmations,
            commands=self.commands,
            look=self._look,
            clock=self.clock,
            real_clock=self.real_clock,
            marker="PAPER",
        )
        self._messages = 0

    def _look(self) -> View:
        seen = examples.view(told=examples.status(missed=self.missed, foreign=self.foreign))
        return replace(seen, paper=examples.status(missed=self.missed_on_paper))

    def say(self, text: str, *, user: int = USER, chat: int = CHAT, age: float = 1) -> list[Reply]:
        self._messages += 1
        said = Said(
            chat_id=chat,
            user_id=user,
            message_id=self._messages,
            text=text,
            said_at=self.real_clock.now() - timedelta(seconds=age),
        )
        self.last_said = said
        return self.desk.take(said)

    def press(
        self, data: str, *, user: int = USER, chat: int = CHAT, message_id: int = QUESTION
    ) -> list[Reply]:
        return self.desk.take(
            Pressed(chat_id=chat, user_id=user, query_id="q", message_id=message_id, data=data)
        )

    def question(self, text: str = "/closeall") -> str:
        """Ask for something that is confirmed first, and return the nonce of its buttons."""
        (ask,) = self.say(text)
        assert isinstance(ask, Ask)
        with self.store.transaction():
            self.confirmations.bind(ask.nonce, QUESTION, self.clock.now())
        return ask.nonce

    def given(self) -> list[alert_to_broker.Message]:
        return [alert_to_broker.LINK.decode(payload) for _, payload in self.commands.read(0, 1000)]

    def told(self) -> list[str]:
        rows = self.store.execute("SELECT slot, card FROM cards").fetchall()
        return [f"{slot} {card}" for slot, card in rows]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    schema = shelf.SCHEMA + stories.SCHEMA + outbox.SCHEMA + confirmations.SCHEMA
    store = Store(tmp_path / "alert.db", durable=False, schema=schema)
    yield Room(store)
    store.close()


def words(replies: list[Reply]) -> str:
    """Return what is said to the one who pressed."""
    return " ".join(each.text for each in replies if isinstance(each, AnswerPress))


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("/status", ShowPage(page=Name.STATUS)),
        ("/why 3", ShowPage(page=Name.WHY, argument="3")),
        ("/pnl", ShowPicture(picture="pnl 30")),
        ("/pnl 7", ShowPicture(picture="pnl 7")),
    ],
)
def test_pages_are_shown_when_they_are_asked_for(room: Room, text: str, reply: Reply) -> None:
    assert room.say(text) == [reply]
    assert room.given() == []


@pytest.mark.parametrize("text", ["/pnl x", "/pnl 0", "/pnl 9999", "/closeall now", "/nothing"])
def test_what_is_not_understood_is_said_and_does_nothing(room: Room, text: str) -> None:
    (reply,) = room.say(text)
    assert isinstance(reply, SayText)
    assert room.given() == []


def test_what_is_no_command_is_not_answered(room: Room) -> None:
    assert room.say("hello") == []


def test_a_pause_goes_to_the_broker_at_once_with_the_time_it_was_given(room: Room) -> None:
    assert room.say("/pause", age=40) == []
    (command,) = room.given()
    assert isinstance(command, PauseEntries)
    assert command.given_at == NINE_FORTY_FIVE - timedelta(seconds=40)
    assert room.told()[0].startswith(f"command message {CHAT}.1 ")


def test_a_message_that_is_delivered_twice_is_one_command(room: Room) -> None:
    room.say("/resume")
    room.desk.take(room.last_said)
    assert [type(each) for each in room.given()] == [ResumeEntries]


def test_closing_asks_first_and_happens_with_the_yes(room: Room) -> None:
    nonce = room.question()
    assert room.given() == []
    assert words(room.press(f"y:{nonce}")) == "Given to the broker"
    assert room.given() == [
        CloseTrades(command_id=room.given()[0].command_id, given_at=NINE_FORTY_FIVE)
    ]
    due = room.outbox.next()
    assert due is not None and due.message_id == QUESTION


def test_closing_the_account_is_another_wish(room: Room) -> None:
    room.press(f"y:{room.question('/closeall account')}")
    (command,) = room.given()
    assert isinstance(command, CloseTrades) and command.scope is Scope.ACCOUNT


def test_closing_the_account_closes_what_was_named_and_nothing_that_came_later(room: Room) -> None:
    room.foreign = examples.FOREIGN
    nonce = room.question("/closeall account")
    room.foreign = (*examples.FOREIGN, examples.FOREIGN[0])
    room.press(f"y:{nonce}")
    (command,) = room.given()
    assert isinstance(command, CloseTrades)
    assert command.positions == examples.FOREIGN


def test_closing_all_trades_names_nothing_else(room: Room) -> None:
    room.foreign = examples.FOREIGN
    room.press(f"y:{room.question()}")
    (command,) = room.given()
    assert isinstance(command, CloseTrades)
    assert command.positions == ()


def test_a_no_does_nothing_and_says_so(room: Room) -> None:
    nonce = room.question()
    answer, edit = room.press(f"n:{nonce}")
    assert isinstance(edit, EditText) and "nothing was done" in edit.html
    assert "pressed already" in words(room.press(f"y:{nonce}"))
    assert room.given() == []


def test_a_second_press_does_nothing_and_says_so(room: Room) -> None:
    nonce = room.question()
    room.press(f"y:{nonce}")
    assert words(room.press(f"y:{nonce}")) == "Nothing was done: pressed already."
    assert len(room.given()) == 1


def test_a_press_after_the_time_does_nothing_and_says_so(room: Room) -> None:
    nonce = room.question()
    room.clock.present += VALID_FOR + timedelta(seconds=1)
    assert "too late" in words(room.press(f"y:{nonce}"))
    assert room.given() == []


def test_a_press_under_another_message_does_nothing_and_says_so(room: Room) -> None:
    nonce = room.question()
    pressed = room.press(f"y:{nonce}", message_id=QUESTION + 1)
    assert "not a button of this message" in words(pressed)
    assert room.given() == []


@pytest.mark.parametrize(("user", "chat"), [(OTHER, CHAT), (USER, 666), (OTHER, 666)])
def test_strangers_do_nothing_and_the_user_hears_of_them(room: Room, user: int, chat: int) -> None:
    nonce = room.question()
    assert room.press(f"y:{nonce}", user=user, chat=chat) == []
    assert room.say("/pause", user=user, chat=chat) == []
    assert room.given() == []
    (told,) = room.told()
    assert f"Not obeyed: user {user} in chat {chat}" in told


def test_a_thousand_strangers_are_one_line(room: Room) -> None:
    for number in range(1000):
        room.say("/closeall", user=number + 1000, chat=number)
    assert len(room.told()) == 1


def test_an_old_command_does_nothing_and_its_age_is_said(room: Room) -> None:
    (reply,) = room.say("/pause", age=300)
    assert isinstance(reply, SayText) and "That was 5 min ago: nothing was done" in reply.html
    assert room.given() == []


def test_refresh_shows_the_page_in_place(room: Room) -> None:
    assert room.press("r:status", message_id=9)[1] == ShowPage(page=Name.STATUS, message_id=9)
    assert room.press("r:pnl 7", message_id=9)[1] == ShowPicture(picture="pnl 7", message_id=9)


@pytest.mark.parametrize(
    "data", ["", "x", "r:nothing", "r:pnl x", "p:../etc", "p:pnl 99999", "t:x", "t:²", "y:", "zz:1"]
)
def test_made_up_buttons_do_nothing_and_are_answered(room: Room, data: str) -> None:
    replies = room.press(data)
    assert [type(each) for each in replies] == [AnswerPress]
    assert room.given() == []


def test_a_chart_is_drawn(room: Room) -> None:
    assert room.press("p:trade abc234")[1] == ShowPicture(picture="trade abc234")


def test_a_late_alert_is_asked_about_with_its_price_and_then_taken(room: Room) -> None:
    decided = examples.skipped(OutcomeKind.EXPIRED, "90 s old")
    with room.store.transaction():
        Shelf(room.store).take(decided)
    room.missed = (examples.missed(post_id=decided.post_id),)
    _, ask = room.press("t:1")
    assert isinstance(ask, Ask) and "now 1.26 bid, 1.29 ask" in ask.html
    with room.store.transaction():
        room.confirmations.bind(ask.nonce, QUESTION, room.clock.now())
    room.press(f"y:{ask.nonce}")
    (command,) = room.given()
    assert isinstance(command, TakeEntry) and command.post_id == decided.post_id


def test_an_alert_that_the_broker_forgot_cannot_be_taken(room: Room) -> None:
    with room.store.transaction():
        Shelf(room.store).take(examples.skipped(OutcomeKind.EXPIRED, "90 s old"))
    assert words(room.press("t:1")) == "That alert cannot be taken any more."
    assert words(room.press("t:99")) == "That alert cannot be taken any more."


def test_a_button_is_still_good_after_a_restart_of_alert(room: Room) -> None:
    nonce = room.question()
    successor = Room(room.store)
    successor.press(f"y:{nonce}")
    assert len(successor.given()) == 1


@pytest.mark.parametrize(
    ("number", "trade_id", "is_all"),
    [(0, examples.TRADE, False), (1, "othertrade", False), (2, None, True), (3, None, False)],
)
def test_the_answer_to_a_question_goes_to_the_broker_once(
    room: Room, number: int, trade_id: str | None, is_all: bool
) -> None:
    asked = examples.question()
    buttons = [each for row in question_card(asked, "").buttons for each in row]
    assert words(room.press(buttons[number].data)) == "Given to the broker"
    assert words(room.press(buttons[0].data)) == "Nothing was done: answered already."
    assert room.given() == [
        ChooseTrade(
            command_id=answer_to(asked.question_id),
            given_at=NINE_FORTY_FIVE,
            question_id=asked.question_id,
            trade_id=None if trade_id is None else TradeId(trade_id),
            is_all=is_all,
        )
    ]
    assert room.press(buttons[0].data, user=OTHER) == []


def test_what_the_paper_broker_missed_or_asks_goes_to_it_alone(room: Room) -> None:
    decided = examples.skipped(OutcomeKind.EXPIRED, "90 s old", is_paper=True)
    with room.store.transaction():
        Shelf(room.store).take(decided)
    room.missed_on_paper = (examples.missed(post_id=decided.post_id),)
    _, ask = room.press("t:1")
    assert isinstance(ask, Ask)
    assert "PAPER" in ask.html
    with room.store.transaction():
        room.confirmations.bind(ask.nonce, QUESTION, room.clock.now())
    room.press(f"y:{ask.nonce}")
    room.press("pa:k3j2:all")
    room.press("a:k3j3:all")
    given = [(type(each).__name__, getattr(each, "is_paper", None)) for each in room.given()]
    assert given == [("TakeEntry", True), ("ChooseTrade", True), ("ChooseTrade", False)]
    assert sum(each.startswith("paper command") for each in room.told()) == 2
