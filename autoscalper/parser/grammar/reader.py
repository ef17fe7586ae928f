"""Reads one post: plain text, tokens, what it names, what it says; one reading in the end."""

from __future__ import annotations

from datetime import date

from autoscalper.domain.instruction import AddToTrade, OpenTrade
from autoscalper.domain.reading import Abstained, Ignored, Instructed, Reading
from autoscalper.parser.conversation import Conversation
from autoscalper.parser.grammar.contracts import ticker_at
from autoscalper.parser.grammar.decide import decide
from autoscalper.parser.grammar.doubts import MAY_BE_SPREAD
from autoscalper.parser.grammar.findings import Doubt, Finding, Nothing
from autoscalper.parser.grammar.normalise import normalise
from autoscalper.parser.grammar.post import Post, assume_underlying, parse
from autoscalper.parser.grammar.strategies import is_leg, names_two_strikes, strategy_in
from autoscalper.parser.grammar.tickers import FUTURES
from autoscalper.parser.grammar.tokens import MAX_TOKENS

#: A post that names more is a list: nobody trades all of it.
MOST_NAMED = 3
#: A longer post is not acted on; Discord itself allows 4000 characters.
LONGEST_POST = 8000


def read(text: str, *, posted_on: date, conversation: Conversation | None = None) -> Reading:
    """Return what a post tells us to do; abstains rather than guesses.

    ``posted_on`` is the New York date of the post, from which relative expiries count.
    ``conversation`` is what the author's earlier posts established; a contract is taken from it
    only where the post names none and the conversation has exactly one that fits.
    """
    if len(text) > LONGEST_POST:
        return Abstained(reason="longer than any alert")
    plain, disguised = normalise(text)
    if disguised:
        return Abstained(reason="characters that disguise others, or struck-out text")
    post = parse(plain, posted_on)
    if len(post.tokens) >= MAX_TOKENS:
        return Abstained(reason="longer than any alert")
    if conversation is not None and conversation.default_underlying is not None:
        assume_underlying(post, conversation.default_underlying)
    found = decide(post, conversation)
    multi_leg = _multi_leg(post, found)
    if multi_leg:
        return Abstained(reason=f"may be {multi_leg}", multi_leg=multi_leg)
    return _reading(found)


def underlyings_in(text: str, *, posted_on: date) -> tuple[str, ...]:
    """Return the underlyings that a post names in whatever way, the first ones, each once."""
    plain, _ = normalise(text[:LONGEST_POST])
    post = parse(plain, posted_on)
    named = [ticker_at(post.tokens, index) for index in range(len(post.tokens))]
    named += [mention.underlying for mention in post.mentions]
    once = dict.fromkeys(each for each in named if each is not None and each not in FUTURES)
    return tuple(once)[:MOST_NAMED]


def _multi_leg(post: Post, found: Finding | Doubt | Nothing) -> str:
    if isinstance(found, Finding) and not isinstance(found.instruction, OpenTrade | AddToTrade):
        return ""
    named = strategy_in(post)
    if named or isinstance(found, Nothing):
        return named or ""
    if isinstance(found, Finding):
        has_legs = any(is_leg(post, mention) for mention in post.mentions)
    else:
        has_legs = found.reason == MAY_BE_SPREAD or names_two_strikes(post)
    return "a spread" if has_legs else ""


def _reading(found: Finding | Doubt | Nothing) -> Reading:
    match found:
        case Finding():
            return Instructed(instruction=found.instruction, evidence=found.evidence)
        case Doubt():
            return Abstained(reason=found.reason)
        case Nothing():
            return Ignored(reason=found.reason)
