from datetime import date
from decimal import Decimal

import pytest

from autoscalper.domain.contract import ContractTerms
from autoscalper.domain.instruction import PriceBasis, StopAt, StopAtBreakEven
from autoscalper.parser.conversation import Conversation
from autoscalper.parser.grammar.normalise import normalise
from autoscalper.parser.grammar.post import parse
from autoscalper.parser.witness import Untrue, Witness, is_below

TEXT = "in $KO 72c @ .80 x3\nfor XOM stop at 0.50, half off at 1,200"


def witness(text: str = TEXT, conversation: Conversation | None = None) -> Witness:
    post = parse(normalise(text)[0], date(2026, 3, 18))
    return Witness(post, conversation or Conversation())


@pytest.mark.parametrize("quote", [".80", "0.80", "$0.80", " .8 "])
def test_a_number_is_the_same_however_it_is_written(quote: str) -> None:
    index, value = witness().number("price", quote)
    assert (value, witness().post.tokens[index].text) == (Decimal("0.80"), ".80")


@pytest.mark.parametrize(
    "quote", ["0.81", "8", "", "0.80 or so", "1e0", "-0.8", "٠.٨", "0x1", "72"]
)
def test_a_number_that_is_not_there_or_is_no_price_is_untrue(quote: str) -> None:
    with pytest.raises(Untrue):
        witness().number("price", quote)


def test_a_number_is_not_taken_twice() -> None:
    seen = witness()
    index, _ = seen.number("price", ".80")
    with pytest.raises(Untrue):
        seen.number("stop", ".80", without={index})


def test_words_are_found_in_their_order_and_whole() -> None:
    assert witness().clause("half off").first > 5
    for quote in ("off half", "hal", "", "half-off"):
        with pytest.raises(Untrue):
            witness().clause(quote)


def test_what_another_said_cannot_be_quoted() -> None:
    with pytest.raises(Untrue):
        witness("> all out of KO\nnice").clause("all out")


def test_an_underlying_is_a_symbol_of_the_post_or_the_conversation() -> None:
    assert [witness().underlying(each) for each in ("KO", "$KO", "ko", "XOM")] == [
        "KO", "KO", "KO", "XOM",
    ]  # fmt: skip
    replying = Conversation(replied_to=ContractTerms(underlying="PFE"))
    assert witness(conversation=replying).underlying("PFE") == "PFE"
    for symbol in ("PFE", "stop", "in", ""):
        with pytest.raises(Untrue):
            witness().underlying(symbol)


def test_a_fraction_is_one_that_the_quoted_words_name() -> None:
    assert witness().fraction("half") == Decimal("0.5")
    assert witness().fraction("off") is None


def test_a_quantity_is_whole() -> None:
    assert witness("sold 3 of 5 KO").quantity("3") == 3
    for quote in ("4", "0", "1.5"):
        with pytest.raises(Untrue):
            witness("sold 3 of 5 KO, 0 left, 1.5").quantity(quote)


def test_a_stop_is_a_price_or_the_entry() -> None:
    assert witness().stop("0.50", None) == StopAt(price=Decimal("0.50"))
    assert witness("stop to b/e").stop("b/e", None) == StopAtBreakEven()
    assert witness("stop to entry").stop("entry", None) == StopAtBreakEven()
    underlying = witness("stop 71.20").stop("71.20", Decimal("0.80"))
    assert underlying == StopAt(price=Decimal("71.20"), basis=PriceBasis.UNDERLYING)
    with pytest.raises(Untrue):
        witness().stop("break even", None)


def test_a_stop_protects_only_from_below() -> None:
    assert is_below(StopAt(price=Decimal("0.50")), Decimal("0.80"))
    assert not is_below(StopAt(price=Decimal("0.80")), Decimal("0.80"))
    assert is_below(StopAt(price=Decimal(71), basis=PriceBasis.UNDERLYING), Decimal("0.80"))
    assert is_below(None, Decimal("0.80"))


def test_what_was_found_is_evidence() -> None:
    seen = witness()
    seen.clause("half off")
    seen.number("price", ".80")
    assert {each.field: TEXT[each.start : each.end] for each in seen.evidence} == {
        "words": "half off",
        "price": ".80",
    }
