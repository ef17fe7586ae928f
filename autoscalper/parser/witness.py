"""Finds in a post what a claim quotes from it. What is not there is not true. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from decimal import Decimal

from autoscalper.domain.contract import ContractTerms
from autoscalper.domain.instruction import (
    PriceBasis,
    StopAt,
    StopAtBreakEven,
    StopRule,
    Targets,
)
from autoscalper.domain.reading import Evidence
from autoscalper.parser.conversation import Conversation
from autoscalper.parser.grammar.amounts import fractions_in, is_plain_number
from autoscalper.parser.grammar.levels import basis_of, runner_after
from autoscalper.parser.grammar.lexicon import Meaning
from autoscalper.parser.grammar.normalise import normalise
from autoscalper.parser.grammar.post import Clause, Post, clause_of
from autoscalper.parser.grammar.tickers import canonical, may_be_ticker
from autoscalper.parser.grammar.tokens import Kind, tokenise

_NUMBER = re.compile(r"\$?((?:\d{1,3}(?:,\d{3})+|\d{1,6})(?:\.\d{1,4})?|\.\d{1,4})")
_TO_ENTRY = frozenset(("entry", "entries"))


class Untrue(Exception):
    """A claim that the post does not bear out; the text goes on after "the model"."""


class Witness:
    """A post, asked for quotes; what it finds becomes evidence."""

    def __init__(self, post: Post, conversation: Conversation) -> None:
        """Look into ``post``, and for contracts also into the ``conversation``."""
        self.post = post
        self.conversation = conversation
        self._evidence: dict[str, Evidence] = {}

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Return the characters of everything that was found."""
        return tuple(self._evidence.values())

    def clause(self, words: str) -> Clause:
        """Return the clause in which the words of the deed stand.

        Raises:
            Untrue: they do not stand in the post.
        """
        first, _ = self._span("words", words)
        return clause_of(self.post, first)

    def number(
        self, field: str, quote: str, *, without: Collection[int] = ()
    ) -> tuple[int, Decimal]:
        """Return the token of a quoted number, none of ``without``, and the number.

        Raises:
            Untrue: the post has no such number, or it counts or names something else.
        """
        value = _value(field, quote)
        for index, token in enumerate(self.post.tokens):
            if (
                token.number == value
                and index not in without
                and is_plain_number(self.post.tokens, index)
            ):
                self.saw(field, index)
                return index, value
        raise Untrue(f"gave a {field} that the post does not name: {quote}")

    def quantity(self, quote: str) -> int:
        """Return a quoted number of contracts.

        Raises:
            Untrue: the post has no such number, or it is not whole.
        """
        value = _value("quantity", quote)
        for index, token in enumerate(self.post.tokens):
            if token.kind is Kind.NUMBER and token.number == value and value == int(value) > 0:
                self.saw("quantity", index)
                return int(value)
        raise Untrue(f"gave a quantity that the post does not name: {quote}")

    def underlying(self, quote: str) -> str:
        """Return the symbol that is quoted, from the post or the conversation.

        Raises:
            Untrue: neither names it as a symbol.
        """
        symbol = canonical(normalise(quote)[0].strip())
        for index, token in enumerate(self.post.tokens):
            is_symbol = token.meaning is Meaning.TICKER or may_be_ticker(token.text)
            if is_symbol and canonical(token.text) == symbol:
                self.saw("underlying", index)
                return symbol
        named = [mention.underlying for mention in self.post.mentions]
        if symbol not in (*named, *(terms.underlying for terms in self.spoken_of())):
            raise Untrue(f"gave an underlying that nobody named: {quote[:20]}")
        return symbol

    def fraction(self, quote: str) -> Decimal | None:
        """Return the quoted part of a position, None for a word that names no number.

        Raises:
            Untrue: the words do not stand in the post.
        """
        first, last = self._span("fraction", quote)
        found = list(fractions_in(self.post.tokens, first, last + 1, self.post.named))
        return found[0][1] if len(found) == 1 and 0 < found[0][1] < 1 else None

    def stop(self, quote: str, premium: Decimal | None, taken: Collection[int] = ()) -> StopRule:
        """Return the quoted stop.

        Raises:
            Untrue: the post names no such price, nor break-even.
        """
        tokens = tokenise(normalise(quote)[0])
        words = {word for token in tokens for word in token.word.split()}
        if words & _TO_ENTRY or any(t.meaning is Meaning.BREAK_EVEN for t in tokens):
            self._span("stop", quote)
            return StopAtBreakEven()
        _, price = self.number("stop", quote, without=taken)
        return StopAt(price=price, basis=basis_of(price, premium))

    def targets(
        self, quotes: tuple[str, ...], premium: Decimal | None, taken: Collection[int] = ()
    ) -> Targets | None:
        """Return the quoted targets, None without any.

        Raises:
            Untrue: the post does not name one of them.
        """
        if not quotes:
            return None
        found = [self.number("targets", quote, without=taken) for quote in quotes]
        prices = [price for _, price in found]
        return Targets(
            prices=tuple(dict.fromkeys(prices)),
            basis=basis_of(prices[0], premium),
            leaves_runner=runner_after(self.post.tokens, max(at for at, _ in found)) is not None,
        )

    def spoken_of(self) -> tuple[ContractTerms, ...]:
        """Return the contracts of the conversation, the one that is replied to first."""
        replied = self.conversation.replied_to
        subjects = tuple(subject.contract for subject in self.conversation.subjects)
        return subjects if replied is None else (replied, *subjects)

    def saw(self, field: str, first: int, last: int | None = None) -> None:
        """Keep the characters of tokens ``first`` to ``last`` as evidence of ``field``."""
        tokens = self.post.tokens
        end = tokens[first if last is None else last].end
        self._evidence[field] = Evidence(field=field, start=tokens[first].start, end=end)

    def _span(self, field: str, quote: str) -> tuple[int, int]:
        wanted = [token.word for token in tokenise(normalise(quote)[0])]
        words = [token.word for token in self.post.tokens]
        for first in range(len(words) - len(wanted) + 1):
            if wanted and words[first : first + len(wanted)] == wanted:
                last = first + len(wanted) - 1
                self.saw(field, first, last)
                return first, last
        raise Untrue(f"gave {field} that do not stand in the post: {quote[:40]!r}")


def is_below(stop: StopRule | None, premium: Decimal | None) -> bool:
    """Return whether a stop can protect an entry at ``premium``."""
    if not isinstance(stop, StopAt) or stop.basis is PriceBasis.UNDERLYING or premium is None:
        return True
    return stop.price < premium


def _value(field: str, quote: str) -> Decimal:
    number = _NUMBER.fullmatch(normalise(quote)[0].strip())
    if number is None:
        raise Untrue(f"gave a {field} that is no number: {quote[:20]!r}")
    return Decimal(number[1].replace(",", ""))
