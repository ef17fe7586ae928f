"""Reads stops and targets: which number a stop or target word names, and whose price it is."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from autoscalper.domain.instruction import (
    PriceBasis,
    StopAt,
    StopAtBreakEven,
    StopBelow,
    StopRule,
    Targets,
    TrailBy,
)
from autoscalper.parser.grammar.amounts import is_plain_number
from autoscalper.parser.grammar.lexicon import Meaning, meanings
from autoscalper.parser.grammar.tokens import Kind, Token

#: Words that name a stop.
STOP_WORDS = meanings("STOP TRAIL")
#: What may stand between "stop" and its level.
_GLUE = meanings(
    "FILLER COLON DASH AT LEVEL_WORD MOVE STOP TRAIL SELF STATUS TODAY REST TICKER IN CLOSE LOSS "
    "RUNNER SIZE LEVEL_NOUN PRICE_WORD AND PART OTHERS ALL HOLDING OUT SLASH FUTURES OPEN TRIM "
    "PROFIT"
)
_TARGET_GLUE = _GLUE | meanings("TARGET COMMA SLASH PLUS NEWLINE")
#: The author's own entry, as the place of a stop.
_ENTRY_WORDS = frozenset(
    "entry entries cost avg average 成本 成本价 入场价 进场价 入場價 买入价 均价".split()
)
#: What may stand between the last target and the runner that is kept beyond it.
_RUNNER_GLUE = meanings(
    "FILLER COMMA SLASH PLUS AND DASH COLON NEWLINE PAREN TARGET NUMBER LEAVE REST PART HALF SELF "
    "FUTURE SIZE LIGHT CONTRACTS"
)
#: What says that a runner is kept, not that the target is the runner's own.
_KEEPS = meanings("LEAVE REST")
#: Words without a meaning between the last target and its runner: "then let".
_MOST_UNKNOWN = 2
_NUMBERED = meanings("NUMBER COLON AT")
_REACH = 8
_MOST_TARGETS = 5
#: A level is the option's own up to this multiple of its premium, the underlying's above.
_PLAUSIBLE_FACTOR = Decimal(5)
#: With no premium to compare with, a level from here on is the underlying's.
_LOWEST_UNDERLYING = Decimal(20)
_HUNDRED = Decimal(100)
#: "trail .10" is a distance up to this many dollars, "trail at .10" never.
_LONGEST_TRAIL = Decimal("0.25")


class Level(msgspec.Struct, gc=False):
    """A stop and the tokens that name it."""

    rule: StopRule | None
    first: int
    last: int


def basis_of(level: Decimal, premium: Decimal | None) -> PriceBasis:
    """Return whose price a level is, from the premium if one is known."""
    if premium is not None:
        is_premium = level <= premium * _PLAUSIBLE_FACTOR
    else:
        is_premium = level < _LOWEST_UNDERLYING
    return PriceBasis.PREMIUM if is_premium else PriceBasis.UNDERLYING


def find_stop(
    tokens: Sequence[Token], first: int, stop: int, premium: Decimal | None = None
) -> Level | None:
    """Return the first stop named between two tokens; its rule is None if it names no level."""
    named: Level | None = None
    for index in range(first, stop):
        if tokens[index].meaning in STOP_WORDS:
            level = _level_after(tokens, index, stop, premium) or _level_before(
                tokens, index, first, premium
            )
            if level is not None:
                return level
            named = named or Level(None, index, index)
    return named


def _rule(
    tokens: Sequence[Token], index: int, word: Meaning, premium: Decimal | None
) -> StopRule | None:
    token = tokens[index]
    if token.meaning is Meaning.BREAK_EVEN:
        return StopAtBreakEven()
    if token.word in _ENTRY_WORDS:
        follows = index + 1 < len(tokens) and tokens[index + 1].meaning in _NUMBERED
        return None if follows else StopAtBreakEven()
    if token.kind is Kind.PERCENT:
        percent = abs(token.number)
        if not 0 < percent < _HUNDRED:
            return None
        return TrailBy(percent=percent) if word is Meaning.TRAIL else StopBelow(percent=percent)
    if is_plain_number(tokens, index):
        if _is_distance(tokens, index, word):
            return TrailBy(amount=token.number)
        return StopAt(price=token.number, basis=basis_of(token.number, premium))
    return None


def _is_distance(tokens: Sequence[Token], index: int, word: Meaning) -> bool:
    follows = index > 0 and tokens[index - 1].meaning in STOP_WORDS
    return word is Meaning.TRAIL and follows and 0 < tokens[index].number <= _LONGEST_TRAIL


def _level_after(
    tokens: Sequence[Token], index: int, stop: int, premium: Decimal | None
) -> Level | None:
    word = tokens[index].meaning
    for after in range(index + 1, min(index + _REACH, stop)):
        rule = _rule(tokens, after, word, premium)
        if rule is not None:
            return Level(rule, index, after)
        if tokens[after].kind is Kind.PERCENT or tokens[after].meaning is Meaning.DAY_EXTREME:
            return Level(None, index, after)
        if tokens[after].meaning not in _GLUE:
            return None
        word = Meaning.TRAIL if tokens[after].meaning is Meaning.TRAIL else word
    return None


def _level_before(
    tokens: Sequence[Token], index: int, first: int, premium: Decimal | None
) -> Level | None:
    for before in range(index - 1, max(index - _REACH, first - 1), -1):
        rule = _rule(tokens, before, tokens[index].meaning, premium)
        if rule is not None:
            return Level(rule, before, index)
        if tokens[before].kind is Kind.PERCENT or tokens[before].meaning is Meaning.DAY_EXTREME:
            return Level(None, before, index)
        if tokens[before].meaning not in _GLUE and tokens[before].meaning is not Meaning.UNKNOWN:
            return None
    return None


def find_targets(
    tokens: Sequence[Token], first: int, stop: int, premium: Decimal | None = None
) -> tuple[Targets, list[int]] | None:
    """Return the levels that follow a target word, and the tokens of these and of a runner."""
    target = Meaning.TARGET
    for index in range(first, stop):
        if tokens[index].meaning is target:
            found = _numbers_after(tokens, index, stop)
            if found:
                prices = [price for _, price in found]
                named = [at for at, _ in found]
                runner = runner_after(tokens, named[-1])
                targets = Targets(
                    prices=tuple(dict.fromkeys(prices)),
                    basis=basis_of(prices[0], premium),
                    leaves_runner=runner is not None,
                )
                return targets, named if runner is None else [*named, runner]
    return None


def runner_after(tokens: Sequence[Token], last: int) -> int | None:
    """Return the token of the runner that is kept beyond the target of token ``last``."""
    unknown = 0
    keeps = aims = False
    for index in range(last + 1, min(last + 1 + _REACH, len(tokens))):
        token = tokens[index]
        if token.meaning is Meaning.RUNNER:
            return index if (keeps or not aims) and not _has_level(tokens, index) else None
        keeps = keeps or token.meaning in _KEEPS
        # "3.50 for the runner" is where the runner ends.
        aims = aims or token.word in ("for", "on", "of")
        unknown += token.meaning is Meaning.UNKNOWN
        if unknown > _MOST_UNKNOWN or (
            token.meaning is not Meaning.UNKNOWN and token.meaning not in _RUNNER_GLUE
        ):
            return None
    return None


def _has_level(tokens: Sequence[Token], runner: int) -> bool:
    # "runner @ 5"
    after = [token.meaning for token in tokens[runner + 1 : runner + 3]]
    return after in ([Meaning.AT, Meaning.NUMBER], [Meaning.TARGET, Meaning.NUMBER])


def _is_ordinal(tokens: Sequence[Token], index: int, stop: int) -> bool:
    token = tokens[index]
    if tokens[index - 1].end == token.start:
        return True
    if token.is_dollar or not token.text.isdigit() or token.number > _MOST_TARGETS:
        return False
    # "target 1 3.50", but not "targets 3 4 5"
    following = tokens[index + 1] if index + 1 < stop else token
    return following.kind is Kind.NUMBER and (following.is_dollar or not following.text.isdigit())


def _numbers_after(tokens: Sequence[Token], index: int, stop: int) -> list[tuple[int, Decimal]]:
    found: list[tuple[int, Decimal]] = []
    for after in range(index + 1, min(index + 3 * _REACH, stop)):
        token = tokens[after]
        if token.meaning is Meaning.HIT:
            return []
        if found and token.meaning is Meaning.AT:
            break
        is_ordinal = tokens[after - 1].meaning is Meaning.TARGET and _is_ordinal(
            tokens, after, stop
        )
        if is_plain_number(tokens, after):
            if not is_ordinal and not (found and _counts_runners(tokens, after, stop)):
                found.append((after, token.number))
        elif token.kind is Kind.SLASHED:
            found.extend((after, Decimal(part)) for part in token.text.split("/"))
        elif token.meaning not in _TARGET_GLUE or token.meaning in STOP_WORDS:
            break
    return found


def _counts_runners(tokens: Sequence[Token], index: int, stop: int) -> bool:
    # "3.00, 3.50, 1 runner"
    token = tokens[index]
    return (
        index + 1 < stop
        and tokens[index + 1].meaning is Meaning.RUNNER
        and not token.is_dollar
        and token.text.isdigit()
        and token.number <= _MOST_TARGETS
    )
