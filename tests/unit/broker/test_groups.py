"""Groups of resting sells: what they sell and protect together."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from autoscalper.broker.groups import covered_by, groups_of, is_spent, only
from autoscalper.domain.order import OrderStatus, Purpose
from tests.unit.broker.story import opened


def test_two_stops_of_one_group_protect_the_same_contracts() -> None:
    story = opened()
    stop, target = story.order(Purpose.STOP_LOSS), story.order(Purpose.TAKE_PROFIT)
    beside = replace(stop, terms=replace(stop.terms, order_qty=1))
    assert covered_by([stop, target, beside]) == 2
    assert covered_by([stop, replace(beside, oca_group="another")]) == 3
    assert covered_by([target]) == 0


def test_orders_are_grouped_in_the_order_in_which_their_groups_came() -> None:
    story = opened()
    stop, buy = story.order(Purpose.STOP_LOSS), story.order(Purpose.ENTRY)
    other = replace(stop, oca_group="another")
    assert groups_of([buy, stop, other, stop]) == [[stop, stop], [other]]
    assert only([stop, buy], Purpose.ENTRY) == [buy]


def test_a_group_is_spent_once_an_order_of_it_filled_wholly() -> None:
    stop = opened().order(Purpose.STOP_LOSS)
    part = replace(stop, cum_qty=1, status=OrderStatus.PARTIALLY_FILLED, avg_price=Decimal(1))
    assert not is_spent([part], stop.oca_group)
    assert is_spent([replace(stop, status=OrderStatus.FILLED)], stop.oca_group)
    assert not is_spent([replace(stop, status=OrderStatus.FILLED)], "another")
