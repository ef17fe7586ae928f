from datetime import timedelta

import pytest

from autoscalper.alert.chat import Incoming, Pressed, Said
from autoscalper.alert.guard import Guard, Strangers
from tests.fakes.posts import NINE_FORTY_FIVE

CHAT, USER, OTHER = -100500, 31, 32


def said(*, chat: int = CHAT, user: int = USER, age: float = 1) -> Said:
    said_at = NINE_FORTY_FIVE - timedelta(seconds=age)
    return Said(chat_id=chat, user_id=user, message_id=5, text="/status", said_at=said_at)


def pressed(*, chat: int = CHAT, user: int = USER) -> Pressed:
    return Pressed(chat_id=chat, user_id=user, query_id="q", message_id=5, data="y:x")


@pytest.mark.parametrize("incoming", [said(), pressed(), said(age=60), said(age=-30)])
def test_the_user_in_the_chat_is_admitted(incoming: Incoming) -> None:
    assert Guard(CHAT, frozenset({USER})).check(incoming, NINE_FORTY_FIVE) is None


@pytest.mark.parametrize(
    ("incoming", "cause"),
    [
        (said(chat=1), "foreign chat"),
        (pressed(chat=1), "foreign chat"),
        (said(user=OTHER), "foreign user"),
        (pressed(user=OTHER), "foreign user"),
        (said(chat=USER, user=USER), "foreign chat"),
        (said(age=61), "too old"),
        (said(age=-3600), "too old"),
    ],
)
def test_everybody_else_and_everything_old_is_refused(incoming: Incoming, cause: str) -> None:
    refused = Guard(CHAT, frozenset({USER})).check(incoming, NINE_FORTY_FIVE)
    assert refused is not None and refused.cause == cause


def test_without_user_ids_everybody_in_the_chat_is_admitted() -> None:
    assert Guard(CHAT, frozenset()).check(pressed(user=OTHER), NINE_FORTY_FIVE) is None


def test_the_first_stranger_is_told_at_once_and_the_others_later_in_one_word() -> None:
    strangers = Strangers()
    first = strangers.note(said(user=OTHER), NINE_FORTY_FIVE)
    assert first == f"Not obeyed: user {OTHER} in chat {CHAT}. Nothing was done."
    for seconds in range(1, 500):
        moment = NINE_FORTY_FIVE + timedelta(seconds=seconds)
        assert strangers.note(said(user=OTHER), moment) is None
    later = strangers.note(said(user=OTHER), NINE_FORTY_FIVE + timedelta(minutes=10))
    assert later is not None and "and 499 more" in later
