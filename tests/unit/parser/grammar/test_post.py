from __future__ import annotations

from datetime import date

import pytest

from autoscalper.parser.grammar.post import clause_of, parse, terms_near

TUESDAY = date(2026, 8, 11)


def clauses(text: str) -> list[str]:
    post = parse(text, TUESDAY)
    return [
        " ".join(token.text for token in post.tokens[clause.first : clause.stop])
        for clause in post.clauses
    ]


def test_sentences_lines_and_brackets_are_clauses() -> None:
    assert (
        clauses("one. two\nthree! (four) five \u2014 six") == "one two three four five six".split()
    )


def test_a_comma_divides_where_the_author_starts_anew() -> None:
    assert clauses("rough day, I'm out") == ["rough day", "I'm out"]
    assert clauses("red, green") == ["red , green"]


def test_a_question_is_known_by_its_mark() -> None:
    assert [clause.is_question for clause in parse("out? out", TUESDAY).clauses] == [True, False]


@pytest.mark.parametrize("text", ["+25%", "1.20 -> 1.80", "1.20 to 1.80", "P/L: 5", "current 4"])
def test_a_gain_is_noticed(text: str) -> None:
    assert parse(text, TUESDAY).reports_gain


@pytest.mark.parametrize(
    "text", ["SL 20%", "1% of the account", "1.20 to 1.30", "4.10", "target 50%"]
)
def test_a_level_in_per_cent_is_no_gain(text: str) -> None:
    assert not parse(text, TUESDAY).reports_gain


def test_quoted_lines_are_not_read() -> None:
    assert clauses("> BTO AMD 180c\nnice") == ["nice"]
    assert clauses(">>> BTO AMD 180c\nnice") == []
    assert clauses("above > below") == ["above > below"]


def test_the_contract_behind_the_verb_goes_first() -> None:
    post = parse("AMD ran. MSFT next, out of NVDA here", TUESDAY)
    clause = clause_of(post, len(post.tokens) - 1)
    assert str(terms_near(post, clause, clause.stop - 4)[0]) == "NVDA"
    assert str(terms_near(post, clause)[0]) == "NVDA"
    behind = parse("AMD 180c out", TUESDAY)
    assert str(terms_near(behind, behind.clauses[0], 2)[0]) == "AMD 180C"
    empty = parse("out", TUESDAY)
    assert str(terms_near(empty, empty.clauses[0])[0]) == ""
