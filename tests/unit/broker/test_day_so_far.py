from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from autoscalper.broker.day_so_far import DaySoFar
from autoscalper.domain.identity import TradeId
from autoscalper.domain.results import longest_run_of_losses

DAY = date(2026, 11, 20)
BEGAN = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def put(so_far: DaySoFar, name: str, made: int, minute: int) -> None:
    so_far.put(TradeId(name), Decimal(made), BEGAN + timedelta(minutes=minute), Decimal(made))


def test_a_new_day_made_nothing() -> None:
    so_far = DaySoFar(DAY)
    assert (int(so_far.result), so_far.losses_in_a_row) == (0, 0)


def test_closed_trades_add_up_and_losses_in_a_row_are_counted_at_the_worst() -> None:
    so_far = DaySoFar(DAY)
    for minute, made in enumerate((-10, -20, 30, -5)):
        put(so_far, f"t{minute}", made, minute)
    assert (int(so_far.result), so_far.losses_in_a_row) == (-5, 2)


def test_a_trade_that_changed_after_its_end_counts_once() -> None:
    so_far = DaySoFar(DAY)
    put(so_far, "a", -10, 0)
    put(so_far, "a", -12, 0)
    assert (int(so_far.result), so_far.losses_in_a_row) == (-12, 1)


def test_a_trade_that_is_open_again_is_taken_out() -> None:
    so_far = DaySoFar(DAY)
    put(so_far, "a", -10, 0)
    put(so_far, "b", -10, 1)
    so_far.take_out(TradeId("a"))
    so_far.take_out(TradeId("a"))
    assert (int(so_far.result), so_far.losses_in_a_row) == (-10, 1)


def test_a_trade_that_bought_nothing_breaks_no_run() -> None:
    so_far = DaySoFar(DAY)
    put(so_far, "a", -10, 0)
    so_far.put(TradeId("b"), Decimal(0), BEGAN + timedelta(minutes=1), None)
    put(so_far, "c", -10, 2)
    assert so_far.losses_in_a_row == 2


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(-3, 3), st.integers(0, 9)), max_size=40))
def test_it_is_what_counting_anew_would_give(puts: list[tuple[int, int, int]]) -> None:
    so_far = DaySoFar(DAY)
    known: dict[str, tuple[int, int]] = {}
    for number, made, minute in puts:
        put(so_far, str(number), made, minute)
        known[str(number)] = (minute, made)
        ordered = sorted((minute, name, made) for name, (minute, made) in known.items())
        assert so_far.result == sum(made for _, _, made in ordered)
        run = longest_run_of_losses(Decimal(made) for _, _, made in ordered)
        assert so_far.losses_in_a_row == run
