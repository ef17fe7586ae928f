"""How grammar and model share the reading, by PARSER_MODE. Pure."""

from __future__ import annotations

import re
from typing import assert_never

import msgspec

from autoscalper.domain.instruction import AddToTrade, OpenTrade
from autoscalper.domain.reading import Abstained, Ignored, Instructed, Reader, Reading
from autoscalper.domain.settings import ParserMode
from autoscalper.parser.conversation import Conversation, Stage
from autoscalper.parser.guards import is_purchase

_WORD = re.compile(r"[A-Z]+(?:\.[A-Z])?")


class Settled(msgspec.Struct, frozen=True):
    """The reading that counts, and whose it is."""

    reading: Reading
    read_by: Reader


def needs_model(mode: ParserMode, by_grammar: Reading, *, is_about_trade: bool = False) -> bool:
    """Return whether the model's reading is wanted beside the grammar's.

    Chatter that ``is_about_trade`` may be an exit in words that the grammar does not know.
    """
    is_open = isinstance(by_grammar, Abstained) or (
        isinstance(by_grammar, Ignored) and is_about_trade
    )
    match mode:
        case ParserMode.GRAMMAR:
            return False
        case ParserMode.FAST:
            return is_open
        case ParserMode.AGREE:
            return is_open or is_purchase(by_grammar)
        case _:
            assert_never(mode)


def is_about_trade(text: str, conversation: Conversation) -> bool:
    """Return whether a post answers one about a trade, or names what its author holds."""
    if conversation.replied_to is not None:
        return True
    held = {s.contract.underlying for s in conversation.subjects if s.stage is Stage.OPEN}
    return bool(held) and not held.isdisjoint(_WORD.findall(text.upper()))


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
    is_named = isinstance(by_grammar, Abstained) and by_grammar.multi_leg != ""
    if is_named and (is_purchase(by_model) or not isinstance(by_model, Instructed)):
        return Settled(by_grammar, Reader.GRAMMAR)
    if is_purchase(by_model) and (mode is ParserMode.AGREE or isinstance(by_grammar, Ignored)):
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
