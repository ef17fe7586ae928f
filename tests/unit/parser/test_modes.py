from datetime import date
from decimal import Decimal

import pytest

from autoscalper.domain.contract import ContractTerms, Right
from autoscalper.domain.instruction import AddToTrade, CloseTrade, OpenTrade
from autoscalper.domain.reading import Abstained, Ignored, Instructed, Reader, Reading
from autoscalper.domain.settings import ParserMode
from autoscalper.parser.conversation import Conversation, Stage, Subject
from autoscalper.parser.modes import Settled, alone, is_about_trade, needs_model, settle

AGREE, FAST, GRAMMAR = ParserMode.AGREE, ParserMode.FAST, ParserMode.GRAMMAR
CONTRACT = ContractTerms(underlying="KO", strike=Decimal(72), right=Right.CALL)
ENTRY = Instructed(instruction=OpenTrade(contract=CONTRACT, price=Decimal("1.10")))
DEARER = Instructed(instruction=OpenTrade(contract=CONTRACT, price=Decimal("1.20")))
ADD = Instructed(instruction=AddToTrade(contract=CONTRACT, price=Decimal("1.10")))
EXIT = Instructed(instruction=CloseTrade(contract=CONTRACT))
CHATTER, UNSURE = Ignored(reason="a greeting"), Abstained(reason="no verb")


@pytest.mark.parametrize(
    ("mode", "wanted"),
    [(FAST, [UNSURE]), (AGREE, [ENTRY, ADD, UNSURE]), (GRAMMAR, [])],
)
def test_the_model_is_wanted_for(mode: ParserMode, wanted: list[Reading]) -> None:
    assert [r for r in (ENTRY, ADD, EXIT, CHATTER, UNSURE) if needs_model(mode, r)] == wanted


def test_chatter_about_a_trade_is_read_by_the_model_but_buys_nothing() -> None:
    assert needs_model(FAST, CHATTER, is_about_trade=True)
    assert not needs_model(GRAMMAR, CHATTER, is_about_trade=True)
    assert settle(FAST, CHATTER, EXIT) == Settled(EXIT, Reader.MODEL)
    assert isinstance(settle(FAST, CHATTER, ENTRY).reading, Abstained)


def test_a_post_is_about_a_trade_if_it_names_what_is_held_or_answers_its_post() -> None:
    def said(stage: Stage) -> Conversation:
        subject = Subject(contract=CONTRACT, stage=stage, spoken_on=date(2026, 3, 18))
        return Conversation(subjects=(subject,))

    assert is_about_trade("that's my cue, goodbye ko!", said(Stage.OPEN))
    assert not is_about_trade("that's my cue, goodbye KO", said(Stage.CLOSED))
    assert not is_about_trade("koala bears", said(Stage.OPEN))
    assert is_about_trade("goodbye", Conversation(replied_to=CONTRACT))


@pytest.mark.parametrize("by_model", [ENTRY, EXIT, CHATTER, UNSURE])
def test_fast_takes_the_models_word_for_what_the_grammar_is_not_sure_of(by_model: Reading) -> None:
    assert settle(FAST, UNSURE, by_model) == Settled(by_model, Reader.MODEL)


@pytest.mark.parametrize("by_model", [ENTRY, ADD, CHATTER, UNSURE])
def test_what_the_grammar_knows_by_its_name_keeps_it(by_model: Reading) -> None:
    spread = Abstained(reason="may be a spread", multi_leg="a spread")
    assert settle(FAST, spread, by_model) == Settled(spread, Reader.GRAMMAR)
    assert settle(FAST, spread, EXIT) == Settled(EXIT, Reader.MODEL)


def test_agree_buys_what_both_read_the_same() -> None:
    assert settle(AGREE, ENTRY, ENTRY) == Settled(ENTRY, Reader.GRAMMAR)


@pytest.mark.parametrize("by_model", [DEARER, ADD, EXIT, CHATTER, UNSURE])
def test_agree_buys_nothing_that_only_the_grammar_reads(by_model: Reading) -> None:
    assert isinstance(settle(AGREE, ENTRY, by_model).reading, Abstained)


@pytest.mark.parametrize("by_model", [ENTRY, ADD])
def test_agree_buys_nothing_that_only_the_model_reads(by_model: Reading) -> None:
    assert isinstance(settle(AGREE, UNSURE, by_model).reading, Abstained)


def test_agree_takes_the_models_word_for_an_exit() -> None:
    assert settle(AGREE, UNSURE, EXIT) == Settled(EXIT, Reader.MODEL)


def test_a_purchase_of_which_nobody_can_be_asked_is_none() -> None:
    assert isinstance(alone(ENTRY), Abstained)
    assert [alone(EXIT), alone(CHATTER), alone(UNSURE)] == [EXIT, CHATTER, UNSURE]
