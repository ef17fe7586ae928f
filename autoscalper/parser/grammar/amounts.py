"""Reads amounts: the premium of a contract, the trader's quantity, the part of a position sold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

import msgspec

from autoscalper.parser.grammar.dates import Expiry
from autoscalper.parser.grammar.lexicon import Meaning, meanings
from autoscalper.parser.grammar.tokens import Kind, Token

#: What may stand between a contract and its price.
_PRICE_GLUE = meanings(
    "AT DASH COLON QUOTE NEWLINE FILLER MENTION PRICE_WORD AVERAGE LIGHT RISKY EXTREME PART SIZE "
    "COMMA EXPIRY_WORD CONTRACTS CALL PUT SENTENCE_END ENTER WEEKLY TODAY TOMORROW MONTH THIS "
    "DATE CHINESE_MONTH STRIKE PAREN SEPARATOR BUY_TO_OPEN"
)
#: Words that name the price.
_LABELS = meanings("AT PRICE_WORD AVERAGE")
#: The number behind one of these is a level, not the price.
_LEVEL_LABELS = meanings("STOP TRAIL TARGET")
_LABEL_GLUE = meanings("COLON FILLER AT QUOTE PRICE_WORD AVERAGE NEWLINE MENTION DASH")
#: How far behind the contract its price may stand, in tokens.
_REACH = 24
#: Two prices further apart than this may be where a trade began and ended.
WIDEST_RANGE = Decimal("1.2")
_FRACTIONS = {
    Meaning.HALF: Decimal("0.5"),
    Meaning.THIRD: Decimal("0.33"),
    Meaning.QUARTER: Decimal("0.25"),
    Meaning.TWO_THIRDS: Decimal("0.67"),
    Meaning.THREE_QUARTERS: Decimal("0.75"),
}
#: What makes the number before it a count.
_COUNTED = meanings("CONTRACTS SIZE STRIKE DAYS UNIT SLASH")
_SALES = meanings("SELL TRIM SELL_TO_CLOSE CLOSE OUT TAKE")


class Price(msgspec.Struct, gc=False):
    """A premium, token ``at``, and the upper end of its range."""

    at: int
    price: Decimal
    price_max: Decimal | None = None


def is_plain_number(tokens: Sequence[Token], index: int) -> bool:
    """Return whether the token is a number that could be a price: no unit, no count."""
    token = tokens[index]
    if token.kind is not Kind.NUMBER or token.suffix or token.number <= 0:
        return False
    # "+0.40" is a gain
    if index and tokens[index - 1].meaning is Meaning.PLUS:
        return False
    if index + 1 == len(tokens):
        return True
    after = tokens[index + 1].meaning
    if after not in _COUNTED:
        return True
    if after is Meaning.SLASH:
        return index + 2 == len(tokens) or tokens[index + 2].meaning is not Meaning.CONTRACTS
    return after is not Meaning.UNIT and (token.is_dollar or "." in token.text)


def price_after(tokens: Sequence[Token], start: int, skipped: set[int]) -> Price | None:
    """Return the price that follows token ``start`` directly."""
    for index in range(start, min(start + _REACH, len(tokens))):
        token = tokens[index]
        if index in skipped:
            continue
        if is_plain_number(tokens, index) and not _is_count_before_price(tokens, index):
            return _with_range(tokens, index)
        if (
            token.kind is Kind.SLASHED
            and index + 1 < len(tokens)
            and tokens[index + 1].meaning is Meaning.SIZE
        ):
            continue
        if token.kind is Kind.NUMBER and not token.is_dollar and not token.suffix:
            continue
        if token.meaning not in _PRICE_GLUE:
            return None
    return None


def _is_count_before_price(tokens: Sequence[Token], index: int) -> bool:
    # "10 @ 2.35"
    return (
        _is_count(tokens[index])
        and index + 2 < len(tokens)
        and tokens[index + 1].meaning is Meaning.AT
        and is_plain_number(tokens, index + 2)
    )


def labelled_price(
    tokens: Sequence[Token], first: int, stop: int, skipped: set[int]
) -> Price | None:
    """Return the number that a word such as "@", "entry" or "filled" names as the price."""
    for index in range(first, stop):
        if index in skipped or not is_plain_number(tokens, index):
            continue
        if any(token.meaning in _LEVEL_LABELS for token in tokens[max(first, index - 2) : index]):
            continue
        if index + 1 < stop and tokens[index + 1].meaning is Meaning.PRICE_WORD:
            return _with_range(tokens, index)
        before = index - 1
        while before >= first and tokens[before].meaning in _LABEL_GLUE - _LABELS:
            before -= 1
        if before >= first and tokens[before].meaning in _LABELS:
            return _with_range(tokens, index)
    return None


def is_range_mark(token: Token) -> bool:
    """Return whether a token between two prices makes them a range."""
    return token.meaning is Meaning.DASH or token.word == "to"


def _with_range(tokens: Sequence[Token], index: int) -> Price:
    price = tokens[index].number
    if index + 2 < len(tokens) and is_range_mark(tokens[index + 1]):
        upper = tokens[index + 2]
        widest = 3 if tokens[index].end == upper.start - 1 else WIDEST_RANGE
        if is_plain_number(tokens, index + 2) and price < upper.number <= price * widest:
            return Price(index, price, upper.number)
    return Price(index, price)


def find_price(
    tokens: Sequence[Token], first: int, last: int, expiries: Sequence[Expiry]
) -> Price | None:
    """Return the premium of the contract named by two tokens: beside it, else labelled as one."""
    skipped = {index for expiry in expiries for index in range(expiry.first, expiry.last + 1)}
    price = price_after(tokens, last + 1, skipped)
    if price is None:
        skipped.update(range(first, last + 1))
        price = labelled_price(tokens, 0, len(tokens), skipped)
    return price


def find_any_price(tokens: Sequence[Token], named: set[int]) -> Price | None:
    """Return the price of a post that names no contract: labelled as one, else the first number."""
    labelled = labelled_price(tokens, 0, len(tokens), named)
    if labelled is not None:
        return labelled
    for index in range(len(tokens)):
        if index not in named and is_plain_number(tokens, index):
            return _with_range(tokens, index)
    return None


def find_sale_price(tokens: Sequence[Token], first: int, stop: int, named: set[int]) -> int | None:
    """Return the token of the premium at which a clause says something was sold."""
    for index in range(first, stop):
        if index in named or not is_plain_number(tokens, index):
            continue
        before = tokens[index - 1] if index > 0 else None
        if before is not None and before.word == "from":
            continue
        token = tokens[index]
        if (
            token.is_dollar
            or "." in token.text
            or (before is not None and before.meaning is Meaning.AT)
        ):
            return index
    return None


def find_quantity(tokens: Sequence[Token], after: int, ticker_at: int | None) -> int | None:
    """Return the token that counts contracts: "4 cons", or the number before the ticker."""
    counted = Meaning.CONTRACTS
    for index in range(len(tokens) - 1):
        if tokens[index + 1].meaning is counted and _is_count(tokens[index]):
            return index
    if ticker_at is not None:
        for index in range(ticker_at - 1, after, -1):
            if _is_count(tokens[index]):
                return index
            if tokens[index].meaning not in (Meaning.PAREN, Meaning.FILLER, Meaning.CONTRACTS):
                return None
    return None


def _is_count(token: Token) -> bool:
    return (
        token.kind is Kind.NUMBER
        and not token.suffix
        and not token.is_dollar
        and 0 < token.number < 100_000
        and token.number == int(token.number)
    )


def fractions_in(
    tokens: Sequence[Token], first: int, stop: int, skipped: set[int]
) -> Iterator[tuple[int, Decimal]]:
    """Yield every fraction named: "half", "1/3", "3 of 15"."""
    for index in range(first, stop):
        token = tokens[index]
        if index in skipped:
            continue
        if token.meaning in _FRACTIONS:
            yield index, _FRACTIONS[token.meaning]
        elif token.kind is Kind.SLASHED and (part := _slashed_part(token.text)) is not None:
            yield index, part
        elif token.kind is Kind.NUMBER and (part := _counted_part(tokens, index, stop)) is not None:
            yield index, part


def _slashed_part(text: str) -> Decimal | None:
    part, whole, *rest = text.split("/")
    if rest or int(whole) == 0 or int(part) > int(whole):
        return None
    return Decimal(part) / Decimal(whole)


def _counted_part(tokens: Sequence[Token], index: int, stop: int) -> Decimal | None:
    if index + 2 >= stop or tokens[index + 1].word not in ("of", "out"):
        return None
    if index == 0 or tokens[index - 1].meaning not in _SALES:
        return None
    whole = tokens[index + 2]
    if whole.word == "of" and index + 3 < stop:
        whole = tokens[index + 3]
    if whole.kind is not Kind.NUMBER or whole.suffix or whole.number < tokens[index].number:
        return None
    return tokens[index].number / whole.number if whole.number else None
