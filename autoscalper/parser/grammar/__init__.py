"""Reads posts with a grammar: tables of words, small readers, and one decision that abstains when unsure."""

from __future__ import annotations

from datetime import date

from autoscalper.domain.reading import Abstained, Ignored, Instructed, Reading
from autoscalper.parser.grammar.decide import decide
from autoscalper.parser.grammar.findings import Doubt, Finding, Nothing
from autoscalper.parser.grammar.normalise import normalise
from autoscalper.parser.grammar.post import parse
from autoscalper.parser.grammar.tokens import MAX_TOKENS

#: A longer post is not acted on; Discord itself allows 4000 characters.
LONGEST_POST = 8000


def read(text: str, *, posted_on: date) -> Reading:
    """Return what a post of that New York date tells us to do; abstains rather than guesses."""
    if len(text) > LONGEST_POST:
        return Abstained(reason="longer than any alert")
    plain, disguised = normalise(text)
    if disguised:
        return Abstained(reason="characters that disguise others, or struck-out text")
    post = parse(plain, posted_on)
    if len(post.tokens) >= MAX_TOKENS:
        return Abstained(reason="longer than any alert")
    return _reading(decide(post))


def _reading(found: Finding | Doubt | Nothing) -> Reading:
    match found:
        case Finding():
            return Instructed(instruction=found.instruction, evidence=found.evidence)
        case Doubt():
            return Abstained(reason=found.reason)
        case Nothing():
            return Ignored(reason=found.reason)
