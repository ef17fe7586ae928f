from __future__ import annotations

from decimal import Decimal

import pytest

from autoscalper.parser.grammar.amounts import (
    find_price,
    find_quantity,
    find_sale_price,
    fractions_in,
    is_plain_number,
    labelled_price,
    price_after,
)
from autoscalper.parser.grammar.tokens import tokenise


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("@ 2.35", "2.35"),
        ("at $2.35", "2.35"),
        ("- 2.35", "2.35"),
        ('"2.35"', "2.35"),
        ("4 cons 2.35", "2.35"),
        ("1/8 size .88", ".88"),
        ("10 @ 2.35", "2.35"),
        ("starter here 2.35", "2.35"),
    ],
)
def test_the_price_follows_the_contract(text: str, price: str) -> None:
    found = price_after(tokenise(text), 0, set())
    assert found is not None
    assert found.price == Decimal(price)


@pytest.mark.parametrize("text", ["looking good 2.35", "25%", "4 cons", "5 min", "stop 2.35", ""])
def test_other_numbers_are_no_price(text: str) -> None:
    assert price_after(tokenise(text), 0, set()) is None


@pytest.mark.parametrize("text", ["2.35-2.45", "2.35 - 2.45", "2.35 to 2.45"])
def test_a_range_has_two_ends(text: str) -> None:
    found = price_after(tokenise(text), 0, set())
    assert found is not None
    assert (found.price, found.price_max) == (Decimal("2.35"), Decimal("2.45"))


def test_prices_far_apart_are_no_range() -> None:
    found = price_after(tokenise("2.35 to 4.10"), 0, set())
    assert found is not None
    assert found.price_max is None


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("SL 1.90 entry 2.35", "2.35"),
        ("2.35 entry", "2.35"),
        ("filled: 2.35", "2.35"),
        ("target 4 @ 2.35", "2.35"),
    ],
)
def test_a_label_names_the_price(text: str, price: str) -> None:
    tokens = tokenise(text)
    found = labelled_price(tokens, 0, len(tokens), set())
    assert found is not None
    assert found.price == Decimal(price)


def test_the_price_beside_the_contract_goes_before_one_with_a_label() -> None:
    tokens = tokenise("505c 2.35 avg 2.50")
    found = find_price(tokens, 0, 0, [])
    assert found is not None
    assert found.price == Decimal("2.35")


@pytest.mark.parametrize(
    ("text", "quantity"),
    [("bought 4 cons MSFT", "4"), ("BTO 3 MSFT", "3"), ("BTO (2) MSFT", "2"), ("BTO MSFT", None)],
)
def test_the_quantity_is_a_count(text: str, quantity: str | None) -> None:
    tokens = tokenise(text)
    at = find_quantity(tokens, 0, len(tokens) - 1)
    assert (tokens[at].text if at is not None else None) == quantity


@pytest.mark.parametrize(
    ("text", "fraction"),
    [
        ("half", "0.5"),
        ("\u00bd", "0.5"),
        ("a third", "0.33"),
        ("two thirds", "0.67"),
        ("3/4", "0.75"),
        ("sold 3 of 15", "0.2"),
        ("trim 1 out of 4", "0.25"),
        ("\u4e00\u534a", "0.5"),
    ],
)
def test_a_fraction_is_read(text: str, fraction: str) -> None:
    tokens = tokenise(text)
    (found,) = fractions_in(tokens, 0, len(tokens), set())
    assert round(found[1], 2) == Decimal(fraction)


@pytest.mark.parametrize("text", ["1st of 4", "game 3 of 15", "5/4", "1/2/26", "0/0"])
def test_other_pairs_are_no_fraction(text: str) -> None:
    tokens = tokenise(text)
    assert list(fractions_in(tokens, 0, len(tokens), set())) == []


def test_the_price_of_a_sale_is_not_where_it_came_from() -> None:
    tokens = tokenise("out 3.10 from 2.35")
    assert find_sale_price(tokens, 0, len(tokens), set()) == 1
    assert find_sale_price(tokens, 2, len(tokens), set()) is None


@pytest.mark.parametrize(
    ("text", "is_plain"),
    [
        ("2.35", True),
        ("$5", True),
        ("5 min", False),
        ("5 cons", False),
        ("685c", False),
        ("0", False),
    ],
)
def test_a_number_with_a_unit_is_not_plain(text: str, is_plain: bool) -> None:
    assert is_plain_number(tokenise(text), 0) is is_plain
