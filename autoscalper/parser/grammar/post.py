"""A post as the grammar sees it: tokens, the clauses they form, the expiries and contracts they name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from autoscalper.domain.contract import ContractTerms
from autoscalper.parser.grammar.amounts import WIDEST_RANGE, is_plain_number
from autoscalper.parser.grammar.contracts import RIGHTS, Mention, find_mentions, ticker_at
from autoscalper.parser.grammar.dates import Expiry, find_expiries
from autoscalper.parser.grammar.lexicon import Meaning
from autoscalper.parser.grammar.tokens import Kind, Token, tokenise

_BOUNDARIES = frozenset({
    Meaning.NEWLINE, Meaning.SENTENCE_END, Meaning.QUESTION_MARK, Meaning.PAREN,
})  # fmt: skip


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
    meanings: frozenset[Meaning]
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


def terms_near(post: Post, clause: Clause) -> tuple[ContractTerms, int | None]:
    """Return what the post says of a contract, the clause's own words first, and the ticker's token."""
    inside = [m for m in post.mentions if clause.first <= m.strike_at < clause.stop]
    for mention in (*inside, *post.mentions):
        return mention.terms, mention.underlying_at
    for index in (*range(clause.first, clause.stop), *range(len(post.tokens))):
        symbol = ticker_at(post.tokens, index)
        if symbol is not None:
            return _bare_terms(post, clause, symbol), index
    return _bare_terms(post, clause, None), None


def _bare_terms(post: Post, clause: Clause, symbol: str | None) -> ContractTerms:
    rights = {RIGHTS.get(token.meaning) for token in post.tokens[clause.first : clause.stop]} - {None}
    return ContractTerms(underlying=symbol, right=rights.pop() if len(rights) == 1 else None)


def parse(text: str, today: date) -> Post:
    """Return the post with everything it names found; ``text`` is plain."""
    tokens = _without_quoted_lines(tokenise(text))
    expiries = find_expiries(tokens, today)
    mentions = find_mentions(tokens, expiries)
    named = {index for expiry in expiries for index in range(expiry.first, expiry.last + 1)}
    named.update(index for mention in mentions for index in range(mention.first, mention.last + 1))
    return Post(
        text=text,
        tokens=tokens,
        clauses=_clauses(tokens),
        expiries=expiries,
        mentions=mentions,
        meanings=frozenset(token.meaning for token in tokens),
        posted_on=today,
        named=named,
        reports_gain=_reports_gain(tokens),
    )


def _without_quoted_lines(tokens: list[Token]) -> list[Token]:
    if not any(token.text == ">" for token in tokens):
        return tokens
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
        if token.meaning is Meaning.ARROW:
            return True
        if token.kind is Kind.PERCENT and not _is_level(tokens, index):
            return True
        if token.kind is Kind.NUMBER and index >= 2 and _is_journey(tokens, index):
            return True
        if token.meaning is Meaning.STATUS and index + 1 < len(tokens):
            after = tokens[index + 1]
            if token.text[-1] == ":" or after.meaning is Meaning.COLON or after.kind is Kind.NUMBER:
                return True
    return False


def _is_journey(tokens: Sequence[Token], index: int) -> bool:
    return (
        tokens[index - 1].word == "to"
        and is_plain_number(tokens, index - 2)
        and is_plain_number(tokens, index)
        and tokens[index].number > tokens[index - 2].number * WIDEST_RANGE
    )


def _is_level(tokens: Sequence[Token], index: int) -> bool:
    near = {tokens[at].meaning for at in range(max(0, index - 3), min(index + 3, len(tokens)))}
    follows = tokens[index + 1].word if index + 1 < len(tokens) else ""
    return follows == "of" or bool(
        near & {Meaning.STOP, Meaning.TRAIL, Meaning.TARGET, Meaning.SIZE, Meaning.RISKY}
    )


def _starts_anew(tokens: Sequence[Token], index: int) -> bool:
    return (
        tokens[index].meaning is Meaning.COMMA
        and index + 1 < len(tokens)
        and tokens[index + 1].meaning in (Meaning.SELF, Meaning.OUT, Meaning.TRIM, Meaning.STOP)
    )


def _clauses(tokens: Sequence[Token]) -> list[Clause]:
    clauses: list[Clause] = []
    first = 0
    for index, token in enumerate(tokens):
        if token.meaning in _BOUNDARIES or _starts_anew(tokens, index):
            if index > first:
                clauses.append(Clause(first, index, token.meaning is Meaning.QUESTION_MARK))
            first = index + 1
    if first < len(tokens):
        clauses.append(Clause(first, len(tokens), False))
    return clauses
