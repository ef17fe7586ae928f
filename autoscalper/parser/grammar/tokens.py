"""Cuts a plain text into tokens: words with their meaning, numbers, dates, tickers, marks."""

from __future__ import annotations

import enum
import re
from decimal import Decimal
from itertools import islice

import msgspec

from autoscalper.parser.grammar.chinese import CHINESE_TERMS
from autoscalper.parser.grammar.lexicon import PHRASES, WORDS, Meaning
from autoscalper.parser.grammar.tickers import FUTURES, TICKERS

#: More tokens than any alert has; a longer post is cut off here and not acted on.
MAX_TOKENS = 700


class Kind(enum.Enum):
    """What a token is by its shape."""

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
_TOKEN = re.compile(
    r"""
      (?P<newline>\n)
    | (?P<mention><[^<>\s]{1,80}>|https?://\S{1,2000}|@[A-Za-z\u3400-\u9fff][\w.]*|:[A-Za-z_]\w{1,40}:)
    | (?P<symbol>(?<![A-Za-z$])\.?[A-Z]{1,6}[ ]{0,2}[0-9]{6}[CP][0-9]{1,8}(?:\.[0-9]+)?(?![0-9A-Za-z]))
    | (?P<date>20[0-9]{2}-[0-9]{1,2}-[0-9]{1,2}(?![0-9])|[0-9]{1,2}-[0-9]{1,2}-(?:20)?[0-9]{2}(?![0-9-])
        |[0-9]{1,2}-?(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)-?(?:20)?[0-9]{2}(?![0-9A-Za-z.]))
    | (?P<slashed>[0-9]{1,4}/[0-9]{1,4}(?:/(?:20)?[0-9]{2})?(?![0-9/.]))
    | (?P<time>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:[ ]?[AaPp]\.?[Mm])?(?![A-Za-z0-9]))
    | (?P<number>\$?(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?(?:[ ]?%|[A-Za-z]{1,16})?
                |\$?\.[0-9]+(?:[ ]?%|[A-Za-z]{1,16})?)
    | (?P<cashtag>\$[A-Za-z]{1,6}(?:[./][A-Za-z](?![A-Za-z]))?(?![A-Za-z]))
    | (?P<word>(?:[Bb]/[Ee]|[Pp][/&][Ll]|BRK[./]?B|[Bb]reak-?[Ee]ven|[Ww]/(?:[Oo](?:ut)?)?)(?![A-Za-z])
        |[A-Za-z\u00c0-\u024f]+(?:'[A-Za-z]+)*(?:(?<=re|de|Re|De|RE|DE)-[A-Za-z]+)?)
    | (?P<chinese>["""
    + _CJK
    + r"""]+)
    | (?P<mark>-{0,2}>|=>|\u2192|[@?!.,;:()\[\]+\u2014<=/&\-"#~\u00bc\u00bd\u00be\u2153\u2154\u2605])
    """,
    re.VERBOSE,
)
_NUMBER = re.compile(r"(\$?)([0-9.,]*[0-9])[ ]?(%|[A-Za-z]*)")
_CHINESE = re.compile("|".join(sorted(CHINESE_TERMS, key=len, reverse=True)) + f"|[{_CJK}]")


def _spellings() -> dict[str, Meaning]:
    table = dict(WORDS)
    for ticker in TICKERS:
        table[ticker] = Meaning.TICKER
        if ticker.lower() not in WORDS and len(ticker) > 2:
            table[ticker.lower()] = table[ticker.capitalize()] = Meaning.TICKER
    table.update(dict.fromkeys(FUTURES, Meaning.FUTURES))
    table["BOT"] = Meaning.ENTER
    table.update((word.upper(), meaning) for word, meaning in WORDS.items() if word.upper() not in table)
    table.update((word.capitalize(), meaning) for word, meaning in WORDS.items() if word.capitalize() not in table)
    return table


_SPELLINGS = _spellings()


def tokenise(text: str) -> list[Token]:
    """Return the tokens of a plain text, phrases merged into one token, at most ``MAX_TOKENS``."""
    tokens: list[Token] = []
    for match in islice(_TOKEN.finditer(text), MAX_TOKENS):
        _MAKERS[match.lastgroup or "mark"](match, tokens)
    return _merge_phrases(tokens, text)


