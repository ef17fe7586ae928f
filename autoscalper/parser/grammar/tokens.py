"""Cuts a plain text into tokens: words with their meaning, numbers, dates, tickers, marks."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from itertools import islice

import msgspec

from autoscalper.parser.grammar.lexicon import CHINESE_TERMS, MARKS, PHRASES, WORDS, Meaning
from autoscalper.parser.grammar.tickers import FUTURES, TICKERS

#: More tokens than any alert has; a longer post is cut off here and not acted on.
MAX_TOKENS = 500


class Kind(enum.Enum):
    """What a token is by its shape."""

    __hash__ = object.__hash__

    WORD = "word"
    CASHTAG = "cashtag"
    NUMBER = "number"
    PERCENT = "percent"
    #: Two or three numbers with slashes: a date or a fraction.
    SLASHED = "slashed"
    DATE = "date"
    TIME = "time"
    #: A whole contract in one symbol, as OCC or thinkorswim write it.
    SYMBOL = "symbol"
    NEWLINE = "newline"
    MENTION = "mention"
    MARK = "mark"


class Token(msgspec.Struct, gc=False):
    """A piece of the text, ``text[start:end]``, and what it means."""

    kind: Kind
    text: str
    start: int
    end: int
    meaning: Meaning = Meaning.UNKNOWN
    number: Decimal = Decimal(0)
    #: Letters glued to the end of a number, lower case: ``c`` of ``685c``, ``dte`` of ``0dte``.
    suffix: str = ""
    is_dollar: bool = False

    @property
    def word(self) -> str:
        """The token's text in lower case."""
        return self.text.lower()


_CJK = "\u3400-\u9fff"
_LETTERS = "A-Za-z\u00c0-\u024f"
_MONTHS = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC"
# Every repetition is possessive or bounded: no text can make it run long.
_TOKEN = re.compile(
    rf"""(?:
      (?P<symbol>[.]?[A-Z]{{1,6}}+[ ]{{0,2}}+[0-9]{{6}}[CP][0-9]{{1,8}}+(?:[.][0-9]{{1,3}}+)?
        (?![0-9A-Za-z]))
    | (?P<word>[{_LETTERS}]++(?!://)(?:'[A-Za-z]++)*+)
    | (?P<date>20[0-9]{{2}}-[0-9]{{1,2}}-[0-9]{{1,2}}(?![0-9])
        |[0-9]{{1,2}}-[0-9]{{1,2}}-(?:20)?[0-9]{{2}}(?![0-9-])
        |[0-9]{{1,2}}-?(?:{_MONTHS})-?(?:20)?[0-9]{{2}}(?![0-9A-Za-z.]))
    | (?P<slashed>[0-9]{{1,4}}/[0-9]{{1,4}}(?:/(?:20)?[0-9]{{2}})?(?![0-9/.]))
    | (?P<time>[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}})?(?:[ ]?[AaPp][.]?[Mm])?(?![A-Za-z0-9]))
    | (?P<number>([$]?)((?:[0-9]{{1,3}}(?:,[0-9]{{3}})+(?![0-9])|[0-9]++)(?:[.][0-9]++)?|[.][0-9]++)
        (?:[ ]?(%)|([A-Za-z]{{1,16}}))?)
    | (?P<newline>\n)
    | (?P<mention>@[A-Za-z{_CJK}][\w.]*+|<[^<>\s]{{1,80}}>|https?://\S{{1,2000}}+|:[A-Za-z]\w{{1,40}}:)
    | (?P<cashtag>[$][A-Za-z]{{1,6}}(?:[./][A-Za-z](?![A-Za-z]))?(?![A-Za-z]))
    | (?P<chinese>[{_CJK}]++)
    | (?P<mark>-{{0,2}}>|=>|[@?!.,;:()\[\]+<=/&\-"\u2014\u2192\u2605\u00bc\u00bd\u00be\u2153\u2154])
    )[ ]*+""",
    re.VERBOSE,
)
_CHINESE = re.compile("|".join(sorted(CHINESE_TERMS, key=len, reverse=True)) + f"|[{_CJK}]")
_WORD = _TOKEN.groupindex["word"]
#: The groups inside a number: dollar sign, digits, per cent sign, letters.
_NUMBER_PARTS = tuple(_TOKEN.groupindex["number"] + part for part in (1, 2, 3, 4))


