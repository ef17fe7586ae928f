from __future__ import annotations

from datetime import date

import pytest

from autoscalper.parser.grammar.leads import Lead, read_lead
from autoscalper.parser.grammar.lexicon import Meaning
from autoscalper.parser.grammar.post import parse

TUESDAY = date(2026, 8, 11)


def lead(text: str) -> Lead:
    post = parse(text, TUESDAY)
    return read_lead(post, post.mentions[0])


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("BTO MSFT 505c", Meaning.BUY_TO_OPEN),
        ("bought a few MSFT 505c", Meaning.ENTER),
        ("Open\nMSFT 505c", Meaning.OPEN),
        ("bought in both:\nMSFT 505c", Meaning.ENTER),
        ("started a trade. MSFT 505c", None),
        ("bought NVDA the other day and more\nMSFT 505c", None),
        ("MSFT 505c", None),
    ],
)
def test_the_verb_of_the_sentence_or_its_header_governs(text: str, order: Meaning | None) -> None:
    assert lead(text).order is order


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("not in MSFT 505c", "not"),
        ("Update\nMSFT 505c", "Update"),
        ("he will BTO MSFT 505c", "he"),
        ("trade update BTO MSFT 505c", None),
        ("no worries about anything at all, my dear good old friends BTO MSFT 505c", None),
        ("BTO MSFT 505c", None),
    ],
)
def test_a_denial_is_found(text: str, word: str | None) -> None:
    post = parse(text, TUESDAY)
    at = read_lead(post, post.mentions[0]).denied_at
    assert (post.tokens[at].text if at is not None else None) == word


def test_unknown_words_are_counted_on_both_sides_of_the_verb() -> None:
    found = lead("zork bought glorp MSFT 505c")
    assert (found.unknown_before, found.unknown_between) == (1, 1)


def test_the_name_of_the_speaker_is_no_unknown_word() -> None:
    assert lead("zork: in MSFT 505c").unknown_before == 0
