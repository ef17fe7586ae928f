"""Expiry dates as posts write them, resolved against the New York date of the post."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec

from autoscalper.parser.grammar.lexicon import Meaning, meanings
from autoscalper.parser.grammar.tokens import Kind, Token

_MONTHS = {
    name: number
    for number, name in enumerate(
        "jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1
    )
}
_WEEKDAYS = {name: number for number, name in enumerate("mon tue wed thu fri".split())}
_FRIDAY = 4
#: A date without a year that is more than this many days past means next year.
_LONGEST_PAST_DAYS = 180
#: Listed options reach about this many years ahead.
_LONGEST_YEARS = 3
_ORDINALS = ("", "st", "nd", "rd", "th")
_DTE = ("dte", "dtes", "day", "days", "d")
#: Written like a date, but the part of a position unless it stands beside a contract.
_FRACTIONS = frozenset("1/2 1/3 1/4 1/5 1/6 1/8 2/3 3/4 2/4 3/5 4/5".split())
_SALES = meanings("TRIM SELL OUT LEAVE DOWN_TO SELL_TO_CLOSE CLOSE TAKE")


class Expiry(msgspec.Struct, gc=False):
    """An expiry that tokens ``first`` to ``last`` name; ``day`` is None for one that cannot be."""

    first: int
    last: int
    day: date | None
    #: Whether the words can mean nothing but an expiry ("0dte", "8/21 exp").
    is_explicit: bool


def find_expiries(tokens: Sequence[Token], today: date) -> list[Expiry]:
    """Return every expiry named in the post, in its order."""
    found: list[Expiry] = []
    done = -1
    for index, token in enumerate(tokens):
        reader = _READERS.get(token.meaning)
        if reader is None or index <= done:
            continue
        expiry = reader(tokens, index, today)
        if expiry is not None:
            found.append(expiry)
            done = expiry.last
    return found


def friday_of_week(day: date, weeks: int = 0) -> date:
    """Return the Friday of the week of ``day``, or of that many weeks later; after it, the next."""
    ahead = _FRIDAY - day.weekday()
    return day + timedelta(days=(ahead if ahead >= 0 else ahead + 7) + 7 * weeks)


def third_friday(year: int, month: int) -> date:
    """Return the standard monthly expiry."""
    first = date(year, month, 1)
    return first + timedelta(days=(_FRIDAY - first.weekday()) % 7 + 14)


def _next_weekday(day: date, days: int) -> date:
    day += timedelta(days=days)
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() > _FRIDAY else day


def _make(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _this_or_next_year(month: int, day: int, today: date) -> date | None:
    made = _make(today.year, month, day)
    if made is not None and (today - made).days > _LONGEST_PAST_DAYS:
        return _make(today.year + 1, month, day)
    return made


def _full_year(digits: str) -> int:
    return int(digits) if len(digits) == 4 else 2000 + int(digits)


def _meaning(tokens: Sequence[Token], index: int) -> Meaning:
    return tokens[index].meaning if 0 <= index < len(tokens) else Meaning.NEWLINE


def _is_explicit(tokens: Sequence[Token], first: int, last: int) -> bool:
    return Meaning.EXPIRY_WORD in (
        _meaning(tokens, first - 1),
        _meaning(tokens, last + 1),
        _meaning(tokens, first - 2),
    )


def _expiry(tokens: Sequence[Token], first: int, last: int, day: date | None) -> Expiry:
    return Expiry(first, last, day, _is_explicit(tokens, first, last))


def _slashed(tokens: Sequence[Token], index: int, today: date) -> Expiry | None:
    month, day, *year = tokens[index].text.split("/")
    if len(month) == 4 and year:
        return _expiry(tokens, index, index, _make(int(month), int(day), int(year[0])))
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return None
    if not year and _is_fraction(tokens, index):
        return None
    if _is_timestamp(tokens, index) and not _names_contract(tokens, index - 1):
        return None
    if year:
        return _expiry(tokens, index, index, _make(_full_year(year[0]), int(month), int(day)))
    return _expiry(tokens, index, index, _this_or_next_year(int(month), int(day), today))


def _is_fraction(tokens: Sequence[Token], index: int) -> bool:
    if tokens[index].text in _FRACTIONS and not _is_beside_contract(tokens, index):
        return True
    return (
        _meaning(tokens, index + 1) in (Meaning.SIZE, Meaning.REST)
        or _meaning(tokens, index - 1) in _SALES
        or (index + 1 < len(tokens) and tokens[index + 1].word in ("of", "sized"))
    )


def _is_beside_contract(tokens: Sequence[Token], index: int) -> bool:
    return _names_contract(tokens, index - 1) or _names_contract(tokens, index + 1)


def _names_contract(tokens: Sequence[Token], index: int) -> bool:
    if not 0 <= index < len(tokens):
        return False
    token = tokens[index]
    return token.suffix in ("c", "p") or token.meaning in (
        Meaning.TICKER, Meaning.CALL, Meaning.PUT, Meaning.EXPIRY_WORD, Meaning.STRIKE
    )  # fmt: skip


def _is_timestamp(tokens: Sequence[Token], index: int) -> bool:
    before = _meaning(tokens, index - 1)
    if before in (Meaning.DASH, Meaning.COMMA):
        before = _meaning(tokens, index - 2)
        return before is Meaning.WEEKDAY
    if before is Meaning.COLON:
        label = _meaning(tokens, index - 2)
        if label in (Meaning.CLOSE, Meaning.ENTER, Meaning.AT) or (
            index >= 2 and tokens[index - 2].word in ("date", "time", "at", "alerted")
        ):
            return True
    return any(
        0 <= near < len(tokens) and tokens[near].kind is Kind.TIME
        for near in (index + 1, index - 1)
    )


def _dashed(tokens: Sequence[Token], index: int, today: date) -> Expiry | None:
    if _is_timestamp(tokens, index):
        return None
    text = tokens[index].text
    if not text.replace("-", "").isdigit():
        return _expiry(tokens, index, index, _lettered(text.replace("-", "")))
    first, second, third = text.split("-")
    if len(first) == 4:
        return _expiry(tokens, index, index, _make(int(first), int(second), int(third)))
    return _expiry(tokens, index, index, _make(_full_year(third), int(first), int(second)))


def _lettered(text: str) -> date | None:
    letters = text.strip("0123456789")
    day, year = text.split(letters)
    return _make(_full_year(year), _MONTHS[letters.lower()], int(day))


def _day_number(tokens: Sequence[Token], index: int) -> int | None:
    if not 0 <= index < len(tokens):
        return None
    token = tokens[index]
    if token.kind is not Kind.NUMBER or token.is_dollar or token.suffix not in _ORDINALS:
        return None
    digits = token.text.rstrip("sthndr")
    return int(digits) if digits.isdigit() and 1 <= int(digits) <= 31 else None


def _year_number(tokens: Sequence[Token], index: int) -> int | None:
    if not 0 <= index < len(tokens) or tokens[index].kind is not Kind.NUMBER:
        return None
    text = tokens[index].text
    if text.isdigit() and len(text) == 4 and text.startswith("20"):
        return int(text)
    return None


def _month(tokens: Sequence[Token], index: int, today: date) -> Expiry | None:
    word = tokens[index].word
    month = _MONTHS[word[:3]]
    if word == "may" and tokens[index].text == "may":
        return None
    first = last = index
    if _day_number(tokens, index - 1) and _may_be_short_year(tokens, index + 1, today):
        return _day_month_year(tokens, index)
    day = _day_number(tokens, index + 1)
    if day is not None and tokens[index + 1].suffix == "" and _is_strike(tokens, index + 1):
        day = None
    if day is not None:
        last = index + 1
    else:
        day = _day_number(tokens, index - 1)
        first = index - 1 if day is not None else index
    if day is not None and last > index and _may_be_year(tokens, last, today):
        return _expiry(tokens, first, last, None)
    after = last + 2 if _meaning(tokens, last + 1) is Meaning.COMMA else last + 1
    year = _year_number(tokens, after)
    if year is not None:
        last = after
    elif (year := _year_number(tokens, index - 1)) is not None:
        first = index - 1
    return _expiry(tokens, first, last, _resolve_month(year, month, day, today))


def _may_be_short_year(tokens: Sequence[Token], index: int, today: date) -> bool:
    year = _day_number(tokens, index)
    if year is None or tokens[index].suffix or _is_strike(tokens, index):
        return False
    return 0 <= 2000 + year - today.year <= _LONGEST_YEARS


def _day_month_year(tokens: Sequence[Token], index: int) -> Expiry:
    # "5 AUG 26" may be five contracts for August 26; behind a ticker it is a date with its year.
    day, year = _day_number(tokens, index - 1), _day_number(tokens, index + 1)
    is_date = index >= 2 and tokens[index - 2].meaning in (
        Meaning.TICKER, Meaning.NUMBER, Meaning.PAREN, Meaning.EXPIRY_WORD, Meaning.COLON
    )  # fmt: skip
    made = _make(2000 + (year or 0), _MONTHS[tokens[index].word[:3]], day or 0)
    return _expiry(tokens, index - 1, index + 1, made if is_date else None)


def _may_be_year(tokens: Sequence[Token], index: int, today: date) -> bool:
    # "Jan27" may be a day or a year; a wrong guess would be another contract.
    glued = tokens[index].start == tokens[index - 1].end and tokens[index].text.isdigit()
    return glued and 0 <= 2000 + int(tokens[index].text) - today.year <= _LONGEST_YEARS


def _is_strike(tokens: Sequence[Token], index: int) -> bool:
    return _meaning(tokens, index + 1) in (Meaning.CALL, Meaning.PUT) or (
        index + 1 < len(tokens) and tokens[index + 1].word in ("c", "p", "strike")
    )


def _resolve_month(year: int | None, month: int, day: int | None, today: date) -> date | None:
    if day is not None:
        return _make(year, month, day) if year else _this_or_next_year(month, day, today)
    if year is not None:
        return third_friday(year, month)
    standard = third_friday(today.year, month)
    return standard if standard >= today else third_friday(today.year + 1, month)


def _number(tokens: Sequence[Token], index: int, today: date) -> Expiry | None:
    token = tokens[index]
    if token.is_dollar or token.number != int(token.number) or token.number > 400:
        return None
    if token.suffix == "" and _meaning(tokens, index + 1) is Meaning.DASH:
        dashed = _dashed_day(tokens, index, today)
        if dashed is not None:
            return dashed
    last = index
    if token.suffix == "":
        last = index + 2 if _meaning(tokens, index + 1) is Meaning.DASH else index + 1
        if _meaning(tokens, last) is not Meaning.DAYS or tokens[last].word not in _DTE:
            return None
        if tokens[last].word == "d":
            return None
    elif token.suffix not in _DTE or token.suffix == "d":
        return None
    days = int(token.number)
    if days > 1 and tokens[last].word in ("day", "days"):
        return None
    return Expiry(index, last, _next_weekday(today, days) if days else today, True)


def _dashed_day(tokens: Sequence[Token], index: int, today: date) -> Expiry | None:
    day = _day_number(tokens, index + 2)
    if day is None or tokens[index + 2].start != tokens[index].end + 1 or tokens[index].number > 12:
        return None
    if not (_names_contract(tokens, index - 1) or _names_contract(tokens, index + 3)):
        return None
    return _expiry(
        tokens, index, index + 2, _this_or_next_year(int(tokens[index].number), day, today)
    )


def _weekday(tokens: Sequence[Token], index: int, today: date) -> Expiry | None:
    number = _WEEKDAYS[tokens[index].word[:3]]
    before = _meaning(tokens, index - 1)
    if (
        _meaning(tokens, index + 1) in (Meaning.DASH, Meaning.COMMA)
        and index + 2 < len(tokens)
        and (
            tokens[index + 2].kind in (Kind.DATE, Kind.SLASHED)
            or tokens[index + 2].meaning is Meaning.MONTH
        )
    ):
        return None
    first = index - 1 if before in (Meaning.NEXT, Meaning.THIS) else index
    day = today + timedelta(days=(number - today.weekday()) % 7)
    if before is Meaning.NEXT:
        day = friday_of_week(today, 1) - timedelta(days=_FRIDAY - number)
    return _expiry(tokens, first, index, day)


def _today(tokens: Sequence[Token], index: int, today: date) -> Expiry | None:
    return _expiry(tokens, index, index, today)


def _zero_days(tokens: Sequence[Token], index: int, today: date) -> Expiry | None:
    return Expiry(index, index, today, True)


def _tomorrow(tokens: Sequence[Token], index: int, today: date) -> Expiry | None:
    return _expiry(tokens, index, index, _next_weekday(today, 1))


def _weekly(tokens: Sequence[Token], index: int, today: date) -> Expiry | None:
    return Expiry(index, index, friday_of_week(today), True)


def _next(tokens: Sequence[Token], index: int, today: date) -> Expiry | None:
    word = tokens[index].word
    if word == "next":
        if _meaning(tokens, index + 1) is not Meaning.WEEK:
            return None
        return _expiry(tokens, index, index + 1, friday_of_week(today, 1))
    return Expiry(index, index, friday_of_week(today, 1), True)


def _this(tokens: Sequence[Token], index: int, today: date) -> Expiry | None:
    if _meaning(tokens, index + 1) is not Meaning.WEEK:
        return None
    return _expiry(tokens, index, index + 1, friday_of_week(today))


def _monthly(tokens: Sequence[Token], index: int, today: date) -> Expiry | None:
    return _expiry(tokens, index, index, _resolve_month(None, today.month, None, today))


def _chinese_date(tokens: Sequence[Token], index: int, today: date) -> Expiry | None:
    month = _day_number(tokens, index - 1)
    day = _day_number(tokens, index + 1)
    if month is None or day is None or month > 12:
        return None
    last = (
        index + 2 if index + 2 < len(tokens) and tokens[index + 2].text in "日号號" else index + 1
    )
    return _expiry(tokens, index - 1, last, _this_or_next_year(month, day, today))


_READERS = {
    Meaning.SLASHED: _slashed,
    Meaning.DATE: _dashed,
    Meaning.MONTH: _month,
    Meaning.CHINESE_MONTH: _chinese_date,
    Meaning.NUMBER: _number,
    Meaning.WEEKDAY: _weekday,
    Meaning.TODAY: _today,
    Meaning.ZERO_DAYS: _zero_days,
    Meaning.TOMORROW: _tomorrow,
    Meaning.WEEKLY: _weekly,
    Meaning.NEXT: _next,
    Meaning.THIS: _this,
    Meaning.MONTHLY: _monthly,
}

#: Meanings without which no expiry is named.
DATED = frozenset(_READERS)
