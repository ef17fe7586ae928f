from __future__ import annotations

from autoscalper.domain.order import TERMINAL, WORKING, OrderStatus


def test_no_order_works_and_is_over_at_once() -> None:
    assert not TERMINAL & WORKING


def test_an_order_that_nobody_knows_about_neither_works_nor_is_over() -> None:
    for status in (OrderStatus.IN_DOUBT, OrderStatus.PENDING_NEW, OrderStatus.PENDING_CANCEL):
        assert status not in TERMINAL | WORKING


def test_an_order_that_the_gateway_lost_is_over_for_us() -> None:
    assert OrderStatus.ABANDONED in TERMINAL


def test_an_order_that_filled_in_part_still_works() -> None:
    assert OrderStatus.PARTIALLY_FILLED in WORKING
