from decimal import Decimal

import pytest

from autoscalper.domain.contract import ContractTerms, Right
from autoscalper.domain.instruction import AddToTrade, CloseTrade, OpenTrade
from autoscalper.domain.reading import Abstained, Ignored, Instructed, Reader, Reading
from autoscalper.domain.settings import ParserMode
from autoscalper.parser.modes import Settled, alone, needs_model, settle

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


@pytest.mark.parametrize("by_model", [ENTRY, EXIT, CHATTER, UNSURE])
def test_fast_takes_the_models_word_for_what_the_grammar_is_not_sure_of(by_model: Reading) -> None:
    assert settle(FAST, UNSURE, by_model) == Settled(by_model, Reader.MODEL)


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
