from __future__ import annotations

from decimal import Decimal

import pytest

from autoscalper.domain.instruction import (
    PriceBasis,
    StopAt,
    StopAtBreakEven,
    StopBelow,
    TrailBy,
)
from autoscalper.parser.grammar.levels import basis_of, find_stop, find_targets
from autoscalper.parser.grammar.tokens import tokenise


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("SL 2.10", "2.10"),
        ("stop loss moved to $2.10", "2.10"),
        ("2.10 is my stop", "2.10"),
        ("using 2.10 as stop", "2.10"),
        ("stop below 2.10", "2.10"),
        ("trail stop at 2.10", "2.10"),
    ],
)
def test_a_stop_names_its_level(text: str, price: str) -> None:
    tokens = tokenise(text)
    level = find_stop(tokens, 0, len(tokens))
    assert level is not None
    assert level.rule == StopAt(price=Decimal(price))


@pytest.mark.parametrize("text", ["SL BE", "stop to entry", "stops b/e", "BE stop", "stop at cost"])
def test_a_stop_at_the_entry_is_break_even(text: str) -> None:
    tokens = tokenise(text)
    level = find_stop(tokens, 0, len(tokens))
    assert level is not None
    assert level.rule == StopAtBreakEven()


def test_a_trail_in_per_cent_follows() -> None:
    level = find_stop(tokenise("trailing stop 15%"), 0, 3)
    assert level is not None
    assert level.rule == TrailBy(percent=Decimal(15))


def test_a_stop_in_per_cent_is_below_the_entry() -> None:
    level = find_stop(tokenise("SL 20%"), 0, 2)
    assert level is not None
    assert level.rule == StopBelow(percent=Decimal(20))


@pytest.mark.parametrize("text", ["SL 200%", "SL is HOD", "tight stop"])
def test_a_stop_may_name_no_price(text: str) -> None:
    tokens = tokenise(text)
    level = find_stop(tokens, 0, len(tokens))
    assert level is not None
    assert level.rule is None


def test_a_time_frame_is_no_level() -> None:
    tokens = tokenise("stop is a 5 min close")
    level = find_stop(tokens, 0, len(tokens))
    assert level is not None
    assert level.rule is None


@pytest.mark.parametrize(
    ("level", "premium", "basis"),
    [
        ("1.90", "2.35", PriceBasis.PREMIUM),
        ("178", "2.35", PriceBasis.UNDERLYING),
        ("60", "67", PriceBasis.PREMIUM),
        ("1.90", None, PriceBasis.PREMIUM),
        ("178", None, PriceBasis.UNDERLYING),
    ],
)
def test_the_premium_tells_whose_price_a_level_is(
    level: str, premium: str | None, basis: PriceBasis
) -> None:
    assert basis_of(Decimal(level), Decimal(premium) if premium else None) is basis


@pytest.mark.parametrize(
    ("text", "prices"),
    [
        ("TP 3.50", ["3.50"]),
        ("TP1 3.00 TP2 3.50", ["3.00", "3.50"]),
        ("targets: 3, 4 and 5", ["3", "4", "5"]),
        ("PT 182/185", ["182", "185"]),
        ("target 1 3.50", ["3.50"]),
        ("TP 3.50 SL 1.90", ["3.50"]),
    ],
)
def test_targets_are_listed_in_order(text: str, prices: list[str]) -> None:
    tokens = tokenise(text)
    found = find_targets(tokens, 0, len(tokens))
    assert found is not None
    assert [str(price) for price in found[0].prices] == prices


@pytest.mark.parametrize("text", ["TP1 hit", "target hit 3.50", "no target", "3.50"])
def test_a_target_that_was_hit_is_none(text: str) -> None:
    tokens = tokenise(text)
    assert find_targets(tokens, 0, len(tokens)) is None


@pytest.mark.parametrize(
    ("text", "prices"),
    [
        ("TP 3.50, runners", ["3.50"]),
        ("TP 3.00 / 3.50 / runner", ["3.00", "3.50"]),
        ("TP1: 3.00\nTP2: 3.50\nTP3: runners", ["3.00", "3.50"]),
        ("targets 3.00, 3.50, 1 runner", ["3.00", "3.50"]),
        ("PT 182/185 + runners", ["182", "185"]),
        ("TP 3.50 then let a runner ride", ["3.50"]),
        ("TP 3.50, leave some for runners", ["3.50"]),
    ],
)
def test_a_runner_may_be_kept_beyond_the_targets(text: str, prices: list[str]) -> None:
    tokens = tokenise(text)
    found = find_targets(tokens, 0, len(tokens))
    assert found is not None
    targets, named = found
    assert targets.leaves_runner
    assert [str(price) for price in targets.prices] == prices
    assert tokens[named[-1]].word.startswith("runner")


@pytest.mark.parametrize(
    ("text", "prices"),
    [
        ("TP 3.50", ["3.50"]),
        ("TP 3.50, no runners", ["3.50"]),
        ("TP 3.50. runners later", ["3.50"]),
        ("TP 3.50 for the runner", ["3.50"]),
        ("runner TP 3.50", ["3.50"]),
        ("TP 3.00, runner 3.50", ["3.00", "3.50"]),
        ("TP 3.00, runners to 3.50", ["3.00", "3.50"]),
        ("TP 3.00, runner @ 3.50", ["3.00"]),
        ("TP 3.50 lovely quiet sunny runners", ["3.50"]),
    ],
)
def test_a_runner_with_an_end_of_its_own_is_none(text: str, prices: list[str]) -> None:
    tokens = tokenise(text)
    found = find_targets(tokens, 0, len(tokens))
    assert found is not None
    targets, _ = found
    assert not targets.leaves_runner
    assert [str(price) for price in targets.prices] == prices
