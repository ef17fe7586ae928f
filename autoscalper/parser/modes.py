"""How grammar and model share the reading, by PARSER_MODE. Pure."""

from __future__ import annotations

from typing import assert_never

import msgspec

from autoscalper.domain.instruction import AddToTrade, OpenTrade
from autoscalper.domain.reading import Abstained, Instructed, Reader, Reading
from autoscalper.domain.settings import ParserMode
from autoscalper.parser.guards import is_purchase


class Settled(msgspec.Struct, frozen=True):
    """The reading that counts, and whose it is."""

    reading: Reading
    read_by: Reader


def needs_model(mode: ParserMode, by_grammar: Reading) -> bool:
    """Return whether the model's reading is wanted beside the grammar's."""
    match mode:
        case ParserMode.GRAMMAR:
            return False
        case ParserMode.FAST:
            return isinstance(by_grammar, Abstained)
        case ParserMode.AGREE:
            return isinstance(by_grammar, Abstained) or is_purchase(by_grammar)
        case _:
            assert_never(mode)


def alone(by_grammar: Reading) -> Reading:
    """Return what the grammar's reading is worth where the model is wanted and cannot be asked."""
    if is_purchase(by_grammar):
        return Abstained(reason="the model cannot be asked about it")
    return by_grammar


def settle(mode: ParserMode, by_grammar: Reading, by_model: Reading) -> Settled:
    """Return the reading of a post for which the model was wanted."""
    if is_purchase(by_grammar):
        if isinstance(by_model, Abstained):
            return Settled(by_model, Reader.MODEL)
        agrees = _gist(by_grammar) == _gist(by_model)
        doubt = Abstained(reason="the grammar sees a purchase, the model does not see the same")
        return Settled(by_grammar if agrees else doubt, Reader.GRAMMAR)
    if mode is ParserMode.AGREE and is_purchase(by_model):
        return Settled(Abstained(reason="only the model sees a purchase"), Reader.MODEL)
    return Settled(by_model, Reader.MODEL)


def _gist(reading: Reading) -> object:
    match reading:
        case Instructed(instruction=OpenTrade() as entry):
            return OpenTrade, entry.contract, entry.price
        case Instructed(instruction=AddToTrade() as add):
            return AddToTrade, add.contract, add.price, add.average
        case _:
            return None
