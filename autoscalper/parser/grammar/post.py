"""A post as the grammar sees it: tokens, their clauses, the expiries and contracts they name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from autoscalper.domain.contract import ContractTerms
from autoscalper.parser.grammar.amounts import WIDEST_RANGE, is_plain_number
from autoscalper.parser.grammar.contracts import (
    NUMBERED,
    RIGHTS,
    Mention,
    find_labelled,
    find_mentions,
    ticker_at,
)
from autoscalper.parser.grammar.dates import DATED, Expiry, find_expiries
from autoscalper.parser.grammar.lexicon import Meaning, meanings
from autoscalper.parser.grammar.tokens import Kind, Token, tokenise

_BOUNDARIES = meanings("NEWLINE SENTENCE_END QUESTION_MARK PAREN SEPARATOR COMMA")
#: What begins a new thought behind a comma.
_ANEW = meanings("SELF OUT TRIM STOP")
_BESIDE_LEVELS = meanings("STOP TRAIL TARGET SIZE RISKY")
_GAINS = meanings("ARROW NUMBER STATUS")


class Clause(msgspec.Struct, gc=False):
    """Tokens ``first`` up to, not including, ``stop``: a line or a sentence."""

    first: int
    stop: int
    is_question: bool


class Post(msgspec.Struct):
    """One post, read but not yet understood."""

    text: str
    tokens: Sequence[Token]
    clauses: Sequence[Clause]
    expiries: Sequence[Expiry]
    mentions: Sequence[Mention]
    meanings: set[Meaning]
    posted_on: date
    #: Tokens that belong to a contract or an expiry, and so are no price, count or fraction.
    named: set[int]
    #: Whether the post says how a trade went: "+25%", "1.20 -> 1.80", "P/L".
    reports_gain: bool


def clause_of(post: Post, index: int) -> Clause:
    """Return the clause that a token stands in."""
    for clause in post.clauses:
        if index < clause.stop:
            return clause
    return post.clauses[-1]


def terms_near(
    post: Post, clause: Clause, verb: int | None = None
) -> tuple[ContractTerms, int | None]:
    """Return what the post says of a contract, and the ticker's token.

    The clause's own words come first, those behind the verb before those in front of it.
    """
    for first, stop in _windows(post, clause, verb):
        for index in range(first, stop):
            mention = next((m for m in post.mentions if m.first <= index <= m.last), None)
            if mention is not None:
                return mention.terms, mention.underlying_at
            if post.tokens[index].meaning is Meaning.TICKER:
                return _bare_terms(post, clause, ticker_at(post.tokens, index)), index
    return _bare_terms(post, clause, None), None


def _windows(post: Post, clause: Clause, verb: int | None) -> tuple[tuple[int, int], ...]:
    if not post.mentions and Meaning.TICKER not in post.meanings:
        return ()
    behind = (clause.first if verb is None else verb, clause.stop)
    return behind, (clause.first, clause.stop), (0, len(post.tokens))


def _bare_terms(post: Post, clause: Clause, symbol: str | None) -> ContractTerms:
    if post.meanings.isdisjoint(RIGHTS):
        return ContractTerms(underlying=symbol)
    named = {token.meaning for token in post.tokens[clause.first : clause.stop]} & RIGHTS.keys()
    return ContractTerms(underlying=symbol, right=RIGHTS[named.pop()] if len(named) == 1 else None)


def parse(text: str, today: date) -> Post:
    """Return the post with everything it names found; ``text`` is plain."""
    tokens = tokenise(text)
    if ">" in text:
        tokens = _without_quoted_lines(tokens)
    meanings = {token.meaning for token in tokens}
    expiries = find_expiries(tokens, today) if meanings & DATED else []
    mentions = find_mentions(tokens, expiries) if meanings & NUMBERED else []
    if not mentions and Meaning.STRIKE in meanings:
        mentions = find_labelled(tokens, expiries)
    named: set[int] = set()
    for expiry in expiries:
        named.update(range(expiry.first, expiry.last + 1))
    for mention in mentions:
        named.update(range(mention.first, mention.last + 1))
    return Post(
        text=text,
        tokens=tokens,
        clauses=_clauses(tokens),
        expiries=expiries,
        mentions=mentions,
        meanings=meanings,
        posted_on=today,
        named=named,
        reports_gain=bool(meanings & _GAINS) and _reports_gain(tokens),
    )


def assume_underlying(post: Post, underlying: str) -> None:
    """Let the contracts that ``post`` names without their ticker be of ``underlying``.

    A word that nobody knows may be a ticker as well: then nothing is assumed.
    """
    named = {ticker_at(post.tokens, index) for index in range(len(post.tokens))}
    if named - {None, underlying}:
        return
    for mention in post.mentions:
        before = post.tokens[mention.first - 1] if mention.first else None
        is_unknown = (
            before is not None and before.kind is Kind.WORD and before.meaning is Meaning.UNKNOWN
        )
        if mention.underlying is None and not is_unknown:
            mention.underlying = underlying


def _without_quoted_lines(tokens: list[Token]) -> list[Token]:
    kept: list[Token] = []
    quoted = False
    before = Meaning.NEWLINE
    for index, token in enumerate(tokens):
        if token.meaning is Meaning.NEWLINE:
            quoted = False
        elif before is Meaning.NEWLINE and token.text == ">":
            quoted = True
            if index + 2 < len(tokens) and tokens[index + 1].text == tokens[index + 2].text == ">":
                break
        if not quoted:
            kept.append(token)
        before = token.meaning
    return kept


def _reports_gain(tokens: Sequence[Token]) -> bool:
    for index, token in enumerate(tokens):
        meaning = token.meaning
        if meaning not in _GAINS:
            continue
        if meaning is Meaning.NUMBER:
            if token.kind is Kind.PERCENT:
                if not _is_level(tokens, index):
                    return True
            elif index >= 2 and tokens[index - 1].text == "to" and _is_journey(tokens, index):
                return True
        elif meaning is Meaning.ARROW or (
            meaning is Meaning.STATUS and _is_label(token, tokens[index + 1 : index + 2])
        ):
            return True
    return False


def _is_label(token: Token, after: Sequence[Token]) -> bool:
    return token.text[-1] == ":" or any(
        each.meaning is Meaning.COLON or each.kind is Kind.NUMBER for each in after
    )


def _is_journey(tokens: Sequence[Token], index: int) -> bool:
    return (
        is_plain_number(tokens, index - 2)
        and is_plain_number(tokens, index)
        and tokens[index].number > tokens[index - 2].number * WIDEST_RANGE
    )


def _is_level(tokens: Sequence[Token], index: int) -> bool:
    if index + 1 < len(tokens) and tokens[index + 1].text == "of":
        return True
    near = tokens[max(0, index - 3) : index + 3]
    return any(token.meaning in _BESIDE_LEVELS for token in near)


def _starts_anew(tokens: Sequence[Token], first: int, index: int) -> bool:
    if index + 1 == len(tokens) or tokens[index + 1].meaning not in _ANEW:
        return False
    # "if it drops, out": the condition reaches over the comma.
    return all(token.meaning is not Meaning.IF for token in tokens[first:index])


def _clauses(tokens: Sequence[Token]) -> list[Clause]:
    clauses: list[Clause] = []
    first = 0
    for index, token in enumerate(tokens):
        meaning = token.meaning
        if meaning in _BOUNDARIES and (
            meaning is not Meaning.COMMA or _starts_anew(tokens, first, index)
        ):
            if index > first:
                clauses.append(Clause(first, index, token.meaning is Meaning.QUESTION_MARK))
            first = index + 1
    if first < len(tokens):
        clauses.append(Clause(first, len(tokens), False))
    return clauses
