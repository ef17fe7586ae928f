"""Makes a post's characters plain without moving any: position n stays position n.

What could disguise a trading word (a look-alike letter of another script, an invisible or
direction-changing character) is not translated but reported, so that the post is not acted on.
"""

from __future__ import annotations

import re
import unicodedata

_BLANK = " "
#: Stands for a zero-width character; harmless outside words.
_INVISIBLE = "\u200b"
#: Stands for a symbol that looks like a letter or a digit; harmless when it touches no word.
_LOOKALIKE = "\ufffd"
#: Stands for a letter or digit of a script that no trader posts in, or a change of direction.
_FOREIGN = "\ufffe"

_MARKUP = str.maketrans(dict.fromkeys("*_`|\r\t\v\f", _BLANK))
_ANSI_COLOUR = re.compile(r"\x1b?\[[0-9;]{1,12}m")
_STRUCK_OUT = re.compile(r"~~[^~]")
_DISGUISE = re.compile(
    f"{_FOREIGN}|[0-9A-Za-z$.]{_INVISIBLE}+[0-9A-Za-z$.]"
    f"|[0-9A-Za-z$./@]{_LOOKALIKE}|{_LOOKALIKE}[0-9A-Za-z$./@]"
)
_PLAIN = {
    **dict.fromkeys("\u2018\u2019\u02bc\u00b4", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u300c\u300d", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"),
    **dict.fromkeys("\u2192\u279c\u27a1\u21d2\u279e\u2794", "\u2192"),
    **dict.fromkeys("\u3002\u2026", "."),
    **dict.fromkeys("\u3001\uff64", ","),
    **dict.fromkeys("\u2022\u00b7\u25cf\u25aa\u2014\u2015", "\u2014"),
    # flames, rockets, money: the mood of a post that looks back
    **dict.fromkeys(
        "\U0001f525\U0001f680\U0001f4b0\U0001f911\U0001f389\U0001f4b5\U0001f4b8", "\u2605"
    ),
    "\u2028": "\n",
    "\u2029": "\n",
}
_KEPT = "\u00bc\u00bd\u00be\u2153\u2154"
_BLANK_RANGES = ((0x1F000, 0x1F0FF), (0x1F1E6, 0x1FAFF), (0x2600, 0x27BF), (0xFE00, 0xFE0F))
_FOLDED_RANGES = ((0xFF01, 0xFF5E), (0x1D400, 0x1D7FF))
_SYMBOL_LETTERS = ((0x2460, 0x24FF), (0x1F100, 0x1F1E5), (0x2100, 0x214F), (0x20D0, 0x20FF))
_DIRECTION = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))


class Plain(dict[int, str]):
    """A ``str.translate`` table that works out each new character once."""

    def __missing__(self, code: int) -> str:
        plain = _plain(chr(code))
        self[code] = plain
        return plain


def normalise(text: str) -> tuple[str, bool]:
    """Return the plain text, of the same length, and whether characters in it disguise others."""
    if text.isascii():
        plain, disguised = text.translate(_MARKUP), False
    else:
        plain = text.translate(_TABLE)
        disguised = _DISGUISE.search(plain) is not None
    if "[" in plain:
        plain = _ANSI_COLOUR.sub(_blanks, plain)
    return plain, disguised or ("~~" in plain and _STRUCK_OUT.search(plain) is not None)


def _blanks(match: re.Match[str]) -> str:
    return _BLANK * len(match[0])


def _within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(low <= code <= high for low, high in ranges)


def _plain(char: str) -> str:
    code = ord(char)
    if char.isascii() or char in _KEPT:
        return char
    if char in _PLAIN:
        return _PLAIN[char]
    if _within(code, _FOLDED_RANGES):
        return unicodedata.normalize("NFKC", char)
    if _within(code, _SYMBOL_LETTERS):
        return _LOOKALIKE
    if _within(code, _BLANK_RANGES):
        return _BLANK
    return _FOREIGN if code in _DIRECTION else _by_category(char, unicodedata.category(char))


def _by_category(char: str, category: str) -> str:
    if category == "Cf":
        return _INVISIBLE
    if category[0] == "M":
        return _LOOKALIKE
    if category == "Nd":
        return _FOREIGN
    if category in ("Nl", "No"):
        return _LOOKALIKE
    if category[0] == "L":
        return char if _is_read(unicodedata.name(char, "")) else _FOREIGN
    return _BLANK


def _is_read(name: str) -> bool:
    if name.startswith("LATIN"):
        return "SMALL CAPITAL" not in name
    return name.startswith(("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"))


_TABLE = Plain(_MARKUP)