def _add_word(match: re.Match[str], tokens: list[Token]) -> None:
    text = match[0]
    meaning = _SPELLINGS.get(text) or WORDS.get(text.lower(), Meaning.UNKNOWN)
    tokens.append(Token(Kind.WORD, text, match.start(), match.end(), meaning))


def _add_number(match: re.Match[str], tokens: list[Token]) -> None:
    parts = _NUMBER.fullmatch(match[0])
    assert parts is not None
    dollar, digits, suffix = parts.groups()
    kind = Kind.PERCENT if suffix == "%" else Kind.NUMBER
    number = Decimal(digits.replace(",", ""))
    tokens.append(
        Token(
            kind,
            match[0],
            match.start(),
            match.end(),
            Meaning.NUMBER,
            number,
            "" if suffix == "%" else suffix.lower(),
            bool(dollar),
        )
    )


def _add_chinese(match: re.Match[str], tokens: list[Token]) -> None:
    start = match.start()
    for part in _CHINESE.finditer(match[0]):
        meaning = CHINESE_TERMS.get(part[0], Meaning.UNKNOWN)
        tokens.append(
            Token(Kind.WORD, part[0], start + part.start(), start + part.end(), meaning)
        )


def _add_mark(match: re.Match[str], tokens: list[Token]) -> None:
    meaning = MARKS.get(match[0], Meaning.MARK)
    if meaning is not Meaning.SILENT:
        tokens.append(Token(Kind.MARK, match[0], match.start(), match.end(), meaning))


MARKS = {
    "-": Meaning.DASH,
    "@": Meaning.AT,
    "?": Meaning.QUESTION_MARK,
    "!": Meaning.SENTENCE_END,
    ".": Meaning.SENTENCE_END,
    ";": Meaning.SENTENCE_END,
    "(": Meaning.PAREN,
    ")": Meaning.PAREN,
    "\u2014": Meaning.SENTENCE_END,
    ",": Meaning.COMMA,
    ":": Meaning.COLON,
    "+": Meaning.PLUS,
    "/": Meaning.SLASH,
    "&": Meaning.AND,
    ">": Meaning.ARROW,
    "->": Meaning.ARROW,
    "-->": Meaning.ARROW,
    "=>": Meaning.ARROW,
    "\u2192": Meaning.ARROW,
    "<": Meaning.LEVEL_WORD,
    "\u00bd": Meaning.HALF,
    "\u00bc": Meaning.QUARTER,
    "\u00be": Meaning.THREE_QUARTERS,
    "\u2153": Meaning.THIRD,
    "\u2154": Meaning.TWO_THIRDS,
    '"': Meaning.QUOTE,
    "\u2605": Meaning.CHEER,
    "#": Meaning.SILENT,
    "[": Meaning.PAREN,
    "]": Meaning.PAREN,
    "=": Meaning.COLON,
    "~": Meaning.SILENT,
}


def _adder(kind: Kind, meaning: Meaning):  # type: ignore[no-untyped-def]
    def add(match: re.Match[str], tokens: list[Token]) -> None:
        tokens.append(Token(kind, match[0], match.start(), match.end(), meaning))

    return add


_MAKERS = {
    "newline": _adder(Kind.NEWLINE, Meaning.NEWLINE),
    "mention": _adder(Kind.MENTION, Meaning.MENTION),
    "symbol": _adder(Kind.SYMBOL, Meaning.CONTRACT_SYMBOL),
    "date": _adder(Kind.DATE, Meaning.DATE),
    "slashed": _adder(Kind.SLASHED, Meaning.SLASHED),
    "time": _adder(Kind.TIME, Meaning.TIME),
    "cashtag": _adder(Kind.CASHTAG, Meaning.TICKER),
    "word": _add_word,
    "number": _add_number,
    "chinese": _add_chinese,
    "mark": _add_mark,
}


def _merge_phrases(tokens: list[Token], text: str) -> list[Token]:
    merged: list[Token] = []
    index, count = 0, len(tokens)
    while index < count:
        token = tokens[index]
        index += 1
        phrases = PHRASES.get(token.text.lower()) if token.kind is Kind.WORD else None
        for rest, meaning in phrases or ():
            end = index + len(rest)
            if end <= count and all(
                tokens[index + offset].text.lower() == word for offset, word in enumerate(rest)
            ):
                last = tokens[end - 1].end
                token = Token(Kind.WORD, text[token.start : last], token.start, last, meaning)
                index = end
                break
        merged.append(token)
    return merged
