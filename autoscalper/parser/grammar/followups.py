"""Reads what neither opens nor closes a trade: adds, stops, targets, plans, notes."""

from __future__ import annotations

from itertools import chain

from autoscalper.domain.instruction import (
    AddToTrade,
    CancelEntry,
    MoveStop,
    NotePlan,
    NoteRisk,
    PriceBasis,
    SetTargets,
    Targets,
)
from autoscalper.parser.grammar.amounts import is_plain_number, labelled_price
from autoscalper.parser.grammar.entries import risk_level
from autoscalper.parser.grammar.findings import Finding, evidence
from autoscalper.parser.grammar.levels import STOP_WORDS, find_stop, find_targets
from autoscalper.parser.grammar.lexicon import Meaning, meanings
from autoscalper.parser.grammar.post import Clause, Post, terms_near
from autoscalper.parser.grammar.tokens import Kind

#: What before the verb means that it was not done.
_UNREAL = meanings("NOT IF FUTURE ASK PAST QUOTED OTHERS WATCH LOOKING_FOR RECAP STILL")
#: A stop named with an entry belongs to the entry.
_UNREAL_STOP = (_UNREAL - meanings("STILL OTHERS WATCH")) | meanings(
    "LONG SHORT ENTER BUYING BUY_TO_OPEN"
)
_ADDS = meanings("ADD AVERAGE")
_TAKES = meanings("TAKE ENTER BUYING")
_POSITION_WORDS = meanings("CONTRACTS CALL PUT TICKER")
_PLANS = meanings("LOAD WATCH LOOKING_FOR")
_PLAN_MARKS = _PLANS | meanings("LEVEL_NOUN LEVEL_WORD FUTURE")
_CAUTION = meanings("LIGHT RISKY EXTREME")
#: Words without a meaning that a sentence may have in front of what it reports.
_MOST_UNKNOWN = 2
#: Tokens of the longest post that can be a mere note of caution or a withdrawal.
_LONGEST_NOTE = 8
#: "add" by itself may be an order to others or a plan.
_BARE_ADDS = ("add", "adds", "dca")
_IDEAS = ("idea", "ideas", "setup", "setups")
_PLANNED_VERBS = meanings("TAKE TRIM ADD BUYING CLOSE SELL ENTER OUT")
#: Words that make a short post more than a word of caution.
_TRADING = _PLANNED_VERBS | meanings("IN PRICE_WORD")


def _is_real(post: Post, clause: Clause, verb: int, unreal: frozenset[Meaning]) -> bool:
    lead = [token.meaning for token in post.tokens[clause.first : verb]]
    is_own = bool(lead) and lead[-1] is Meaning.SELF
    few = is_own or lead.count(Meaning.UNKNOWN) <= _MOST_UNKNOWN
    return few and not unreal.intersection(lead)


def read_add(post: Post) -> Finding | None:
    """Return an add that the post reports as done."""
    if post.meanings.isdisjoint(_ADDS) and not _may_take_more(post):
        return None
    for clause in post.clauses:
        found = None if clause.is_question else _add(post, clause)
        if found is not None:
            return found
    return None


def _may_take_more(post: Post) -> bool:
    return "more" in post.text and not post.meanings.isdisjoint(_TAKES)


def _add(post: Post, clause: Clause) -> Finding | None:
    tokens = post.tokens
    verb = _add_verb(post, clause)
    average = _average(post, clause)
    if verb is None and (average is None or not _is_real(post, clause, average, _UNREAL)):
        return None
    price = None
    if verb is not None:
        taken = post.named if average is None else post.named | {average}
        price = labelled_price(tokens, clause.first, clause.stop, taken)
    price_at = price.at if price is not None else None
    premium_at = average if average is not None else price_at
    premium = tokens[premium_at].number if premium_at is not None else None
    stop = find_stop(tokens, 0, len(tokens), premium)
    targets = find_targets(tokens, 0, len(tokens), premium)
    found = AddToTrade(
        contract=terms_near(post, clause)[0],
        price=tokens[price_at].number if price_at is not None else None,
        average=tokens[average].number if average is not None else None,
        stop=stop.rule if stop is not None else None,
        targets=targets[0] if targets is not None else None,
        risk_level=risk_level(post),
    )
    at = verb if verb is not None else average or 0
    return Finding(found, evidence(tokens, verb=verb, average=average, price=price_at), at)


