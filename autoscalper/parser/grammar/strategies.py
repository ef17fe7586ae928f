"""Names what is more than one option: spreads, condors, flies. Never traded."""

from __future__ import annotations

from autoscalper.parser.grammar.lexicon import Meaning
from autoscalper.parser.grammar.post import Post

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
