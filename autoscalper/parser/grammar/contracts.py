"""Finds the contracts that a post names: a strike with its right, ticker and expiry beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import msgspec

from autoscalper.domain.contract import ContractTerms, Right
from autoscalper.parser.grammar.dates import Expiry
from autoscalper.parser.grammar.lexicon import Meaning, meanings
from autoscalper.parser.grammar.tickers import (
    LONGEST_SYMBOL,
    TICKERS,
    canonical,
    may_be_ticker,
)
from autoscalper.parser.grammar.tokens import Kind, Token

_RIGHTS = {
    "c": Right.CALL, "call": Right.CALL, "calls": Right.CALL,
    "p": Right.PUT, "put": Right.PUT, "puts": Right.PUT,
}  # fmt: skip
#: Meanings without which no contract is named.
NUMBERED = meanings("NUMBER CONTRACT_SYMBOL")
#: The right that a word means.
RIGHTS = {Meaning.CALL: Right.CALL, Meaning.PUT: Right.PUT}
#: A post with more contracts is a list; the rest is not looked at.
MOST_MENTIONS = 20
#: How far, in tokens, ticker and expiry may stand from the strike.
_REACH = 14
#: A whole number below this before a spelled-out "calls" may be a count of contracts.
_SMALLEST_PLAIN_STRIKE = 20
#: Strikes are listed in halves of a dollar at the finest, but for a few low ones.
_STRIKE_STEP = Decimal("0.5")
_SYMBOL = re.compile(r"\.?([A-Z]{1,6}) {0,2}(\d\d)(\d\d)(\d\d)([CP])(\d+(?:\.\d+)?)")
#: What may stand between the parts of one contract.
_GLUE = meanings(
    "FILLER DASH COLON COMMA NEWLINE SIZE SLASHED LIGHT RISKY EXTREME MENTION CONTRACTS "
    "EXPIRY_WORD STRIKE PRICE_WORD QUOTE PART WEEKLY MONTHLY CALL PUT THIS AND HALF QUARTER AT "
    "PAREN SEPARATOR"
)
#: What may stand between a leading expiry and the contract: "0DTE LOTTO: ...".
_LEADING_GLUE = meanings("FILLER DASH EXPIRY_WORD COMMA COLON LIGHT RISKY CONTRACTS PRICE_WORD")
#: What may stand between the strike and a ticker behind it: "505 calls on MSFT".
_TRAILING_GLUE = meanings("FILLER EXPIRY_WORD MENTION")
#: What may stand between a symbol that is also a word and its strike.
_INNER_GLUE = meanings("DASH COLON NEWLINE CALL PUT EXPIRY_WORD WEEKLY")
#: What may stand before a symbol that is also a word.
_BEFORE_SYMBOL = meanings(
    "BUY_TO_OPEN SELL_TO_CLOSE ENTER BUYING IN OPEN NEWLINE MENTION COLON TAKE LONG SHORT PART "
    "LIGHT RISKY SENTENCE_END SEPARATOR PAREN LOAD CLOSE TRIM OUT SELL WATCH"
)


class Mention(msgspec.Struct, gc=False):
    """A contract named by tokens ``first`` to ``last``."""

    first: int
    last: int
    strike_at: int
    strike: Decimal
    right: Right
    underlying_at: int | None = None
    underlying: str | None = None
    expiry: Expiry | None = None

    @property
    def day(self) -> date | None:
        """The expiry's date, None if the post names none."""
        return self.expiry.day if self.expiry else None

    @property
    def terms(self) -> ContractTerms:
        """What the mention says of the contract."""
        return ContractTerms(
            underlying=self.underlying, expiry=self.day, strike=self.strike, right=self.right
        )


def find_mentions(tokens: Sequence[Token], expiries: Sequence[Expiry]) -> list[Mention]:
    """Return the contracts named in the post, in its order."""
    expiry_at = {
        index: expiry for expiry in expiries for index in range(expiry.first, expiry.last + 1)
    }
    found: list[Mention] = []
    for index, token in enumerate(tokens):
        if token.meaning not in NUMBERED or index in expiry_at:
            continue
        if len(found) == MOST_MENTIONS:
            break
        if found and index <= found[-1].last:
            continue
        mention = _strike(tokens, index, expiry_at)
        if mention is not None:
            _find_ticker(tokens, mention, expiry_at)
            _find_expiry(tokens, mention, expiry_at)
            found.append(mention)
    return found


