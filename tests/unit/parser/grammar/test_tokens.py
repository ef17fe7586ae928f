from __future__ import annotations

from decimal import Decimal

import pytest

from autoscalper.parser.grammar.lexicon import Meaning
from autoscalper.parser.grammar.tokens import MAX_TOKENS, Kind, tokenise


@pytest.mark.parametrize(
    ("text", "number", "suffix", "is_dollar"),
    [
        ("685c", "685", "c", False),
        ("$685C", "685", "c", True),
        ("$.5", ".5", "", True),
        ("1,000c", "1000", "c", False),
        ("0DTE", "0", "dte", False),
        (".88", ".88", "", False),
        ("16th", "16", "th", False),
    ],
)
def test_a_number_keeps_its_unit(text: str, number: str, suffix: str, is_dollar: bool) -> None:
    (token,) = tokenise(text)
    assert (token.kind, token.number, token.suffix) == (Kind.NUMBER, Decimal(number), suffix)
    assert token.is_dollar is is_dollar


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("25%", Kind.PERCENT),
        ("8/14", Kind.SLASHED),
        ("8/14/26", Kind.SLASHED),
        ("2026-08-14", Kind.DATE),
        ("08-14-2026", Kind.DATE),
        ("14AUG26", Kind.DATE),
        ("9:45 AM", Kind.TIME),
        ("$AMD", Kind.CASHTAG),
        ("AMD260814C00180000", Kind.SYMBOL),
        (".AMD260814C180", Kind.SYMBOL),
        ("@everyone", Kind.MENTION),
        ("<@&1234>", Kind.MENTION),
        ("https://a.b/c?d=1", Kind.MENTION),
        ("->", Kind.MARK),
    ],
)
def test_a_shape_is_one_token(text: str, kind: Kind) -> None:
    assert [(token.kind, token.text) for token in tokenise(text)] == [(kind, text)]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("buy to open", Meaning.BUY_TO_OPEN),
        ("Sold To Close", Meaning.SELL_TO_CLOSE),
        ("break-even", Meaning.BREAK_EVEN),
        ("B/E", Meaning.BREAK_EVEN),
        ("stop loss", Meaning.STOP),
        ("SL HIT", Meaning.STOPPED),
        ("room to add", Meaning.LEVEL_NOUN),
        ("\u4e70\u5165\u5f00\u4ed3", Meaning.BUY_TO_OPEN),
        ("BOT", Meaning.ENTER),
        ("bot", Meaning.UNKNOWN),
        ("spy", Meaning.TICKER),
        ("Spy", Meaning.TICKER),
        ("hood", Meaning.UNKNOWN),
        ("MNQ", Meaning.FUTURES),
    ],
)
def test_a_word_or_phrase_has_its_meaning(text: str, meaning: Meaning) -> None:
    assert [(token.text, token.meaning) for token in tokenise(text)] == [(text, meaning)]


def test_every_token_knows_its_place() -> None:
    text = 'BTO  "AMD" 180c,\n@ 2.35 \u4e70\u5165 buy to open'
    assert all(text[token.start : token.end] == token.text for token in tokenise(text))


def test_a_phrase_within_a_longer_one_is_not_cut_out() -> None:
    assert [t.meaning for t in tokenise("stop loss hit")] == [Meaning.STOPPED]


def test_a_long_post_is_cut_off() -> None:
    assert len(tokenise("! " * 2 * MAX_TOKENS)) == MAX_TOKENS
