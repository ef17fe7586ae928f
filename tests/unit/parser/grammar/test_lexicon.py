from __future__ import annotations

from collections import Counter
from importlib.resources import files

import pytest

from autoscalper.parser.grammar.lexicon import (
    CHINESE_TERMS,
    MARKS,
    PHRASES,
    WORDS,
    Meaning,
    meanings,
)


@pytest.mark.parametrize("name", ["english.txt", "chinese.txt"])
def test_no_word_has_two_meanings(name: str) -> None:
    text = files("autoscalper.parser.grammar").joinpath("data", name).read_text("utf-8")
    words = Counter(
        word
        for line in text.splitlines()
        if line.split(" ")[0].endswith(":")
        for word in line.split()[1:]
    )
    assert [word for word, count in words.items() if count > 1] == []


def test_words_are_such_as_the_tokeniser_cuts() -> None:
    assert [
        word for word in WORDS if word != word.lower() or not word.replace("'", "").isalpha()
    ] == []


def test_longer_phrases_come_first() -> None:
    for rests in PHRASES.values():
        assert [len(rest) for rest, _ in rests] == sorted((len(r) for r, _ in rests), reverse=True)


def test_names_are_looked_up() -> None:
    assert meanings("STOP TRAIL") == {Meaning.STOP, Meaning.TRAIL}
    with pytest.raises(KeyError):
        meanings("NONSENSE")


def test_tables_of_both_languages_and_marks_are_filled() -> None:
    assert WORDS["bto"] is Meaning.BUY_TO_OPEN
    assert CHINESE_TERMS["\u6b62\u635f"] is Meaning.STOP
    assert MARKS["?"] is Meaning.QUESTION_MARK