def find_labelled(tokens: Sequence[Token], expiries: Sequence[Expiry]) -> list[Mention]:
    """Return the contract of a form: "Ticker: XYZ", "Strike: 50", "Type: Call", one of each."""
    strikes = [
        index + offset
        for index, token in enumerate(tokens)
        if token.meaning is Meaning.STRIKE
        for offset in (1, 2, 3)
        if index + offset < len(tokens)
        and tokens[index + offset].kind is Kind.NUMBER
        and all(
            t.meaning in (Meaning.COLON, Meaning.PRICE_WORD)
            for t in tokens[index + 1 : index + offset]
        )
    ]
    rights = [index for index, token in enumerate(tokens) if token.meaning in RIGHTS]
    symbols = [index for index, token in enumerate(tokens) if token.meaning is Meaning.TICKER]
    if not (len(strikes) == len(rights) == len(symbols) == 1) or tokens[strikes[0]].suffix:
        return []
    at, right, symbol = strikes[0], rights[0], symbols[0]
    mention = Mention(
        first=min(at, right, symbol),
        last=max(at, right, symbol),
        strike_at=at,
        strike=tokens[at].number,
        right=RIGHTS[tokens[right].meaning],
        underlying_at=symbol,
        underlying=canonical(tokens[symbol].text),
        expiry=expiries[0] if len(expiries) == 1 else None,
    )
    return [mention]


def _strike(tokens: Sequence[Token], index: int, expiry_at: dict[int, Expiry]) -> Mention | None:
    token = tokens[index]
    if token.kind is Kind.SYMBOL:
        return _from_symbol(token, index)
    if token.kind is not Kind.NUMBER or token.number <= 0:
        return None
    if token.suffix in _RIGHTS:
        return Mention(index, index, index, token.number, _RIGHTS[token.suffix])
    if token.suffix == "" and _is_led_by_right(tokens, index):
        return Mention(index - 1, index, index, token.number, _RIGHTS[tokens[index - 1].word])
    if token.suffix == "" and index + 1 < len(tokens):
        if tokens[index + 1].meaning is Meaning.STRIKE:
            named = _right_before(tokens, index, expiry_at)
            return named or _right_after(tokens, index, expiry_at)
    if token.suffix == "s" or (token.suffix == "" and _is_strike_label(tokens, index)):
        return _right_before(tokens, index, expiry_at)
    if token.suffix == "":
        return _right_after(tokens, index, expiry_at)
    return None


def _is_led_by_right(tokens: Sequence[Token], index: int) -> bool:
    # "C600"
    before = tokens[index - 1] if index else tokens[index]
    return before.text in ("C", "P") and before.end == tokens[index].start


def _is_strike_label(tokens: Sequence[Token], index: int) -> bool:
    before = index - 1
    while before >= 0 and tokens[before].meaning in (Meaning.COLON, Meaning.PRICE_WORD):
        before -= 1
    if before >= 0 and tokens[before].meaning is Meaning.STRIKE:
        return True
    return index > 0 and tokens[index - 1].meaning in RIGHTS and _is_strike_not_price(tokens, index)


def _is_strike_not_price(tokens: Sequence[Token], index: int) -> bool:
    # "calls 180 ... 2.35" names a strike, "calls 2.35" a price.
    number = tokens[index].number
    if number < _SMALLEST_PLAIN_STRIKE or number % _STRIKE_STEP:
        return False
    return any(
        token.kind is Kind.NUMBER and not token.suffix and token.number < number
        for token in tokens[index + 1 :]
    )


def _right_after(
    tokens: Sequence[Token], index: int, expiry_at: dict[int, Expiry]
) -> Mention | None:
    strike = tokens[index]
    for after in range(index + 1, min(index + 6, len(tokens))):
        token = tokens[after]
        right = RIGHTS.get(token.meaning)
        if right is None and after == index + 1 and token.text in ("C", "P", "c", "p"):
            right = _RIGHTS[token.word]
        if right is not None:
            if _may_be_count(strike, token):
                return None
            return Mention(index, after, index, strike.number, right)
        if token.meaning not in (Meaning.STRIKE, Meaning.DASH) and after not in expiry_at:
            return None
    return None


def _may_be_count(strike: Token, right: Token) -> bool:
    return (
        not strike.is_dollar
        and strike.number < _SMALLEST_PLAIN_STRIKE
        and strike.number == int(strike.number)
        and right.word in ("calls", "puts")
    )


def _right_before(
    tokens: Sequence[Token], index: int, expiry_at: dict[int, Expiry]
) -> Mention | None:
    for before in range(index - 1, max(index - 8, -1), -1):
        token = tokens[before]
        right = RIGHTS.get(token.meaning)
        if right is not None:
            return Mention(before, index, index, tokens[index].number, right)
        if before not in expiry_at and token.meaning not in _GLUE:
            return None
    return None


