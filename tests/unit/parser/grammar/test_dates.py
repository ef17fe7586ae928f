from __future__ import annotations

from datetime import date

import pytest

from autoscalper.parser.grammar.dates import find_expiries, friday_of_week, third_friday
from autoscalper.parser.grammar.tokens import tokenise

TUESDAY = date(2026, 8, 11)


def days(text: str, today: date = TUESDAY) -> list[str]:
    return [str(expiry.day) for expiry in find_expiries(tokenise(text), today)]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("0dte", "2026-08-11"),
        ("0 DTE", "2026-08-11"),
        ("odte", "2026-08-11"),
        ("same day", "2026-08-11"),
        ("0 days", "2026-08-11"),
        ("today", "2026-08-11"),
        ("1dte", "2026-08-12"),
        ("tomorrow", "2026-08-12"),
        ("friday", "2026-08-14"),
        ("this friday", "2026-08-14"),
        ("weekly", "2026-08-14"),
        ("this week", "2026-08-14"),
        ("next week", "2026-08-21"),
        ("next friday", "2026-08-21"),
        ("next wed", "2026-08-19"),
        ("tues", "2026-08-11"),
        ("8/14", "2026-08-14"),
        ("08/14/26", "2026-08-14"),
        ("8/14/2026", "2026-08-14"),
        ("2026/08/14", "2026-08-14"),
        ("2026-08-14", "2026-08-14"),
        ("08-14-2026", "2026-08-14"),
        ("14AUG26", "2026-08-14"),
        ("Aug 14", "2026-08-14"),
        ("August 14th", "2026-08-14"),
        ("14 Aug", "2026-08-14"),
        ("Aug 14, 2026", "2026-08-14"),
        ("1/15", "2027-01-15"),
        ("7/31", "2026-07-31"),
        ("Sep", "2026-09-18"),
        ("jan", "2027-01-15"),
        ("Jan 2027", "2027-01-15"),
        ("2027 JAN", "2027-01-15"),
        ("monthly", "2026-08-21"),
        ("\u4eca\u5929", "2026-08-11"),
        ("\u660e\u5929", "2026-08-12"),
        ("\u672c\u5468", "2026-08-14"),
        ("\u4e0b\u5468", "2026-08-21"),
        ("8\u670814\u65e5", "2026-08-14"),
    ],
)
def test_a_date_is_resolved(text: str, day: str) -> None:
    assert days(text) == [day]


@pytest.mark.parametrize("text", ["2/30", "2026-13-01", "Jan27"])
def test_an_impossible_or_doubtful_date_is_none(text: str) -> None:
    assert days(text) == ["None"]


@pytest.mark.parametrize(
    "text",
    [
        "1/2",
        "1/8 size",
        "trim 2/4",
        "sold 1/4 here",
        "20/30",
        "Closed: 08/11/2026 15:10",
        "Tuesday - 08-11-2026 10:42 AM",
        "may",
        "5 days",
        "12 cons",
        "next",
        "this",
    ],
)
def test_what_only_looks_like_an_expiry_is_none(text: str) -> None:
    assert days(text) == []


def test_one_day_to_expiry_skips_the_weekend() -> None:
    friday = date(2026, 8, 14)
    assert days("1dte", friday) == ["2026-08-17"]
    assert days("tomorrow", friday) == ["2026-08-17"]
    assert days("weekly", date(2026, 8, 15)) == ["2026-08-21"]


def test_a_date_with_day_and_year_behind_a_ticker_is_not_a_count() -> None:
    assert days("AMD 14 AUG 26 180 CALL") == ["2026-08-14"]
    assert days("BUY 5 AUG 26 180 CALL") == ["None"]


def test_fridays_and_monthly_expiries() -> None:
    assert friday_of_week(TUESDAY) == date(2026, 8, 14)
    assert friday_of_week(TUESDAY, 2) == date(2026, 8, 28)
    assert third_friday(2026, 5) == date(2026, 5, 15)
    assert third_friday(2027, 1) == date(2027, 1, 15)


def test_an_expiry_is_explicit_if_words_say_so() -> None:
    (bare,) = find_expiries(tokenise("friday"), TUESDAY)
    (said,) = find_expiries(tokenise("friday exp"), TUESDAY)
    assert (bare.is_explicit, said.is_explicit) == (False, True)