def _spellings() -> dict[str, tuple[Meaning, bool]]:
    table = dict.fromkeys(PHRASES, Meaning.UNKNOWN) | WORDS
    for word, meaning in list(table.items()):
        table[word.upper()] = table[word.capitalize()] = meaning
    for ticker in TICKERS:
        table[ticker] = Meaning.TICKER
        if ticker.lower() not in WORDS and len(ticker) > 2:
            table[ticker.lower()] = table[ticker.capitalize()] = Meaning.TICKER
    table.update(dict.fromkeys(FUTURES, Meaning.FUTURES))
    # Bought, as brokers print it; in lower case it is a robot.
    table["BOT"] = Meaning.ENTER
    return {word: (meaning, word.lower() in PHRASES) for word, meaning in table.items()}


#: A word -> its meaning, and whether a phrase may begin with it.
_SPELLINGS = _spellings()
_UNKNOWN = (Meaning.UNKNOWN, False)


def tokenise(text: str) -> list[Token]:
    """Return the tokens of a plain text, phrases merged into one token, at most ``MAX_TOKENS``."""
    tokens: list[Token] = []
    begins: list[int] = []
    kind = Kind.WORD
    for match in islice(_TOKEN.finditer(text), MAX_TOKENS):
        group = match.lastgroup
        if group == "word":
            word, start = match[_WORD], match.start()
            known = _SPELLINGS.get(word) or _SPELLINGS.get(word.lower(), _UNKNOWN)
            if known[1]:
                begins.append(len(tokens))
            tokens.append(Token(kind, word, start, start + len(word), known[0]))
        elif group is not None:
            tokens.extend(_MAKERS[group](match[group], match.start(), match))
    return _merge_phrases(tokens, begins, text) if begins else tokens


def _number(text: str, start: int, match: re.Match[str]) -> tuple[Token]:
    dollar, digits, percent, suffix = match.group(*_NUMBER_PARTS)
    kind = Kind.PERCENT if percent else Kind.NUMBER
    number = Decimal(digits.replace(",", ""))
    return (
        Token(
            kind,
            text,
            start,
            start + len(text),
            Meaning.NUMBER,
            number,
            suffix.lower() if suffix else "",
            bool(dollar),
        ),
    )


def _chinese(text: str, start: int, match: re.Match[str]) -> list[Token]:
    return [
        Token(
            Kind.WORD,
            part[0],
            start + part.start(),
            start + part.end(),
            CHINESE_TERMS.get(part[0], Meaning.UNKNOWN),
        )
        for part in islice(_CHINESE.finditer(text), MAX_TOKENS)
    ]


def _mark(text: str, start: int, match: re.Match[str]) -> tuple[Token]:
    return (Token(Kind.MARK, text, start, start + len(text), MARKS[text]),)


_Maker = Callable[[str, int, re.Match[str]], Iterable[Token]]


def _maker(kind: Kind, meaning: Meaning) -> _Maker:
    def make(text: str, start: int, match: re.Match[str]) -> tuple[Token]:
        return (Token(kind, text, start, start + len(text), meaning),)

    return make


_MAKERS: dict[str, _Maker] = {
    "newline": _maker(Kind.NEWLINE, Meaning.NEWLINE),
    "mention": _maker(Kind.MENTION, Meaning.MENTION),
    "symbol": _maker(Kind.SYMBOL, Meaning.CONTRACT_SYMBOL),
    "date": _maker(Kind.DATE, Meaning.DATE),
    "slashed": _maker(Kind.SLASHED, Meaning.SLASHED),
    "time": _maker(Kind.TIME, Meaning.TIME),
    "cashtag": _maker(Kind.CASHTAG, Meaning.TICKER),
    "number": _number,
    "chinese": _chinese,
    "mark": _mark,
}


def _merge_phrases(tokens: list[Token], begins: list[int], text: str) -> list[Token]:
    merged: list[Token] = []
    done = 0
    for index in begins:
        phrase = _phrase_at(tokens, index, text) if index >= done else None
        if phrase is not None:
            merged += tokens[done:index]
            merged.append(phrase[0])
            done = phrase[1]
    return merged + tokens[done:] if done else tokens


def _phrase_at(tokens: list[Token], index: int, text: str) -> tuple[Token, int] | None:
    token = tokens[index]
    for rest, meaning in PHRASES[token.text.lower()]:
        stop = index + 1 + len(rest)
        if [each.text.lower() for each in tokens[index + 1 : stop]] == rest:
            end = tokens[stop - 1].end
            phrase = text[token.start : end]
            return Token(Kind.WORD, phrase, token.start, end, meaning), stop
    return None