def _from_symbol(token: Token, index: int) -> Mention | None:
    parts = _SYMBOL.fullmatch(token.text)
    if parts is None:
        return None
    root, year, month, day, right, digits = parts.groups()
    try:
        expires_on = date(2000 + int(year), int(month), int(day))
    except ValueError:
        return None
    # OCC writes the strike in thousandths with eight digits, thinkorswim in dollars.
    strike = Decimal(digits) / 1000 if len(digits) == 8 and digits.isdigit() else Decimal(digits)
    expiry = Expiry(index, index, expires_on, True)
    return Mention(index, index, index, strike, Right(right), index, canonical(root), expiry)


def ticker_at(tokens: Sequence[Token], index: int) -> str | None:
    """Return the underlying that a token names wherever it stands."""
    token = tokens[index]
    return canonical(token.text) if token.meaning is Meaning.TICKER else None


def _find_ticker(tokens: Sequence[Token], mention: Mention, expiry_at: dict[int, Expiry]) -> None:
    if mention.underlying is not None:
        return
    for index in range(mention.first - 1, max(mention.first - _REACH, -1), -1):
        token = tokens[index]
        symbol = ticker_at(tokens, index) or _symbol_beside(tokens, index, mention, expiry_at)
        if symbol is not None:
            mention.underlying, mention.underlying_at, mention.first = symbol, index, index
            return
        if (
            token.kind in (Kind.NUMBER, Kind.PERCENT)
            or index in expiry_at
            or token.meaning in _GLUE
        ):
            continue
        break
    _find_ticker_after(tokens, mention, expiry_at)


def _symbol_beside(
    tokens: Sequence[Token], index: int, mention: Mention, expiry_at: dict[int, Expiry]
) -> str | None:
    token = tokens[index]
    if token.kind is not Kind.WORD or len(token.text) > LONGEST_SYMBOL:
        return None
    for between in range(index + 1, mention.first):
        if between not in expiry_at and tokens[between].meaning not in _INNER_GLUE:
            return None
    if token.text.upper() in TICKERS:
        return canonical(token.text)
    if not may_be_ticker(token.text):
        return None
    return canonical(token.text) if _opens_contract(tokens, index) else None


def _opens_contract(tokens: Sequence[Token], index: int) -> bool:
    before = index - 1
    while before >= 0 and tokens[before].kind is Kind.NUMBER and not tokens[before].suffix:
        before -= 1
    return before < 0 or tokens[before].meaning in _BEFORE_SYMBOL


def _find_ticker_after(
    tokens: Sequence[Token], mention: Mention, expiry_at: dict[int, Expiry]
) -> None:
    for index in range(mention.last + 1, min(mention.last + 8, len(tokens))):
        token = tokens[index]
        if token.meaning is Meaning.TICKER:
            mention.underlying, mention.underlying_at = canonical(token.text), index
            mention.last = index
            return
        if index not in expiry_at and token.meaning not in _TRAILING_GLUE:
            return


def _find_expiry(tokens: Sequence[Token], mention: Mention, expiry_at: dict[int, Expiry]) -> None:
    if mention.expiry is not None:
        return
    low = mention.underlying_at if mention.underlying_at is not None else mention.first
    inside = [
        expiry_at[i] for i in range(min(low, mention.first), mention.last + 1) if i in expiry_at
    ]
    if inside:
        mention.expiry = inside[0]
        return
    for index in range(mention.last + 1, min(mention.last + _REACH, len(tokens))):
        expiry = expiry_at.get(index)
        if expiry is not None:
            if expiry.is_explicit or index <= mention.last + 2 or _is_dated(tokens, expiry):
                mention.expiry = expiry
                between = tokens[mention.last + 1 : expiry.first]
                if all(token.kind is not Kind.NUMBER for token in between):
                    mention.last = expiry.last
            return
        if tokens[index].meaning not in _GLUE and tokens[index].kind is not Kind.NUMBER:
            break
    _expiry_before(tokens, mention, expiry_at)


def _is_dated(tokens: Sequence[Token], expiry: Expiry) -> bool:
    return tokens[expiry.first].kind in (Kind.SLASHED, Kind.DATE) or any(
        tokens[index].meaning is Meaning.MONTH for index in range(expiry.first, expiry.last + 1)
    )


def _expiry_before(tokens: Sequence[Token], mention: Mention, expiry_at: dict[int, Expiry]) -> None:
    for index in range(mention.first - 1, max(mention.first - 4, -1), -1):
        if index in expiry_at:
            mention.expiry = expiry_at[index]
            mention.first = mention.expiry.first
            return
        if tokens[index].meaning not in _LEADING_GLUE:
            return
