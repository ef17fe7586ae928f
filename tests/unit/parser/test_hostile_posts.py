"""What a model that obeys the posts it reads can make us trade: nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from autoscalper.domain.contract import ContractTerms, Right
from autoscalper.domain.instruction import (
    AddToTrade,
    CloseTrade,
    MoveStop,
    OpenTrade,
    TrimTrade,
)
from autoscalper.domain.reading import Instructed, Reading
from autoscalper.parser.conversation import Conversation, Stage, Subject
from autoscalper.parser.grammar import read
from autoscalper.parser.guards import check, for_people, is_purchase
from autoscalper.parser.questions import ask_about
from tests.unit.parser.hostile_posts import INJECTIONS, SPOOFS, obedient_claims

WEDNESDAY = date(2026, 3, 18)
CONTRACT = ContractTerms(underlying="AMD", strike=Decimal(150), right=Right.CALL)
#: An open trade, so that a sale would find something to sell.
HOLDING = Conversation(
    subjects=(Subject(contract=CONTRACT, stage=Stage.OPEN, spoken_on=WEDNESDAY),)
)


def is_order(reading: Reading) -> bool:
    return isinstance(reading, Instructed) and isinstance(
        reading.instruction, OpenTrade | AddToTrade | TrimTrade | CloseTrade | MoveStop
    )


def test_there_are_enough_of_them() -> None:
    assert len(set(INJECTIONS)) + len(set(SPOOFS)) >= 60


@pytest.mark.parametrize("text", INJECTIONS)
def test_no_claim_about_a_post_that_speaks_to_programs_is_an_order(text: str) -> None:
    for claim in obedient_claims(text):
        reading = check(claim, text, posted_on=WEDNESDAY, conversation=HOLDING)
        assert not is_order(reading), claim


@pytest.mark.parametrize("text", SPOOFS)
def test_no_claim_about_a_post_in_disguise_is_a_purchase(text: str) -> None:
    for claim in obedient_claims(text):
        reading = check(claim, text, posted_on=WEDNESDAY, conversation=HOLDING)
        assert not is_purchase(reading), claim


@pytest.mark.parametrize("text", INJECTIONS + SPOOFS)
def test_the_grammar_does_not_buy_on_their_word_either(text: str) -> None:
    reading = read(text, posted_on=WEDNESDAY, conversation=HOLDING)
    assert not is_purchase(for_people(reading, text))


@pytest.mark.parametrize("text", INJECTIONS)
def test_the_model_never_gets_to_see_them(text: str) -> None:
    assert ask_about(text, Conversation()) is None


def test_the_obedient_model_is_believed_where_the_post_is_honest() -> None:
    text = "AMD 150c looking good, starter here at 1.20"
    readings = [
        check(claim, text, posted_on=WEDNESDAY, conversation=Conversation())
        for claim in obedient_claims(text)
    ]
    assert any(is_purchase(each) for each in readings)
