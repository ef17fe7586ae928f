"""Names what is more than one option: spreads, condors, flies. Never traded."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from autoscalper.parser.grammar.contracts import RIGHTS, Mention
from autoscalper.parser.grammar.lexicon import Meaning, meanings
from autoscalper.parser.grammar.post import Post
from autoscalper.parser.grammar.tokens import Kind, Token

#: What stands for more than it says, or is said in more than one way.
_NAMES = {
    "pcs": "a put credit spread",
    "ccs": "a call credit spread",
    "bps": "a bull put spread",
    "bcs": "a bull call spread",
    "ic": "an iron condor",
    "iron condor": "an iron condor",
    "iron fly": "an iron butterfly",
    "fly": "a butterfly",
    "butterfly": "a butterfly",
    "butterflies": "a butterfly",
    "vertical": "a vertical spread",
    "calendar": "a calendar spread",
    "diagonal": "a diagonal spread",
    "debit": "a debit spread",
    "credit": "a credit spread",
    "pmcc": "a poor man's covered call",
}
#: Words of a contract and a price: a name alone is chatter.
_FEWEST_NUMBERS = 2
_FEWEST_LEGS = 2
#: What joins the legs of one order: "60c/65c", "60c -1 65c".
_JOINTS = meanings("SLASH DASH PLUS AND")
#: What joins the strikes of one order: "60/65c", "60-65c".
_BETWEEN_STRIKES = meanings("SLASH DASH")
#: What in front of a count tells a leg that is bought from one that is sold.
_SIGNS = meanings("DASH PLUS")
#: Verbs of a leg that is bought and of one that is sold to open, or may be.
_BUYS = meanings("BUY_TO_OPEN ENTER BUYING TAKE LONG OPEN")
_SELLS = meanings("SELL SHORT WRITE")
_LEG_VERBS = _BUYS | _SELLS | meanings("SELL_TO_CLOSE TRIM CLOSE OUT STOPPED ADD")
#: What may stand between the joint and the strike of the leg behind it.
_OF_LEG = meanings("TICKER CALL PUT SELL SELL_TO_CLOSE CONTRACTS")
#: How far in front of the strike its joint may stand, in tokens.
_REACH = 10
#: From here on two numbers with a slash are no date: "60/65 calls".
_SMALLEST_PAIRED_STRIKE = 13


def strategy_in(post: Post) -> str | None:
    """Return what a post with numbers names that is more than one option, None if nothing."""
    words = [token.text.lower() for token in post.tokens if token.meaning is Meaning.SPREAD]
    numbers = sum(any(map(str.isdigit, token.text)) for token in post.tokens)
    if not words or numbers < _FEWEST_NUMBERS:
        return None
    # The longest says most: "iron condor" before "ic", "call spread" before "debit".
    word = max(words, key=len)
    singular = word.removesuffix("s") if word not in _NAMES else word
    # "spread for", "spread at": the word of the price belongs to the next part.
    for tail in (" for", " at", " @"):
        singular = singular.removesuffix(tail)
    article = "an" if singular[:1] in "aeiou" else "a"
    return _NAMES.get(singular, f"{article} {singular}")


def names_two_strikes(post: Post) -> bool:
    """Return whether the post names two strikes and one right: "60/65 calls"."""
    return any(
        token.kind is Kind.SLASHED
        and all(int(part) >= _SMALLEST_PAIRED_STRIKE for part in token.text.split("/"))
        and (right.meaning in RIGHTS or (right.word in ("c", "p") and right.start == token.end))
        for token, right in pairwise(post.tokens)
    )


def is_leg(post: Post, mention: Mention) -> bool:
    """Return whether a contract seems to be traded together with another one, as one order."""
    return _has_two_strikes(post, mention.strike_at) or any(
        mention in pair and _are_joined(post, *pair) for pair in pairwise(post.mentions)
    )


def sells_other_leg(post: Post) -> bool:
    """Return whether the post buys one contract and sells another of the same underlying.

    Each with a verb of its own, as in "BTO 60c" above "STO 65c". A plain "sold" in front of the
    purchase is the end of an earlier trade, and so is "STC" anywhere.
    """
    if post.meanings.isdisjoint(_SELLS) or len(post.mentions) < _FEWEST_LEGS:
        return False
    verbs = [(_verb_of(post, mention), mention) for mention in post.mentions]
    return any(
        bought in _BUYS
        and sold in _SELLS
        and (sold is not Meaning.SELL or one.first < other.first)
        and _share_underlying(one, other)
        and not _is_same(one, other)
        for bought, one in verbs
        for sold, other in verbs
    )


def is_sold(post: Post, mention: Mention) -> bool:
    """Return whether a minus stands before the count of a contract: "-1 XYZ 50c"."""
    at = _sign_before(post, mention, 0)
    return (
        at is not None
        and post.tokens[at].meaning is Meaning.DASH
        and _is_signed_count(post, at, mention)
    )


def _verb_of(post: Post, mention: Mention) -> Meaning | None:
    before = [each.last for each in post.mentions if each.last < mention.first]
    for index in range(mention.first - 1, max(before, default=-1), -1):
        if post.tokens[index].meaning in _LEG_VERBS:
            return post.tokens[index].meaning
    return None


def _share_underlying(one: Mention, other: Mention) -> bool:
    return None in (one.underlying, other.underlying) or one.underlying == other.underlying


def _has_two_strikes(post: Post, at: int) -> bool:
    tokens = post.tokens
    if at + 2 < len(tokens) and tokens[at + 2].suffix in ("c", "p") and _is_tight(tokens, at + 1):
        return True
    if at < 2 or tokens[at - 2].kind is not Kind.NUMBER or _is_expiry(post, at - 2):
        return False
    if _is_tight(tokens, at - 1):
        return True
    # "60 - 65c" are strikes, "2 - 65c" are a count and a strike
    before = tokens[at - 2]
    is_strike = _is_count(before) and before.number >= _SMALLEST_PAIRED_STRIKE
    return is_strike and tokens[at - 1].meaning in _BETWEEN_STRIKES


def _is_tight(tokens: Sequence[Token], index: int) -> bool:
    return (
        tokens[index].meaning in _BETWEEN_STRIKES
        and tokens[index - 1].end == tokens[index].start
        and tokens[index].end == tokens[index + 1].start
    )


def _is_expiry(post: Post, index: int) -> bool:
    return any(expiry.first <= index <= expiry.last for expiry in post.expiries)


def _are_joined(post: Post, one: Mention, other: Mention) -> bool:
    at = _sign_before(post, other, one.strike_at + 1)
    if at is None or _is_same(one, other):
        return False
    if _is_signed_count(post, at, other):
        return True
    between = post.tokens[one.strike_at + 1 : at]
    if other.underlying not in (None, one.underlying) or any(
        token.meaning is Meaning.NEWLINE for token in between
    ):
        return False
    match post.tokens[at].meaning:
        case Meaning.DASH:
            return True
        case Meaning.AND:
            # Two calls may be bought one by one, a call and a put make a strangle.
            return one.right is not other.right and not _has_price(between)
        case _:
            return not _has_price(between)


def _is_same(one: Mention, other: Mention) -> bool:
    return (
        one.strike == other.strike
        and one.right is other.right
        and (other.day is None or other.day == one.day)
    )


def _sign_before(post: Post, mention: Mention, first: int) -> int | None:
    first = max(first, mention.strike_at - _REACH)
    for index in range(mention.strike_at - 1, first - 1, -1):
        token = post.tokens[index]
        if token.meaning in _JOINTS:
            return index
        if not (
            token.meaning in _OF_LEG
            or index == mention.underlying_at
            or _is_count(token)
            or _is_expiry(post, index)
        ):
            return None
    return None


def _is_count(token: Token) -> bool:
    return token.kind is Kind.NUMBER and token.text.removesuffix("x").isdigit()


def _is_signed_count(post: Post, at: int, mention: Mention) -> bool:
    sign, count = post.tokens[at], post.tokens[at + 1]
    before = post.tokens[at - 1] if at else None
    is_apart = before is None or before.kind is Kind.NEWLINE or before.end < sign.start
    return (
        sign.meaning in _SIGNS
        and is_apart
        and sign.end == count.start
        and at + 1 != mention.strike_at
        and _is_count(count)
    )


def _has_price(tokens: Sequence[Token]) -> bool:
    return any(
        token.kind is Kind.NUMBER and (token.is_dollar or "." in token.text) for token in tokens
    )
