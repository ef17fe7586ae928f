from datetime import date
from decimal import Decimal

import pytest

from autoscalper.alert.markup import (
    MAX_TEXT,
    bold,
    clock_time,
    dollars,
    escaped,
    fitted,
    plain,
    price,
    short_contract,
    span,
)
from autoscalper.domain.contract import OptionContract, Right
from tests.fakes.posts import NINE_FORTY_FIVE
from tests.fakes.telegram_server.markup import plain_text


@pytest.mark.parametrize("text", ["<b>x", "a & b", "&lt;", "</code>", "a\x00b\u202ec"])
def test_words_of_others_stay_words(text: str) -> None:
    shown = plain_text(escaped(text))
    assert shown == "".join(each if each.isprintable() else " " for each in text)


def test_bold_is_markup_around_harmless_words() -> None:
    assert bold("<i>") == "<b>&lt;i&gt;</b>"


def test_what_does_not_fit_is_counted() -> None:
    text = fitted([f"<b>line {number}</b>" for number in range(1000)])
    assert len(text) <= MAX_TEXT
    shown = plain_text(text).splitlines()
    assert shown[0] == "line 0"
    assert shown[-1] == f"… and {1000 - len(shown) + 1} more lines"


def test_characters_outside_the_basic_plane_count_twice_as_telegram_does() -> None:
    text = fitted(["\U0001f6a8" * 100] * 100)
    assert len(text.encode("utf-16-le")) // 2 <= MAX_TEXT


def test_a_single_line_that_is_too_long_is_left_out_and_said() -> None:
    assert fitted(["x" * 5000]) == "<i>… and 1 more lines</i>"


def test_plain_text_has_no_tags() -> None:
    assert plain('<b>a</b> &lt; <a href="x">b</a>') == "a &lt; b"


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("12.5", "+$12.50"), ("-3", "-$3.00"), ("0", "+$0.00"), ("1234.567", "+$1,234.57")],
)
def test_dollars_have_a_sign(amount: str, shown: str) -> None:
    assert dollars(Decimal(amount)) == shown


def test_a_price_has_cents_and_at_most_four_digits() -> None:
    assert [price(Decimal(each)) for each in ("0.8", "1.095", "0.333333333")] == [
        "0.80",
        "1.095",
        "0.3333",
    ]


def test_times_are_new_yorks() -> None:
    assert clock_time(NINE_FORTY_FIVE) == "09:45:00"


def test_a_contract_is_shown_as_traders_write_it() -> None:
    contract = OptionContract(
        underlying="MU", expiry=date(2026, 3, 6), strike=Decimal("127.50"), right=Right.PUT
    )
    assert short_contract(contract) == "MU 127.5P Mar 6"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3700, "1 h 1 min"),
        (90000, "1 d 1 h"),
        (-3, "0 s"),
    ],
)
def test_a_span_has_the_units_that_matter(seconds: float, shown: str) -> None:
    assert span(seconds) == shown
