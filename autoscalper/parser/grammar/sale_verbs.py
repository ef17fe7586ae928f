"""Reads the verbs of selling: "out", "trimmed", "stopped", "took half off" and their kin."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence

import msgspec

from autoscalper.parser.grammar.lexicon import Meaning, meanings
from autoscalper.parser.grammar.post import Clause
from autoscalper.parser.grammar.tokens import Kind, Token


class Sale(enum.Enum):
    """What a clause says was sold."""

    PART = "part"
    ALL = "all"


class SaleVerb(msgspec.Struct, gc=False):
    """The token of a verb and what its clause says was sold."""

    at: int
    sale: Sale
    clause: Clause


#: What before the verb means that nothing was sold now.
_DENY = meanings(
    "NOT IF FUTURE PAST ASK OTHERS WATCH STILL LEVEL_WORD QUOTED LOAD BUY_TO_OPEN ENTER BUYING "
    "LOOKING_FOR RECAP"
)
#: Words without a meaning that a sentence may have in front of the verb.
_MOST_UNKNOWN = 2
#: Words for a part of a position.
FRACTION_WORDS = meanings("HALF THIRD QUARTER TWO_THIRDS THREE_QUARTERS")
_PARTIAL = FRACTION_WORDS | meanings("PART TRIM LEAVE")
_WHOLE = meanings("REST ALL RUNNER")
#: What may follow "out of" when a position is meant.
_POSITIONS = (
    FRACTION_WORDS
    | _WHOLE
    | meanings("TICKER SELF THIS CALL PUT NUMBER CONTRACTS PART SIZE SLASHED MENTION TRIM HOLDING")
)
#: "a perfect trim", "trim level": the noun.
_BEFORE_A_TRIM = frozenset("perfect to first great the".split())
_TRIM_NOUNS = meanings("LEVEL_NOUN TARGET RESTING")
#: "at close", "daily close": the end of the day or of a candle.
_BEFORE_CLOSING_TIME = frozenset(
    "the at before into by after so too that how min daily hourly".split()
)
_PERIODS = frozenset("day week session month year bell morning night candle".split())
#: "cut the noise", "exit polls", "so close": not always said of a position.
_IDIOMATIC = frozenset("cut cutting close exit closed".split())
_ARTICLES = frozenset("the a an".split())
#: "sold off", "sell pressure": what the market does.
_SELLING_OFF = frozenset("to off pressure side wall into".split())
#: "time to sell", "had to sell": done nevertheless.
_INFINITIVE_LEADS = frozenset("time had forced decided have".split())


def find_sale(tokens: Sequence[Token], clause: Clause) -> SaleVerb | None:
    """Return the first verb of the clause that says something was sold now."""
    unknown = 0
    filler = Meaning.FILLER
    for index in range(clause.first, clause.stop):
        meaning = tokens[index].meaning
        if meaning is filler:
            continue
        reader = SALE_VERBS.get(meaning)
        if reader is not None and not _is_infinitive(tokens, index):
            sale = reader(tokens, index, clause)
            if sale is not None:
                return SaleVerb(index, sale, clause)
        if meaning in _DENY:
            return None
        if meaning is Meaning.UNKNOWN:
            unknown += 1
        elif meaning is Meaning.SELF:
            unknown = 0
        if unknown > _MOST_UNKNOWN:
            return None
    return None


def _is_infinitive(tokens: Sequence[Token], index: int) -> bool:
    return (
        index > 0
        and tokens[index - 1].word == "to"
        and (index < 2 or tokens[index - 2].word not in _INFINITIVE_LEADS)
    )


def _is_conditional(tokens: Sequence[Token], index: int, clause: Clause) -> bool:
    for at in range(index + 1, clause.stop):
        if tokens[at].meaning is Meaning.IF:
            return at + 1 >= clause.stop or tokens[at + 1].meaning is not Meaning.OTHERS
    return False


def _word_after(tokens: Sequence[Token], index: int, clause: Clause) -> str:
    return tokens[index + 1].word if index + 1 < clause.stop else ""


def _meanings(tokens: Sequence[Token], first: int, stop: int) -> set[Meaning]:
    return {token.meaning for token in tokens[first:stop]}


def _stopped(tokens: Sequence[Token], index: int, clause: Clause) -> Sale | None:
    is_past = Meaning.PAST in _meanings(tokens, index + 1, clause.stop)
    if is_past or _word_after(tokens, index, clause) == "by":
        return None
    has_part = _meanings(tokens, clause.first, clause.stop) & FRACTION_WORDS
    return Sale.PART if has_part else Sale.ALL


def _trimmed(tokens: Sequence[Token], index: int, clause: Clause) -> Sale | None:
    if index > clause.first and tokens[index - 1].word in _BEFORE_A_TRIM:
        return None
    following = tokens[index + 1].meaning if index + 1 < clause.stop else Meaning.FILLER
    if following in _TRIM_NOUNS or (following is Meaning.UNKNOWN and tokens[index].word == "trims"):
        return None
    return None if _is_conditional(tokens, index, clause) else Sale.PART


def _taken(tokens: Sequence[Token], index: int, clause: Clause) -> Sale | None:
    near = _meanings(tokens, index + 1, min(index + 6, clause.stop))
    if Meaning.DAYS in near:
        return None
    if Meaning.OFF in near and near & _WHOLE:
        return Sale.ALL
    if Meaning.OFF in near and any(t.kind is Kind.PERCENT for t in tokens[index + 1 : index + 3]):
        return Sale.PART
    if Meaning.PAST in _meanings(tokens, index + 1, clause.stop):
        return None
    if Meaning.LOSS in near or (Meaning.ALL in near and Meaning.PROFIT in near):
        return Sale.ALL
    if near & {Meaning.PROFIT, Meaning.TRIM}:
        return Sale.PART
    if near & (FRACTION_WORDS | {Meaning.PART, Meaning.SLASHED}):
        bought = near & {Meaning.CALL, Meaning.PUT, Meaning.TICKER, Meaning.CONTRACTS}
        return None if bought and Meaning.OFF not in near else Sale.PART
    return None


def _off(tokens: Sequence[Token], index: int, clause: Clause) -> Sale | None:
    before = tokens[index - 1].meaning if index > clause.first else Meaning.UNKNOWN
    return Sale.PART if before in FRACTION_WORDS or before is Meaning.SLASHED else None


def _stop_hit(tokens: Sequence[Token], index: int, clause: Clause) -> Sale | None:
    for token in tokens[index + 1 : min(index + 4, clause.stop)]:
        if token.meaning is Meaning.HIT:
            past = Meaning.PAST in _meanings(tokens, index + 3, clause.stop)
            return None if past else Sale.ALL
        if token.word not in ("was", "got", "is", "loss", "been", "just"):
            return None
    return None


def _profit_taken(tokens: Sequence[Token], index: int, clause: Clause) -> Sale | None:
    near = tokens[index + 1 : min(index + 5, clause.stop)]
    if any(token.word == "done" for token in near) and any(t.meaning is Meaning.HIT for t in near):
        return Sale.ALL
    # the Chinese word for a target is also the verb for reaching it
    is_verb = tokens[index].text == "止盈" and bool(near) and near[0].meaning in FRACTION_WORDS
    return Sale.PART if is_verb else None


def _down_to(tokens: Sequence[Token], index: int, clause: Clause) -> Sale | None:
    kept = FRACTION_WORDS | {
        Meaning.RUNNER, Meaning.REST, Meaning.CONTRACTS, Meaning.PART, Meaning.SLASHED,
    }  # fmt: skip
    return Sale.PART if _meanings(tokens, index + 1, min(index + 6, clause.stop)) & kept else None


def _left(tokens: Sequence[Token], index: int, clause: Clause) -> Sale | None:
    if tokens[index].word not in ("leave", "leaving"):
        return None
    near = _meanings(tokens, index + 1, min(index + 5, clause.stop))
    if Meaning.RUNNER in near:
        return Sale.PART
    closes = Meaning.CLOSE in _meanings(tokens, index + 1, clause.stop)
    return Sale.PART if Meaning.PART in near and closes else None


def _out(tokens: Sequence[Token], index: int, clause: Clause) -> Sale | None:
    is_plain = tokens[index].word == "out"
    before = tokens[index - 1] if index > clause.first else None
    if is_plain and before is not None and _spoils_out(tokens, index):
        return None
    if _is_conditional(tokens, index, clause):
        return None
    after = index + 1
    if after < clause.stop and tokens[after].word == "of":
        if not _names_position(tokens, after + 1, clause):
            return None if is_plain else Sale.ALL
    elif is_plain and after < clause.stop and tokens[after].meaning is Meaning.UNKNOWN:
        return None
    if before is not None and before.meaning in FRACTION_WORDS:
        return Sale.PART
    return _part_or_all(tokens, index, clause)


def _names_position(tokens: Sequence[Token], index: int, clause: Clause) -> bool:
    filler = Meaning.FILLER
    named = next((t for t in tokens[index : clause.stop] if t.meaning is not filler), None)
    return named is None or named.meaning in _POSITIONS


def _spoils_out(tokens: Sequence[Token], index: int) -> bool:
    before = tokens[index - 1]
    if before.word == "get" and index >= 2 and tokens[index - 2].word == "to":
        return index < 3 or tokens[index - 3].word not in _INFINITIVE_LEADS
    if before.meaning in (Meaning.UNKNOWN, Meaning.SELL, Meaning.CLOSE, Meaning.WATCH):
        return True
    return before.kind is Kind.NUMBER and before.suffix in ("st", "nd", "rd", "th")


def _sold(tokens: Sequence[Token], index: int, clause: Clause) -> Sale | None:
    following = _word_after(tokens, index, clause)
    is_rule = following == "for" and tokens[index].word == "sell"
    if following in _SELLING_OFF or is_rule or _is_conditional(tokens, index, clause):
        return None
    if Meaning.LEVEL_WORD in _meanings(tokens, index + 1, min(index + 3, clause.stop)):
        return None
    return _part_or_all(tokens, index, clause)


def _closed(tokens: Sequence[Token], index: int, clause: Clause) -> Sale | None:
    near = {token.word for token in tokens[index + 1 : min(index + 5, clause.stop)]}
    if near & _PERIODS:
        return None
    if tokens[index].word in _IDIOMATIC:
        if index > clause.first and _spoils_closing(tokens[index - 1]):
            return None
        following = (t for t in tokens[index + 1 : clause.stop] if t.word not in _ARTICLES)
        object_ = next(following, None)
        if object_ is not None and object_.meaning is Meaning.UNKNOWN:
            return None
    return _sold(tokens, index, clause)


def _spoils_closing(before: Token) -> bool:
    return before.meaning is Meaning.UNKNOWN or before.word in _BEFORE_CLOSING_TIME


def _part_or_all(tokens: Sequence[Token], index: int, clause: Clause) -> Sale:
    if tokens[index].word.startswith(("all", "fully", "completely")):
        return Sale.ALL
    for token in tokens[index + 1 : clause.stop]:
        if token.meaning is Meaning.LEAVE or token.meaning in _PARTIAL:
            return Sale.PART
        if token.meaning in _WHOLE or token.meaning is Meaning.STOPPED:
            return Sale.ALL
    return Sale.ALL


#: What a verb of selling means where it stands.
SALE_VERBS: dict[Meaning, Callable[[Sequence[Token], int, Clause], Sale | None]] = {
    Meaning.SELL_TO_CLOSE: _part_or_all,
    Meaning.SELL: _sold,
    Meaning.CLOSE: _closed,
    Meaning.TRIM: _trimmed,
    Meaning.OUT: _out,
    Meaning.STOPPED: _stopped,
    Meaning.TAKE: _taken,
    Meaning.DOWN_TO: _down_to,
    Meaning.LEAVE: _left,
    Meaning.OFF: _off,
    Meaning.STOP: _stop_hit,
    Meaning.TRAIL: _stop_hit,
    Meaning.TARGET: _profit_taken,
}
