from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from autoscalper.domain.contract import ContractTerms, Right
from autoscalper.domain.identity import AuthorId, ChannelId, MessageId, SignalId
from autoscalper.domain.instruction import OpenTrade
from autoscalper.domain.reading import Ignored, Instructed
from autoscalper.parser import memory
from autoscalper.parser.claims import Unread
from autoscalper.parser.conversation import Conversation
from autoscalper.parser.core import Heard
from autoscalper.parser.memory import Memory
from autoscalper.runtime.store import Store
from tests.fakes.posts import NINE_FORTY_FIVE, a_post

CONTRACT = ContractTerms(underlying="IWM", strike=Decimal(210), right=Right.CALL)
ENTRY = Instructed(instruction=OpenTrade(contract=CONTRACT, price=Decimal("0.88")))


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Memory]:
    store = Store(tmp_path / "parser.db", durable=False, schema=memory.SCHEMA)
    yield Memory(store)
    store.close()


def test_a_message_is_kept_with_its_reading_and_its_signal(kept: Memory) -> None:
    heard = Heard(post=a_post(), reading=ENTRY, signal_id=SignalId("101.1"))
    kept.keep(heard)
    assert kept.heard(MessageId("101")) == heard


def test_a_later_version_takes_the_place_of_the_earlier(kept: Memory) -> None:
    kept.keep(Heard(post=a_post(), reading=ENTRY))
    later = Heard(post=a_post("oops", version=2), reading=Ignored(reason="chatter"))
    kept.keep(later)
    assert kept.heard(MessageId("101")) == later


def test_a_message_that_was_never_heard_is_none(kept: Memory) -> None:
    assert kept.heard(MessageId("101")) is None


def test_everybody_has_a_conversation_of_their_own_in_every_channel(kept: Memory) -> None:
    said = Conversation().after(ENTRY, posted_on=date(2026, 3, 18))
    kept.keep_conversation(a_post(), said)
    assert kept.conversation_before(a_post(message_id="102")) == said
    assert kept.conversation_before(a_post(author_id=AuthorId("9"))) == Conversation()
    assert kept.conversation_before(a_post(channel_id=ChannelId("9"))) == Conversation()


def test_a_reply_sees_what_it_replies_to(kept: Memory) -> None:
    kept.keep(Heard(post=a_post(), reading=ENTRY))
    reply = a_post("out", message_id="102", reply_to=MessageId("101"))
    assert kept.conversation_before(reply).replied_to == CONTRACT


def test_a_reply_to_what_was_never_heard_is_a_post_like_any_other(kept: Memory) -> None:
    reply = a_post("out", message_id="102", reply_to=MessageId("7"))
    assert kept.conversation_before(reply) == Conversation()


def test_the_last_words_of_an_author_are_few_and_in_order(kept: Memory) -> None:
    for number in range(5):
        kept.keep_words(a_post(f"word {number}"))
    assert kept.last_words_before(a_post()) == ("word 2", "word 3", "word 4")
    assert kept.last_words_before(a_post(author_id=AuthorId("9"))) == ()


def test_an_answer_of_the_model_is_kept_as_it_was_first_given(kept: Memory) -> None:
    first = Unread(reason="declined", is_final=True)
    kept.keep_model_answer("key", first, NINE_FORTY_FIVE)
    kept.keep_model_answer("key", Unread(reason="another", is_final=True), NINE_FORTY_FIVE)
    assert kept.model_answer("key") == first
    assert kept.model_answer("other") is None


def test_an_answer_of_the_model_is_forgotten_when_it_is_old(kept: Memory) -> None:
    kept.keep_model_answer("key", Unread(reason="declined", is_final=True), NINE_FORTY_FIVE)
    kept.forget_model_answers(NINE_FORTY_FIVE)
    assert kept.model_answer("key") is not None
    kept.forget_model_answers(NINE_FORTY_FIVE + timedelta(seconds=1))
    assert kept.model_answer("key") is None


def test_a_message_is_forgotten_with_its_newest_version_and_not_before(kept: Memory) -> None:
    kept.keep(Heard(post=a_post("oops", version=2), reading=Ignored(reason="chatter")))
    kept.forget("101.1")
    assert kept.heard(MessageId("101")) is not None
    kept.forget("101.2")
    kept.forget("101.2")
    assert kept.heard(MessageId("101")) is None
