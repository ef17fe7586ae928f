from datetime import timedelta
from decimal import Decimal

import pytest

from autoscalper.domain.contract import ContractTerms, Right
from autoscalper.domain.identity import ChannelId, MessageId, SignalId
from autoscalper.domain.instruction import AddToTrade, CloseTrade, Instruction, OpenTrade, TrimTrade
from autoscalper.domain.outcome import Outcome, OutcomeKind
from autoscalper.domain.reading import Abstained, Ignored, Instructed, Reader, Reading
from autoscalper.links.any_to_alert import OutcomeDecided
from autoscalper.links.ingest_to_parser import PostDeleted
from autoscalper.links.parser_to_broker import SignalIssued, SignalRevised, SignalWithdrawn
from autoscalper.parser.core import (
    Answer,
    Heard,
    answer_deletion,
    answer_edit,
    answer_post,
    signal_id_of,
)
from tests.fakes.posts import NINE_FORTY_FIVE, a_post

READ_AT = NINE_FORTY_FIVE + timedelta(milliseconds=3)
CONTRACT = ContractTerms(underlying="IWM", strike=Decimal(210), right=Right.CALL)
ENTRY = OpenTrade(contract=CONTRACT, price=Decimal("0.88"))
SIGNAL = SignalId("101.1")


def deletion(version: int = 2) -> PostDeleted:
    return PostDeleted(
        message_id=MessageId("101"),
        version=version,
        channel_id=ChannelId("7"),
        deleted_at=NINE_FORTY_FIVE,
    )


def outcome_of(answer: Answer) -> Outcome:
    assert isinstance(answer, OutcomeDecided)
    return answer.outcome


def test_a_post_that_instructs_is_a_signal_under_its_own_id() -> None:
    answer = answer_post(
        a_post(), Instructed(instruction=ENTRY), read_by=Reader.GRAMMAR, read_at=READ_AT
    )
    assert answer == SignalIssued(
        signal_id=SIGNAL,
        post=a_post(),
        instruction=ENTRY,
        read_by=Reader.GRAMMAR,
        read_at=READ_AT,
    )


@pytest.mark.parametrize(
    ("reading", "understood", "detail"),
    [
        (Ignored(reason="a recap"), "nothing to do", "a recap"),
        (Abstained(reason="two strikes"), "not sure", "not sure: two strikes"),
    ],
)
def test_a_post_that_does_not_is_ignored_and_says_why(
    reading: Reading, understood: str, detail: str
) -> None:
    answer = answer_post(a_post("hm"), reading, read_by=Reader.GRAMMAR, read_at=READ_AT)
    assert outcome_of(answer) == Outcome(kind=OutcomeKind.IGNORED, detail=detail)
    assert isinstance(answer, OutcomeDecided)
    assert answer.understood == understood
    assert (answer.post_id, answer.text, answer.decided_at) == ("101.1", "hm", READ_AT)


@pytest.mark.parametrize(
    ("reading", "instruction"),
    [
        (Instructed(instruction=ENTRY), ENTRY),
        (Ignored(reason="a recap"), None),
        (Abstained(reason="two strikes"), None),
    ],
)
def test_an_edit_of_a_signal_revises_it_under_the_edits_own_id(
    reading: Reading, instruction: Instruction | None
) -> None:
    edited = a_post(version=2)
    answer = answer_edit(edited, reading, SIGNAL, read_by=Reader.GRAMMAR, read_at=READ_AT)
    assert answer == SignalRevised(
        signal_id=SIGNAL,
        post=edited,
        instruction=instruction,
        read_by=Reader.GRAMMAR,
        read_at=READ_AT,
    )
    assert signal_id_of(answer) == SIGNAL


@pytest.mark.parametrize("bought", [ENTRY, AddToTrade(contract=CONTRACT)])
def test_an_edit_of_chatter_never_buys(bought: Instruction) -> None:
    reading = Instructed(instruction=bought)
    answer = answer_edit(a_post(version=2), reading, None, read_by=Reader.GRAMMAR, read_at=READ_AT)
    denied = Outcome(kind=OutcomeKind.DENIED, detail="an edit never opens a position")
    assert outcome_of(answer) == denied


@pytest.mark.parametrize("sold", [CloseTrade(), TrimTrade()])
def test_an_edit_of_chatter_may_sell(sold: Instruction) -> None:
    reading = Instructed(instruction=sold)
    answer = answer_edit(a_post(version=2), reading, None, read_by=Reader.GRAMMAR, read_at=READ_AT)
    assert isinstance(answer, SignalIssued)
    assert answer.signal_id == "101.2"


def test_an_edit_from_chatter_to_chatter_has_an_outcome_of_its_own() -> None:
    answer = answer_edit(
        a_post(version=2), Ignored(reason="a joke"), None, read_by=Reader.GRAMMAR, read_at=READ_AT
    )
    assert outcome_of(answer).kind is OutcomeKind.IGNORED
    assert isinstance(answer, OutcomeDecided)
    assert answer.post_id == "101.2"


def test_a_deletion_of_a_signal_withdraws_it() -> None:
    heard = Heard(post=a_post(), reading=Instructed(instruction=ENTRY), signal_id=SIGNAL)
    answer = answer_deletion(deletion(), heard, read_at=READ_AT)
    assert isinstance(answer, SignalWithdrawn)
    assert answer.signal_id == SIGNAL
    assert answer.post == a_post(version=2)


def test_a_deletion_of_chatter_is_ignored_and_shows_what_was_deleted() -> None:
    heard = Heard(post=a_post("hm"), reading=Ignored(reason="chatter"))
    answer = answer_deletion(deletion(), heard, read_at=READ_AT)
    assert outcome_of(answer).kind is OutcomeKind.IGNORED
    assert isinstance(answer, OutcomeDecided)
    assert (answer.author_name, answer.text, answer.post_id) == ("Dana", "hm", "101.2")


def test_a_deletion_of_what_was_never_heard_has_an_outcome_too() -> None:
    assert outcome_of(answer_deletion(deletion(), None, read_at=READ_AT)).kind is (
        OutcomeKind.IGNORED
    )


def test_an_outcome_leaves_no_signal_behind() -> None:
    assert (
        signal_id_of(
            answer_post(a_post(), Ignored(reason="x"), read_by=Reader.GRAMMAR, read_at=READ_AT)
        )
        is None
    )


def test_more_than_one_option_is_denied_by_its_name() -> None:
    reading = Abstained(reason="may be an iron condor", multi_leg="an iron condor")
    answer = answer_post(a_post(), reading, read_by=Reader.GRAMMAR, read_at=NINE_FORTY_FIVE)
    assert isinstance(answer, OutcomeDecided)
    assert str(answer.outcome) == (
        "denied: multi-leg: an iron condor, only single options are traded"
    )
