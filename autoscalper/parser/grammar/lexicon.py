"""What words mean to the grammar: one meaning each, decided by the tables under ``data/``."""

from __future__ import annotations

import enum
from importlib.resources import files


class Meaning(enum.Enum):
    """The part that a token plays in a trading sentence."""

    # Members are compared and looked up a few hundred times a post; Enum hashes names, in Python.
    __hash__ = object.__hash__

    UNKNOWN = enum.auto()
    #: Words that change nothing: articles, prepositions, greetings, labels.
    FILLER = enum.auto()

    # shapes and marks
    NUMBER = enum.auto()
    SLASHED = enum.auto()
    DATE = enum.auto()
    TIME = enum.auto()
    TICKER = enum.auto()
    CONTRACT_SYMBOL = enum.auto()
    NEWLINE = enum.auto()
    MENTION = enum.auto()
    SENTENCE_END = enum.auto()
    PAREN = enum.auto()
    SEPARATOR = enum.auto()
    QUESTION_MARK = enum.auto()
    COMMA = enum.auto()
    COLON = enum.auto()
    DASH = enum.auto()
    PLUS = enum.auto()
    SLASH = enum.auto()
    ARROW = enum.auto()
    QUOTE = enum.auto()
    AT = enum.auto()
    AND = enum.auto()

    # opening and adding
    #: An order in the room's own words: nothing else can be meant.
    BUY_TO_OPEN = enum.auto()
    #: The author is in already: "bought", "entered".
    ENTER = enum.auto()
    #: The same verbs when they could be a plan: "buying", "grab".
    BUYING = enum.auto()
    TAKE = enum.auto()
    IN = enum.auto()
    OPEN = enum.auto()
    LONG = enum.auto()
    SHORT = enum.auto()
    ADD = enum.auto()
    AVERAGE = enum.auto()

    # selling
    SELL_TO_CLOSE = enum.auto()
    SELL = enum.auto()
    TRIM = enum.auto()
    CLOSE = enum.auto()
    OUT = enum.auto()
    STOPPED = enum.auto()
    LEAVE = enum.auto()
    DOWN_TO = enum.auto()
    OFF = enum.auto()
    PROFIT = enum.auto()
    LOSS = enum.auto()

    # how much
    HALF = enum.auto()
    THIRD = enum.auto()
    QUARTER = enum.auto()
    TWO_THIRDS = enum.auto()
    THREE_QUARTERS = enum.auto()
    PART = enum.auto()
    ALL = enum.auto()
    REST = enum.auto()
    RUNNER = enum.auto()
    CONTRACTS = enum.auto()
    SIZE = enum.auto()

    # levels
    STOP = enum.auto()
    TRAIL = enum.auto()
    BREAK_EVEN = enum.auto()
    DAY_EXTREME = enum.auto()
    TARGET = enum.auto()
    HIT = enum.auto()
    MOVE = enum.auto()
    LEVEL_WORD = enum.auto()
    PRICE_WORD = enum.auto()
    LEVEL_NOUN = enum.auto()

    # contracts
    CALL = enum.auto()
    PUT = enum.auto()
    STRIKE = enum.auto()
    EXPIRY_WORD = enum.auto()
    MONTH = enum.auto()
    CHINESE_MONTH = enum.auto()
    WEEKDAY = enum.auto()
    TODAY = enum.auto()
    ZERO_DAYS = enum.auto()
    TOMORROW = enum.auto()
    WEEKLY = enum.auto()
    MONTHLY = enum.auto()
    NEXT = enum.auto()
    THIS = enum.auto()
    WEEK = enum.auto()
    DAYS = enum.auto()

    # what makes a sentence something else than an order
    NOT = enum.auto()
    IF = enum.auto()
    FUTURE = enum.auto()
    PAST = enum.auto()
    ASK = enum.auto()
    OTHERS = enum.auto()
    SELF = enum.auto()
    LOAD = enum.auto()
    WATCH = enum.auto()
    STATUS = enum.auto()
    STILL = enum.auto()
    QUOTED = enum.auto()
    RECAP = enum.auto()
    LOOKING_FOR = enum.auto()
    FROM = enum.auto()
    #: Order flow of others: sweeps, blocks, volume.
    FLOW = enum.auto()
    #: An order that waits: a bid, a limit.
    RESTING = enum.auto()
    #: A mark of joy, such as a flame.
    CHEER = enum.auto()
    #: The sentence describes what is there: "my ... are at".
    HOLDING = enum.auto()
    #: What a number counts when it is no price: minutes, points, averages.
    UNIT = enum.auto()
    CANCEL = enum.auto()

    # what is not a single option bought
    SPREAD = enum.auto()
    WRITE = enum.auto()
    SHARES = enum.auto()
    FUTURES = enum.auto()

    # risk
    LIGHT = enum.auto()
    RISKY = enum.auto()
    EXTREME = enum.auto()


def meanings(names: str) -> frozenset[Meaning]:
    """Return the meanings of those names, separated by spaces."""
    return frozenset(Meaning[name] for name in names.split())


def _lines(name: str) -> list[str]:
    text = files("autoscalper.parser.grammar").joinpath("data", name).read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _words(name: str) -> dict[str, Meaning]:
    table: dict[str, Meaning] = {}
    for line in _lines(name):
        meaning, _, words = line.partition(" ")
        if meaning.endswith(":"):
            table.update(dict.fromkeys(words.split(), Meaning[meaning[:-1]]))
    return table


def _phrases(name: str) -> dict[str, tuple[tuple[list[str], Meaning], ...]]:
    table: dict[str, list[tuple[list[str], Meaning]]] = {}
    for line in _lines(name):
        meaning, mark, phrases = line.partition(" = ")
        for phrase in phrases.split(" | ") if mark else ():
            first, *rest = phrase.split()
            table.setdefault(first, []).append((rest, Meaning[meaning]))
    return {
        first: tuple(sorted(rests, key=lambda rest: -len(rest[0])))
        for first, rests in table.items()
    }


#: English words, in lower case.
WORDS = _words("english.txt")
#: First word of a phrase -> the words that must follow it, longest first, and its meaning.
PHRASES = _phrases("english.txt")
#: Chinese terms; they stand in the text without spaces.
CHINESE_TERMS = _words("chinese.txt")

#: What punctuation means; a mark that is not here is not a token.
MARKS = {
    "-": Meaning.DASH,
    "@": Meaning.AT,
    "?": Meaning.QUESTION_MARK,
    **dict.fromkeys("!.;", Meaning.SENTENCE_END),
    **dict.fromkeys("()[]", Meaning.PAREN),
    "\u2014": Meaning.SEPARATOR,
    ",": Meaning.COMMA,
    **dict.fromkeys(":=", Meaning.COLON),
    "+": Meaning.PLUS,
    "/": Meaning.SLASH,
    "&": Meaning.AND,
    '"': Meaning.QUOTE,
    "<": Meaning.LEVEL_WORD,
    **dict.fromkeys((">", "->", "-->", "=>", "\u2192"), Meaning.ARROW),
    "\u2605": Meaning.CHEER,
    "\u00bd": Meaning.HALF,
    "\u00bc": Meaning.QUARTER,
    "\u00be": Meaning.THREE_QUARTERS,
    "\u2153": Meaning.THIRD,
    "\u2154": Meaning.TWO_THIRDS,
}
