from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from autoscalper.domain.order import Side
from autoscalper.domain.results import Execution, longest_run_of_losses, result_on

MONDAY, TUESDAY = date(2026, 3, 16), date(2026, 3, 17)


def bought(qty: int, price: str, day: date = TUESDAY) -> Execution:
    return Execution(day=day, side=Side.BUY, qty=qty, price=Decimal(price))


def sold(qty: int, price: str, day: date = TUESDAY) -> Execution:
    return Execution(day=day, side=Side.SELL, qty=qty, price=Decimal(price))


@pytest.mark.parametrize(
    ("executions", "carried", "mark", "expected"),
    [
        ([], None, "1.00", "0"),
        ([bought(2, "1.00")], None, "0.90", "-0.20"),
        ([bought(2, "1.00"), sold(2, "0.70")], None, "5.00", "-0.60"),
        ([bought(2, "1.00"), sold(1, "1.50")], None, "0.80", "0.30"),
        ([bought(1, "1.00"), bought(1, "0.50"), sold(1, "0.75")], None, "0.75", "0.00"),
        # Yesterday's sale is yesterday's; what was left counts from where today began.
        ([bought(2, "1.00", MONDAY), sold(1, "2.00", MONDAY)], "2.00", "1.50", "-0.50"),
        ([bought(2, "1.00", MONDAY), sold(2, "1.80")], "2.00", "0.00", "-0.40"),
        # Nobody knows where today began: from the cost.
        ([bought(2, "1.00", MONDAY)], None, "1.50", "1.00"),
        # More was sold than is known to be bought: counted as far as it is known.
        ([bought(1, "1.00"), sold(2, "1.50")], None, "9.00", "0.50"),
    ],
)
def test_a_day_counts_what_was_sold_and_what_is_held(
    executions: list[Execution], carried: str | None, mark: str, expected: str
) -> None:
    start = None if carried is None else Decimal(carried)
    assert result_on(TUESDAY, executions, start, Decimal(mark)) == Decimal(expected)


@pytest.mark.parametrize(
    ("results", "expected"),
    [((), 0), ((1, 2), 0), ((-1, -1, 1, -1), 2), ((-1, 0, -1), 1), ((-1, -1, -1, 5), 3)],
)
def test_the_longest_run_of_losses_stays_what_it_was(
    results: tuple[int, ...], expected: int
) -> None:
    assert longest_run_of_losses(map(Decimal, results)) == expected
