"""Completes what a post leaves out from the conversation: "in @ 1.20", "added", "out half"."""

from __future__ import annotations

import msgspec

from autoscalper.domain.contract import ContractTerms
from autoscalper.domain.instruction import (
    AddToTrade,
    CloseTrade,
    MoveStop,
    OpenTrade,
    SetTargets,
    TrimTrade,
)
from autoscalper.parser.conversation import Conversation, Stage
from autoscalper.parser.grammar.amounts import find_any_price
from autoscalper.parser.grammar.contracts import ticker_at
from autoscalper.parser.grammar.entries import risk_level
from autoscalper.parser.grammar.findings import Doubt, Finding, evidence
from autoscalper.parser.grammar.levels import find_stop
from autoscalper.parser.grammar.lexicon import Meaning, meanings
from autoscalper.parser.grammar.post import Clause, Post
from autoscalper.parser.grammar.tokens import Kind

_HEADS = meanings("IN ENTER BUY_TO_OPEN PRICE_WORD")
#: What else may stand in a post that says no more than "in".
_LIGHT = _HEADS | meanings(
    "SELF FILLER MENTION LIGHT RISKY EXTREME AT COLON TICKER SIZE CONTRACTS NUMBER SLASHED PART "
    "QUOTE CALL PUT AVERAGE NEWLINE SENTENCE_END PAREN SEPARATOR DASH THIS COMMA"
)
#: Behind these the words belong to a stop, a target or a place to add.
_LEVELS = meanings("STOP TARGET LEVEL_NOUN HOLDING")


def read_bare_entry(post: Post, conversation: Conversation | None) -> Finding | Doubt | None:
    """Return the entry of a post that says "in" and no contract; the conversation must have one."""
    if post.mentions or not _is_bare_entry(post):
        return None
    contract = _announced(post, conversation) if conversation is not None else None
    if contract is None or not _expiry_fits(post, contract):
        return Doubt("an entry without its contract")
    price = find_any_price(post.tokens, post.named)
    if price is not None and contract.strike is not None and price.price >= contract.strike:
        return Doubt("a price above the strike")
    stop = find_stop(post.tokens, 0, len(post.tokens), price.price if price else None)
    found = OpenTrade(
        contract=contract,
        price=price.price if price else None,
        stop=stop.rule if stop else None,
        risk_level=risk_level(post),
    )
    return Finding(found, evidence(post.tokens, price=price.at if price else None))


def _is_bare_entry(post: Post) -> bool:
    clause = post.clauses[0]
    if Meaning.QUESTION_MARK in post.meanings:
        return False
    has_head = has_price = False
    for index in range(clause.first, clause.stop):
        if index in post.named:
            continue
        token = post.tokens[index]
        if token.meaning in _LEVELS and has_head:
            break
        if token.meaning not in _LIGHT:
            return False
        has_price = has_price or token.kind is Kind.NUMBER
        has_head = has_head or token.meaning in _HEADS
    return has_head and _is_head_first(post, clause, has_price)


def _is_head_first(post: Post, clause: Clause, has_price: bool) -> bool:
    first = next(
        (t.meaning for t in post.tokens[clause.first : clause.stop]
         if t.meaning not in (Meaning.SELF, Meaning.MENTION, Meaning.FILLER)), None
    )  # fmt: skip
    if first in (Meaning.IN, Meaning.ENTER, Meaning.BUY_TO_OPEN):
        return not post.reports_gain
    return has_price and not post.reports_gain


def _announced(post: Post, conversation: Conversation) -> ContractTerms | None:
    underlying = next(
        (symbol for i in range(len(post.tokens)) if (symbol := ticker_at(post.tokens, i))), None
    )
    return conversation.only(Stage.PLANNED, on=post.posted_on, underlying=underlying)


def _expiry_fits(post: Post, contract: ContractTerms) -> bool:
    return all(expiry.day == contract.expiry for expiry in post.expiries)


def complete(found: Finding, post: Post, conversation: Conversation) -> Finding:
    """Return the finding with its contract from the conversation where the post names none."""
    instruction = found.instruction
    match instruction:
        case AddToTrade() | TrimTrade() | CloseTrade() | MoveStop() | SetTargets():
            contract = _meant(instruction.contract, post, conversation)
            if contract is None:
                return found
            return Finding(
                _with_contract(instruction, contract), found.evidence, found.at, found.certain
            )
        case _:
            return found


_FollowUp = AddToTrade | TrimTrade | CloseTrade | MoveStop | SetTargets


def _with_contract(instruction: _FollowUp, contract: ContractTerms) -> _FollowUp:
    return msgspec.structs.replace(instruction, contract=contract)


def _meant(named: ContractTerms, post: Post, conversation: Conversation) -> ContractTerms | None:
    if named.strike is not None:
        return None
    replied = conversation.replied_to
    if replied is not None and named.underlying in (None, replied.underlying):
        return replied
    return conversation.only(Stage.OPEN, on=post.posted_on, underlying=named.underlying)
