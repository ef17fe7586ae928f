"""Turns what the model claims into a reading, if the post itself bears it out. Pure.

The model says what a post means; what the post names (contract, expiry, numbers) is read from
its characters by the same code that the grammar uses. So a claim can choose among what was
written, and can add nothing to it.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import assert_never

from autoscalper.domain.contract import ContractTerms
from autoscalper.domain.instruction import (
    AddToTrade,
    CancelEntry,
    CloseTrade,
    ExitCause,
    Instruction,
    MoveStop,
    NotePlan,
    NoteRisk,
    OpenTrade,
    SetTargets,
    StopRule,
    TrimTrade,
)
from autoscalper.domain.reading import Abstained, Ignored, Instructed, Reading
from autoscalper.parser.claims import Claim, Deed
from autoscalper.parser.conversation import Conversation, Stage
from autoscalper.parser.grammar.amounts import find_price
from autoscalper.parser.grammar.context import complete
from autoscalper.parser.grammar.contracts import RIGHTS, Mention
from autoscalper.parser.grammar.doubts import why_not_single
from autoscalper.parser.grammar.entries import risk_level
from autoscalper.parser.grammar.findings import Finding
from autoscalper.parser.grammar.lexicon import Meaning, meanings
from autoscalper.parser.grammar.normalise import normalise
from autoscalper.parser.grammar.post import Clause, Post, assume_underlying, parse, terms_near
from autoscalper.parser.grammar.strategies import is_leg
from autoscalper.parser.machine_talk import speaks_to_machines
from autoscalper.parser.witness import Untrue, Witness, is_below

#: What makes a sentence no purchase, whatever is claimed of it.
_NO_PURCHASE = meanings("NOT IF ASK QUOTED PAST FLOW STILL OTHERS QUESTION_MARK CANCEL")
#: What makes a sentence no sale and no change of a level.
_NO_ACT = meanings("NOT IF ASK QUOTED QUESTION_MARK")
#: What makes a whole post no purchase of one option.
_NO_ENTRY_POST = meanings("SPREAD WRITE QUOTED RECAP CANCEL SHARES")
_FOR_PROGRAMS = "it is written for programs, not for people"
_RIGHT_WORDS = {"call": Meaning.CALL, "put": Meaning.PUT}


def check(claim: Claim, text: str, *, posted_on: date, conversation: Conversation) -> Reading:
    """Return the reading that follows from ``claim``; abstains where the post does not bear it out.

    ``posted_on`` is the post's New York date.
    """
    if claim.deed is Deed.NOTHING:
        return Ignored(reason="the model sees nothing to trade")
    if claim.deed is Deed.UNSURE:
        return Abstained(reason="the model is not sure either")
    plain, disguised = normalise(text)
    if disguised or speaks_to_machines(text):
        return Abstained(reason=_FOR_PROGRAMS)
    post = parse(plain, posted_on)
    if conversation.default_underlying is not None:
        assume_underlying(post, conversation.default_underlying)
    if not post.clauses:
        return Abstained(reason="nothing but a quote")
    witness = Witness(post, conversation)
    try:
        instruction = _instruction(claim, witness)
    except Untrue as untrue:
        return Abstained(reason=f"the model {untrue}")
    return Instructed(instruction=instruction, evidence=witness.evidence)


def for_people(reading: Reading, text: str) -> Reading:
    """Return ``reading``, unless it buys on the word of a post that is written for programs."""
    if is_purchase(reading) and speaks_to_machines(text):
        return Abstained(reason=_FOR_PROGRAMS)
    return reading


def is_purchase(reading: Reading) -> bool:
    """Return whether following ``reading`` would buy something."""
    return isinstance(reading, Instructed) and isinstance(
        reading.instruction, OpenTrade | AddToTrade
    )


def _instruction(claim: Claim, witness: Witness) -> Instruction:
    match claim.deed:
        case Deed.ENTER:
            return _enter(claim, witness)
        case Deed.ADD | Deed.TRIM | Deed.EXIT | Deed.TAKE_PROFIT | Deed.STOPPED_OUT:
            return _completed(_follow_up(claim, witness), witness)
        case Deed.MOVE_STOP | Deed.TARGETS:
            return _completed(_follow_up(claim, witness), witness)
        case Deed.CANCEL:
            return CancelEntry(contract=_named(claim, witness, witness.clause(claim.words)))
        case Deed.PLAN:
            return NotePlan(contract=_named(claim, witness, witness.clause(claim.words)))
        case Deed.RISK_NOTE:
            return NoteRisk()
        case Deed.NOTHING | Deed.UNSURE:
            raise Untrue("claimed nothing")
        case _:
            assert_never(claim.deed)


def _enter(claim: Claim, witness: Witness) -> OpenTrade:
    post = witness.post
    _forbid(post, witness.clause(claim.words), _NO_PURCHASE, "a purchase")
    if post.reports_gain:
        raise Untrue("sees a purchase in a report of a gain")
    mention = _mention(claim, post)
    if mention is None:
        contract, taken = _announced(claim, witness), post.named
    else:
        contract, taken = _mentioned(claim, witness, mention), _tokens_of(post, mention)
    if claim.price is None or contract.strike is None:
        raise Untrue("sees a purchase without a price")
    at, price = witness.number("price", claim.price, without=taken)
    if price >= contract.strike:
        raise Untrue("gave a price above the strike")
    taken = taken | {at}
    stop = witness.stop(claim.stop, price, taken) if claim.stop else None
    if not is_below(stop, price):
        raise Untrue("gave a stop above the price")
    return OpenTrade(
        contract=contract,
        price=price,
        quantity=witness.quantity(claim.quantity) if claim.quantity else None,
        stop=stop,
        targets=witness.targets(claim.targets, price, taken),
        risk_level=risk_level(post),
    )


def _mention(claim: Claim, post: Post) -> Mention | None:
    if not post.mentions:
        return None
    right = _RIGHT_WORDS.get((claim.right or "").lower())
    for mention in post.mentions:
        if claim.strike == f"{mention.strike.normalize():f}" or claim.strike == str(mention.strike):
            if right is not None and mention.right is RIGHTS[right]:
                return mention
    raise Untrue("gave a contract that the post does not name")


def _mentioned(claim: Claim, witness: Witness, mention: Mention) -> ContractTerms:
    post = witness.post
    reason = why_not_single(post, mention)
    if reason is not None:
        raise Untrue(f"sees a purchase in words that say otherwise: {reason}")
    _forbid(post, _around(post, mention), _NO_PURCHASE, "a purchase")
    underlying = mention.underlying or _only_underlying(claim, witness)
    if not _leaves_unsaid(claim, witness, mention) and (
        claim.underlying is None or witness.underlying(claim.underlying) != underlying
    ):
        raise Untrue("gave another underlying than the post")
    witness.saw("strike", mention.strike_at)
    expiry = _expiry(claim, witness, mention)
    return ContractTerms(
        underlying=underlying, strike=mention.strike, right=mention.right, expiry=expiry
    )


def _leaves_unsaid(claim: Claim, witness: Witness, mention: Mention) -> bool:
    # The post names no ticker, and the channel's own is meant.
    assumed = witness.conversation.default_underlying
    return (
        claim.underlying is None
        and assumed is not None
        and mention.underlying == assumed
        and mention.underlying_at is None
    )


def _around(post: Post, mention: Mention) -> Clause:
    first = min(c.first for c in post.clauses if mention.first < c.stop)
    stop = max(c.stop for c in post.clauses if mention.last >= c.first)
    asks = any(c.is_question for c in post.clauses if c.first < stop and first < c.stop)
    return Clause(first, stop, asks)


def _only_underlying(claim: Claim, witness: Witness) -> str:
    symbols = {terms.underlying for terms in witness.spoken_of()} - {None}
    found = symbols.pop() if len(symbols) == 1 else None
    if found is None:
        raise Untrue("sees a purchase whose underlying nobody named")
    return found


def _expiry(claim: Claim, witness: Witness, mention: Mention) -> date | None:
    post = witness.post
    days = {each.day for each in post.expiries}
    if mention.expiry is None and len(days) > 1:
        raise Untrue("sees one expiry where the post names several")
    if mention.expiry is None and not days:
        if claim.expiry:
            raise Untrue(f"gave an expiry that the post does not name: {claim.expiry[:20]!r}")
        return None
    found = mention.expiry or post.expiries[0]
    if found.day is None or found.day < post.posted_on:
        raise Untrue("sees a purchase with an expiry that cannot be")
    witness.saw("expiry", found.first, found.last)
    return found.day


def _announced(claim: Claim, witness: Witness) -> ContractTerms:
    post = witness.post
    if not post.meanings.isdisjoint(_NO_ENTRY_POST):
        raise Untrue("sees a purchase in what is something else")
    symbol = witness.underlying(claim.underlying) if claim.underlying else None
    terms = witness.conversation.replied_to or witness.conversation.only(
        Stage.PLANNED, on=post.posted_on, underlying=symbol
    )
    if terms is None or terms.strike is None or terms.right is None or terms.underlying is None:
        raise Untrue("sees a purchase of a contract that nobody named")
    if symbol not in (None, terms.underlying):
        raise Untrue("gave another underlying than the conversation")
    if claim.strike not in (None, f"{terms.strike.normalize():f}", str(terms.strike)):
        raise Untrue("gave another strike than the conversation")
    if any(each.day != terms.expiry for each in post.expiries):
        raise Untrue("sees a purchase with another expiry than was announced")
    return terms


def _tokens_of(post: Post, mention: Mention) -> set[int]:
    expiries = (range(each.first, each.last + 1) for each in post.expiries)
    own = find_price(post.tokens, mention.first, mention.last, post.expiries)
    taken = {index for each in expiries for index in each}
    taken |= {each.strike_at for each in post.mentions}
    return taken - ({own.at} if own is not None else set())


_FollowUp = AddToTrade | TrimTrade | CloseTrade | MoveStop | SetTargets
_CAUSES = {
    Deed.EXIT: ExitCause.EXIT,
    Deed.TAKE_PROFIT: ExitCause.TAKE_PROFIT,
    Deed.STOPPED_OUT: ExitCause.STOP_LOSS,
}


def _follow_up(claim: Claim, witness: Witness) -> _FollowUp:
    clause = witness.clause(claim.words)
    contract = _named(claim, witness, clause)
    forbidden = _NO_PURCHASE if claim.deed is Deed.ADD else _NO_ACT
    _forbid(witness.post, clause, forbidden, "something done")
    named = witness.post.named
    price = witness.number("price", claim.price, without=named)[1] if claim.price else None
    stop = witness.stop(claim.stop, price, named) if claim.stop else None
    match claim.deed:
        case Deed.ADD:
            return _add(claim, witness, contract, price, stop)
        case Deed.TRIM:
            return TrimTrade(
                contract=contract,
                fraction=witness.fraction(claim.fraction) if claim.fraction else None,
                quantity=witness.quantity(claim.quantity) if claim.quantity else None,
                price=price,
                stop=stop,
            )
        case Deed.MOVE_STOP:
            return MoveStop(contract=contract, stop=stop)
        case Deed.TARGETS:
            targets = witness.targets(claim.targets, None, named)
            if targets is None:
                raise Untrue("sees targets and names none")
            return SetTargets(contract=contract, targets=targets)
        case _:
            return CloseTrade(contract=contract, cause=_CAUSES[claim.deed], price=price)


def _add(
    claim: Claim,
    witness: Witness,
    contract: ContractTerms,
    price: Decimal | None,
    stop: StopRule | None,
) -> AddToTrade:
    post = witness.post
    is_report = post.reports_gain and claim.average is None
    has_legs = any(is_leg(post, mention) for mention in post.mentions)
    if is_report or has_legs or not post.meanings.isdisjoint(_NO_ENTRY_POST):
        raise Untrue("sees more bought in what is something else")
    average = None
    if claim.average:
        average = witness.number("average", claim.average, without=post.named)[1]
    premium = average or price
    if premium is None:
        raise Untrue("sees more bought without a price")
    return AddToTrade(
        contract=contract,
        price=price,
        average=average,
        stop=stop,
        targets=witness.targets(claim.targets, premium, post.named),
        risk_level=risk_level(post),
    )


def _named(claim: Claim, witness: Witness, clause: Clause) -> ContractTerms:
    terms, at = terms_near(witness.post, clause)
    if at is not None:
        witness.saw("underlying", at)
    if claim.underlying is None:
        return terms
    symbol = witness.underlying(claim.underlying)
    if terms.underlying == symbol:
        return terms
    if terms.underlying is None and terms.strike is None:
        return ContractTerms(underlying=symbol)
    raise Untrue("gave another underlying than the words that it quotes")


def _completed(follow_up: _FollowUp, witness: Witness) -> Instruction:
    return complete(Finding(follow_up), witness.post, witness.conversation).instruction


def _forbid(post: Post, clause: Clause, forbidden: frozenset[Meaning], what: str) -> None:
    for token in post.tokens[clause.first : clause.stop]:
        if token.meaning in forbidden:
            raise Untrue(f"sees {what} in words that say otherwise: {token.text}")
    if clause.is_question:
        raise Untrue(f"sees {what} in a question")
