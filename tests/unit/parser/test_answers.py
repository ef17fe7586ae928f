import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from autoscalper.domain.contract import ContractTerms, Right
from autoscalper.domain.identity import AuthorId, MessageId
from autoscalper.domain.instruction import CloseTrade, OpenTrade
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.domain.profiles import Profile, Profiles
from autoscalper.domain.reading import Ignored, Instructed, Reading
from autoscalper.links import any_to_alert, ingest_to_parser, parser_to_broker
from autoscalper.links.any_to_alert import OutcomeDecided
from autoscalper.links.ingest_to_parser import PostDeleted, PostEdited, PostPublished
from autoscalper.links.parser_to_broker import (
    SignalIssued,
    SignalRevised,
    SignalWithdrawn,
    TickerMentioned,
)
from autoscalper.parser import line, memory
from autoscalper.parser.answers import Answers
from autoscalper.parser.conversation import Conversation
from autoscalper.runtime.afterwards import afterwards
from autoscalper.runtime.store import Store
from tests.fakes.home import until
from tests.fakes.posts import NINE_FORTY_FIVE, FixedClock, a_post

ENTRY = OpenTrade(
    contract=ContractTerms(underlying="IWM", strike=Decimal(210), right=Right.CALL),
    price=Decimal("0.88"),
)


def read(text: str, *, posted_on: date, conversation: Conversation | None = None) -> Reading:
    """Understand three words, so that the tests do not depend on the grammar."""
    assert conversation is not None
    match text.split()[0]:
        case "BTO":
            return Instructed(instruction=ENTRY)
        case "out":
            return Instructed(instruction=CloseTrade())
        case "which":
            said = [str(subject.contract) for subject in conversation.subjects]
            return Ignored(reason=f"{posted_on}: {said}, reply to {conversation.replied_to}")
        case _:
            return Ignored(reason="chatter")


def read_nothing(
    text: str, *, posted_on: date, conversation: Conversation | None = None
) -> Reading:
    return Ignored(reason="nothing to trade")


