from __future__ import annotations

import pytest

from autoscalper.parser.grammar.normalise import normalise


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "**bold** and `code`",
        "\x1b[1;33mSPY\x1b[0m",
        "\U0001f525\u201c2.21\u201d \u2014 caf\u00e9 \u4e70\u5165\uff1a",
        "\ufb01 \u00bd \u2167",
    ],
)
def test_no_character_moves(text: str) -> None:
    assert len(normalise(text)[0]) == len(text)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("**a** __b__ `c` ||d||", "  a     b    c    d  "),
        ("\u201c2.21\u201d", '"2.21"'),
        ("don\u2019t", "don't"),
        ("\uff33\uff30\uff39\uff1a", "SPY:"),
        ("1.20 \u2192 1.80", "1.20 \u2192 1.80"),
        ("\x1b[1;33mSPY", "       SPY"),
        ("2.35\u2013\u22122.40", "2.35--2.40"),
    ],
)
def test_ornaments_become_plain(text: str, plain: str) -> None:
    assert normalise(text) == (plain, False)


@pytest.mark.parametrize(
    "text", ["a\u200bb", "SP\u0423", "\u0405PY", "600\u24d2", "\u202eabc", "~~gone~~", "6\u066000"]
)
def test_a_disguise_is_reported(text: str) -> None:
    assert normalise(text)[1]


@pytest.mark.parametrize(
    "text",
    ["a \u200b b", "\U0001f468\u200d\U0001f4bb SPY", "\u26a0\ufe0fSPY", "~ 140", "\u00e9t\u00e9"],
)
def test_what_stands_apart_from_words_disguises_nothing(text: str) -> None:
    assert not normalise(text)[1]