def _add_verb(post: Post, clause: Clause) -> int | None:
    for index in range(clause.first, clause.stop):
        token = post.tokens[index]
        before = post.tokens[index - 1] if index > clause.first else None
        is_done = token.meaning is Meaning.ADD and (
            token.word not in _BARE_ADDS or (before is not None and before.meaning is Meaning.LIGHT)
        )
        follows = post.tokens[index + 1] if index + 1 < clause.stop else token
        if follows.kind is Kind.PERCENT:
            continue
        if is_done or _takes_more(post, clause, index):
            return index if _is_real(post, clause, index, _UNREAL) else None
    return None


def _takes_more(post: Post, clause: Clause, index: int) -> bool:
    tokens = post.tokens
    return (
        tokens[index].meaning in _TAKES
        and index + 2 < clause.stop
        and tokens[index + 1].word == "more"
        and tokens[index + 2].meaning in _POSITION_WORDS
    )


def _average(post: Post, clause: Clause) -> int | None:
    if Meaning.AVERAGE not in post.meanings:
        return None
    for index in range(clause.first, clause.stop):
        if post.tokens[index].meaning is not Meaning.AVERAGE:
            continue
        after = range(index + 1, min(index + 5, clause.stop))
        before = range(index - 1, max(index - 4, clause.first - 1), -1)
        for at in chain(after, before):
            if at not in post.named and is_plain_number(post.tokens, at):
                return at
    return None


def read_stop(post: Post) -> Finding | None:
    """Return a stop that the post sets or moves."""
    if post.meanings.isdisjoint(STOP_WORDS):
        return None
    for clause in post.clauses:
        level = None if clause.is_question else find_stop(post.tokens, clause.first, clause.stop)
        if level is None or (level.rule is None and level.first == level.last):
            continue
        if _is_real(post, clause, level.first, _UNREAL_STOP):
            found = MoveStop(contract=terms_near(post, clause)[0], stop=level.rule)
            return Finding(found, evidence(post.tokens, stop=level.last), level.first)
    return None


def read_targets(post: Post) -> Finding | None:
    """Return take-profit levels named without an entry."""
    if Meaning.TARGET not in post.meanings:
        return _headed_for(post)
    for clause in post.clauses:
        found = find_targets(post.tokens, clause.first, clause.stop)
        if found is not None and not clause.is_question:
            targets, at = found
            return Finding(
                SetTargets(contract=terms_near(post, clause)[0], targets=targets),
                tuple(e for index in at for e in evidence(post.tokens, target=index)),
                at[0],
            )
    return None


def _headed_for(post: Post) -> Finding | None:
    # "SPY to 687"
    tokens = [token for token in post.tokens if token.meaning is not Meaning.MENTION]
    if len(tokens) != 3 or tokens[0].meaning is not Meaning.TICKER or tokens[1].word != "to":
        return None
    if tokens[2].kind is not Kind.NUMBER or tokens[2].suffix or tokens[2].number <= 0:
        return None
    targets = Targets(prices=(tokens[2].number,), basis=PriceBasis.UNDERLYING)
    contract = terms_near(post, post.clauses[0])[0]
    at = post.tokens.index(tokens[2])
    return Finding(
        SetTargets(contract=contract, targets=targets), evidence(post.tokens, target=at), at
    )


def read_note(post: Post) -> Finding | None:
    """Return a withdrawn idea, a plan or a word of caution."""
    if Meaning.CANCEL in post.meanings and len(post.tokens) <= _LONGEST_NOTE:
        return Finding(CancelEntry())
    if not post.meanings.isdisjoint(_PLAN_MARKS):
        for clause in post.clauses:
            if not clause.is_question and _is_plan(post, clause):
                return Finding(NotePlan(contract=terms_near(post, clause)[0]))
    is_short = len(post.tokens) <= _LONGEST_NOTE
    if is_short and post.meanings & _CAUTION and post.meanings.isdisjoint(_TRADING):
        return Finding(NoteRisk(risk_level=risk_level(post)))
    return None


def _is_plan(post: Post, clause: Clause) -> bool:
    tokens = post.tokens[clause.first : clause.stop]
    meanings = [token.meaning for token in tokens]
    if any(token.meaning in _PLANS and token.word not in _IDEAS for token in tokens[:4]):
        return Meaning.TICKER in meanings or bool(post.mentions)
    if Meaning.NUMBER in meanings and any(
        token.meaning is Meaning.LEVEL_NOUN and token.word.startswith("add ") for token in tokens
    ):
        return True
    if Meaning.LEVEL_WORD in meanings[:2] and Meaning.NUMBER in meanings:
        return Meaning.CALL in meanings or Meaning.PUT in meanings
    if Meaning.FUTURE in meanings[:4] and Meaning.NOT not in meanings:
        return bool(_PLANNED_VERBS.intersection(meanings[meanings.index(Meaning.FUTURE) :]))
    return False