class Desk:
    """Answers of a store of its own, with what they wrote."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.answers = Answers(store, read, FixedClock())

    def take(self, *messages: ingest_to_parser.Message) -> None:
        with self.store.transaction():
            for message in messages:
                self.answers.take(message)

    @property
    def signals(self) -> list[parser_to_broker.Signal]:
        return [each for each in self._sent() if not isinstance(each, TickerMentioned)]

    @property
    def mentioned(self) -> list[str]:
        return [each.underlying for each in self._sent() if isinstance(each, TickerMentioned)]

    def _sent(self) -> list[parser_to_broker.Message]:
        entries = self.answers.signals.read(0, 100)
        return [parser_to_broker.LINK.decode(payload) for _, payload in entries]

    @property
    def outcomes(self) -> list[any_to_alert.Message]:
        entries = self.answers.notices.read(0, 100)
        return [any_to_alert.FROM_PARSER.decode(payload) for _, payload in entries]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    store = Store(tmp_path / "parser.db", durable=False, schema=memory.SCHEMA + line.SCHEMA)
    yield Desk(store)
    store.close()


def published(text: str, message_id: str = "101") -> PostPublished:
    return PostPublished(post=a_post(text, message_id=message_id))


def edited(text: str, version: int = 2) -> PostEdited:
    return PostEdited(post=a_post(text, version=version))


def deleted(version: int) -> PostDeleted:
    return PostDeleted(
        message_id=MessageId("101"),
        version=version,
        channel_id=a_post().channel_id,
        deleted_at=NINE_FORTY_FIVE,
    )


def test_an_instruction_goes_to_the_broker_and_nothing_to_the_user(desk: Desk) -> None:
    desk.take(published("BTO IWM 210c 0.88"))
    (signal,) = desk.signals
    assert isinstance(signal, SignalIssued)
    assert (signal.signal_id, signal.instruction) == ("101.1", ENTRY)
    assert desk.outcomes == []


def test_chatter_goes_to_the_user_and_nothing_to_the_broker(desk: Desk) -> None:
    desk.take(published("morning"))
    (outcome,) = desk.outcomes
    assert isinstance(outcome, OutcomeDecided)
    assert outcome.outcome.kind is OutcomeKind.IGNORED
    assert desk.signals == []


def test_a_post_that_comes_again_is_not_answered_again(desk: Desk) -> None:
    desk.take(published("BTO IWM 210c 0.88"), edited("morning"))
    desk.take(published("BTO IWM 210c 0.88"), edited("morning"))
    assert [type(each) for each in desk.signals] == [SignalIssued, SignalRevised]
    assert desk.outcomes == []


def test_a_post_that_was_answered_is_not_read_again_by_a_parser_that_knows_better(
    desk: Desk,
) -> None:
    desk.take(published("BTO IWM 210c 0.88"))
    later = Answers(desk.store, read_nothing, FixedClock())
    with desk.store.transaction():
        later.take(published("BTO IWM 210c 0.88"))
    assert desk.outcomes == []


def test_an_edit_and_a_deletion_name_the_signal_that_the_message_gave(desk: Desk) -> None:
    desk.take(published("BTO IWM 210c 0.88"), edited("BTO IWM 210c 0.98"), deleted(3))
    issued, revised, withdrawn = desk.signals
    assert isinstance(revised, SignalRevised)
    assert isinstance(withdrawn, SignalWithdrawn)
    assert issued.signal_id == revised.signal_id == withdrawn.signal_id == "101.1"


def test_a_signal_that_an_edit_took_back_is_still_the_messages_signal(desk: Desk) -> None:
    desk.take(published("BTO IWM 210c 0.88"), edited("oops"), edited("BTO IWM 210c 0.98", 3))
    assert [type(each) for each in desk.signals] == [SignalIssued, SignalRevised, SignalRevised]


def test_chatter_that_is_edited_into_an_exit_gives_the_signal_of_that_version(desk: Desk) -> None:
    desk.take(published("ou"), edited("out"), deleted(3))
    assert [each.signal_id for each in desk.signals] == ["101.2", "101.2"]
    assert len(desk.outcomes) == 1


def test_every_version_of_every_post_gets_exactly_one_answer(desk: Desk) -> None:
    desk.take(published("hm"), edited("BTO IWM 210c 0.88"), edited("hm", 3), deleted(4))
    assert len(desk.signals) + len(desk.outcomes) == 4


def test_a_transaction_that_fails_leaves_no_answer(desk: Desk) -> None:
    with pytest.raises(RuntimeError), desk.store.transaction():
        desk.answers.take(published("BTO IWM 210c 0.88"))
        raise RuntimeError("the process dies")
    assert desk.signals == []
    desk.take(published("BTO IWM 210c 0.88"))
    assert len(desk.signals) == 1


async def test_what_was_answered_is_logged_once_and_not_before_it_left(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    for number, text in enumerate(("BTO IWM 210c 0.88", "morning", "out")):
        desk.take(published(text, str(number)))
        desk.answers.tell()
    assert caplog.messages == []
    desk.answers.tell()
    await until(lambda: "post_id=2.1" in caplog.text, "the last line")
    assert caplog.messages == [
        "post answered post_id=0.1 answer=SignalIssued",
        "post answered post_id=1.1 answer=ignored",
        "post answered post_id=2.1 answer=SignalIssued",
    ]


async def test_an_answer_that_was_not_kept_is_not_logged(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    desk.take(published("morning", "1"))
    desk.answers.tell()
    with pytest.raises(RuntimeError), desk.store.transaction():
        desk.answers.take(published("morning", "2"))
        raise RuntimeError("the process dies")
    is_after = asyncio.Event()
    afterwards(is_after.set)
    await is_after.wait()
    assert caplog.messages == ["post answered post_id=1.1 answer=ignored"]


def test_a_post_is_read_with_what_its_author_said_before_in_the_channel(desk: Desk) -> None:
    late = datetime(2026, 3, 19, 1, 0, tzinfo=UTC)
    desk.take(
        published("BTO IWM 210c 0.88"),
        PostPublished(post=a_post("which", message_id="102", posted_at=late)),
        PostPublished(post=a_post("which", message_id="103", author_id=AuthorId("9"))),
        PostPublished(
            post=a_post(
                "which", message_id="104", author_id=AuthorId("9"), reply_to=MessageId("101")
            )
        ),
    )
    said = [each.outcome.detail for each in desk.outcomes if isinstance(each, OutcomeDecided)]
    assert said == [
        "2026-03-18: ['IWM 210C'], reply to None",
        "2026-03-18: [], reply to None",
        "2026-03-18: [], reply to IWM 210C",
    ]


def test_what_was_forgotten_is_nothing_that_could_be_taken_back(desk: Desk) -> None:
    desk.take(published("BTO"))
    with desk.store.transaction():
        desk.answers.forget(["101.1"], NINE_FORTY_FIVE)
    desk.take(deleted(2))
    assert len(desk.signals) == 1
    assert len(desk.outcomes) == 1


def test_a_post_is_read_with_what_its_channel_leaves_unsaid(desk: Desk) -> None:
    assumed: list[str | None] = []

    def read_and_note(
        text: str, *, posted_on: date, conversation: Conversation | None = None
    ) -> Reading:
        assumed.append(conversation.default_underlying if conversation else "")
        return Ignored(reason="noted")

    room = a_post()
    profiles = Profiles(by_channel={room.channel_name: Profile(default_underlying="SPX")})
    desk.answers = Answers(desk.store, read_and_note, FixedClock(), profiles=profiles)
    desk.take(PostPublished(post=room))
    desk.take(PostPublished(post=replace(room, message_id=MessageId("2"), channel_name="else")))
    assert assumed == ["SPX", None]


def test_what_is_no_signal_and_names_an_underlying_is_a_mention_once_in_some_minutes(
    desk: Desk,
) -> None:
    desk.take(published("watching IWM here"), published("IWM still", message_id="102"))
    desk.take(published("BTO SPY 560c 0.88", message_id="103"))
    assert desk.mentioned == ["IWM"]
    assert len(desk.outcomes) == 2


def test_what_was_said_long_ago_is_no_mention(desk: Desk) -> None:
    long_ago = NINE_FORTY_FIVE - timedelta(minutes=6)
    desk.take(PostPublished(post=replace(a_post("watching IWM here"), posted_at=long_ago)))
    assert desk.mentioned == []


@pytest.mark.parametrize("are_orders_real", [True, False])
def test_a_signal_says_whether_its_channel_is_on_paper_beside_real_orders(
    desk: Desk, are_orders_real: bool
) -> None:
    marked = Profiles(by_channel={a_post().channel_id: Profile(paper=True)})
    desk.answers = Answers(
        desk.store, read, FixedClock(), profiles=marked, are_orders_real=are_orders_real
    )
    desk.take(published("BTO IWM 210c 0.88"), edited("BTO IWM 210c 0.90"), deleted(3))
    assert [signal.is_paper for signal in desk.signals] == [are_orders_real] * 3


def test_a_signal_of_another_channel_is_not_on_paper(desk: Desk) -> None:
    marked = Profiles(by_channel={"elsewhere": Profile(paper=True)})
    desk.answers = Answers(desk.store, read, FixedClock(), profiles=marked, are_orders_real=True)
    desk.take(published("BTO IWM 210c 0.88"))
    assert [signal.is_paper for signal in desk.signals] == [False]
