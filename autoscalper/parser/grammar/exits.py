"""Reads exits: did the author sell a part or all, now, and how much?"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from autoscalper.domain.instruction import CloseTrade, ExitCause, TrimTrade
from autoscalper.parser.grammar.amounts import find_sale_price, fractions_in
from autoscalper.parser.grammar.findings import Finding, evidence
from autoscalper.parser.grammar.levels import STOP_WORDS, find_stop
from autoscalper.parser.grammar.lexicon import Meaning, meanings
from autoscalper.parser.grammar.post import Post, terms_near
from autoscalper.parser.grammar.sale_verbs import SALE_VERBS, Sale, SaleVerb, find_sale
from autoscalper.parser.grammar.tokens import Kind, Token

#: What in a post means that no single bought option was sold.
_NO_SALE = meanings("RECAP WRITE SPREAD")
_PURCHASES = meanings("BUY_TO_OPEN ENTER BUYING")


def read_exit(post: Post) -> Finding | None:
    """Return the first sale that the post reports as happening now."""
    if post.meanings.isdisjoint(SALE_VERBS) or not post.meanings.isdisjoint(_NO_SALE):
        return None
    for clause in post.clauses:
        verb = None if clause.is_question else find_sale(post.tokens, clause)
        if verb is not None:
            return _finding(post, verb)
    return None


def _finding(post: Post, verb: SaleVerb) -> Finding:
    tokens = post.tokens
    fraction, quantity = _how_much(post, verb)
    terms, ticker_at = terms_near(post, verb.clause, verb.at)
    names_stop = not post.meanings.isdisjoint(STOP_WORDS)
    stop = find_stop(tokens, 0, len(tokens)) if names_stop else None
    taken = post.named if stop is None else post.named | set(range(stop.first, stop.last + 1))
    price_at = find_sale_price(tokens, verb.clause.first, _sale_stop(tokens, verb), taken)
    price = tokens[price_at].number if price_at is not None else None
    shown = evidence(tokens, verb=verb.at, underlying=ticker_at, price=price_at)
    sale = _whole_post_sale(post, verb, fraction, quantity)
    if sale is Sale.ALL:
        found = CloseTrade(contract=terms, cause=_cause(post, verb), price=price)
        return Finding(found, shown, verb.at)
    trim = TrimTrade(
        contract=terms,
        fraction=fraction,
        quantity=quantity,
        price=price,
        stop=stop.rule if stop is not None else None,
    )
    return Finding(trim, shown, verb.at)


def _sale_stop(tokens: Sequence[Token], verb: SaleVerb) -> int:
    for index in range(verb.at, verb.clause.stop):
        if tokens[index].meaning in _PURCHASES:
            return index
    return verb.clause.stop


def _whole_post_sale(
    post: Post, verb: SaleVerb, fraction: Decimal | None, quantity: int | None
) -> Sale:
    # "sold 2" is a part; "sold 5 AMD 180c" reports the whole, in the author's own size
    if fraction is not None or (quantity is not None and not post.mentions):
        return Sale.PART
    if (
        post.tokens[verb.at].meaning in (Meaning.SELL_TO_CLOSE, Meaning.CLOSE)
        and verb.sale is Sale.ALL
    ):
        return Sale.PART if _says_partial(post, verb) else Sale.ALL
    if verb.sale is Sale.PART and _takes_full_profit(post):
        return Sale.ALL
    return verb.sale


def _says_partial(post: Post, verb: SaleVerb) -> bool:
    if post.meanings & {Meaning.STOPPED} or any(
        token.meaning is Meaning.OUT and token.word != "out" for token in post.tokens
    ):
        return False
    return any(
        token.meaning in (Meaning.TRIM, Meaning.DOWN_TO)
        or (
            token.meaning is Meaning.LEAVE and token.word in ("leaving", "leave", "left", "holding")
        )
        for token in post.tokens[verb.at :]
    )


def _takes_full_profit(post: Post) -> bool:
    return any(
        post.tokens[index].meaning is Meaning.ALL
        and post.tokens[index + 1].meaning is Meaning.PROFIT
        for index in range(len(post.tokens) - 1)
    )


def _cause(post: Post, verb: SaleVerb) -> ExitCause:
    stopped = post.tokens[verb.at].meaning in (Meaning.STOP, Meaning.TRAIL)
    if stopped or Meaning.STOPPED in post.meanings:
        return ExitCause.STOP_LOSS
    is_target = Meaning.TARGET in post.meanings and Meaning.HIT in post.meanings
    return ExitCause.TAKE_PROFIT if is_target else ExitCause.EXIT


def _how_much(post: Post, verb: SaleVerb) -> tuple[Decimal | None, int | None]:
    tokens, clause = post.tokens, verb.clause
    part = next(
        (part for _, part in fractions_in(tokens, clause.first, clause.stop, post.named)), None
    )
    if part is None:
        part = next(
            (part for _, part in fractions_in(tokens, verb.at, len(tokens), post.named)), None
        )
    if part is None:
        part = _percent_sold(post, verb)
    quantity = _count_sold(tokens, verb)
    if part is None and quantity is not None:
        part = _part_of_kept(tokens, verb, quantity)
    if part is not None and tokens[verb.at].meaning in (Meaning.DOWN_TO, Meaning.LEAVE):
        part = 1 - part
    return (part if part is not None and 0 < part < 1 else None), quantity


def _percent_sold(post: Post, verb: SaleVerb) -> Decimal | None:
    tokens = post.tokens
    for at in range(verb.at + 1, len(tokens)):
        token = tokens[at]
        if token.kind is Kind.PERCENT and token.number < 100:
            word = tokens[at + 1] if at + 1 < len(tokens) else None
            if word is not None and (word.word == "of" or word.meaning is Meaning.SIZE):
                return token.number / 100
            if at == verb.at + 1 and (
                tokens[verb.at].meaning is Meaning.SELL
                or (word is not None and word.meaning is Meaning.OFF)
            ):
                return token.number / 100
    return None


def _count_sold(tokens: Sequence[Token], verb: SaleVerb) -> int | None:
    at = verb.at + 1
    if at >= verb.clause.stop or tokens[verb.at].meaning not in (
        Meaning.TRIM, Meaning.SELL, Meaning.SELL_TO_CLOSE, Meaning.CLOSE
    ):  # fmt: skip
        return None
    token = tokens[at]
    if token.kind is not Kind.NUMBER or token.suffix or token.is_dollar or "." in token.text:
        return None
    return int(token.number)


def _part_of_kept(tokens: Sequence[Token], verb: SaleVerb, quantity: int) -> Decimal | None:
    for at in range(verb.at + 2, verb.clause.stop - 1):
        token, kept = tokens[at], tokens[at + 1]
        if token.meaning is Meaning.LEAVE and kept.kind is Kind.NUMBER and not kept.suffix:
            return Decimal(quantity) / (quantity + kept.number)
    return None
