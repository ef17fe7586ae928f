"""What rests at the broker for what is held, as stories."""

from __future__ import annotations

from decimal import Decimal

from autoscalper.domain.instruction import SetTargets, Targets
from autoscalper.domain.order import OrderStatus, Purpose
from tests.unit.broker.story import Story, opened


def coming_back(as_its_stop_fills: int) -> Story:
    """A target that is placed again while some contracts of its stop fill, unheard of."""
    story = opened()
    story.flows = False
    story.gateway.end(story.at_gateway(Purpose.TAKE_PROFIT))
    story.hear(*story.gateway.outbox)
    story.gateway.outbox.clear()
    story.gateway.fill(story.at_gateway(Purpose.STOP_LOSS), as_its_stop_fills, Decimal("0.33"))
    story.flows = True
    story.settle()
    return story


def test_a_target_that_is_gone_comes_back_in_the_group_of_its_stop() -> None:
    story = opened()
    story.wait(2)
    story.gateway.end(story.at_gateway(Purpose.TAKE_PROFIT))
    story.settle()

    assert story.live() == {"S0": 2, "T1": 2}
    assert story.order(Purpose.TAKE_PROFIT).oca_group == story.order(Purpose.STOP_LOSS).oca_group


def test_a_target_that_is_refused_three_times_is_told_of_once_and_left_away() -> None:
    story = opened()
    story.gateway.rejects = 99
    story.gateway.end(story.at_gateway(Purpose.TAKE_PROFIT))
    story.settle()
    story.wait(30)

    targets = [each for each in story.book.orders.values() if each.purpose is Purpose.TAKE_PROFIT]
    assert len(targets) == 4
    assert story.live() == {"S0": 2}
    assert len(story.reports()) == 1
    assert "only its stop" in story.reports()[0]


def test_a_group_in_which_something_filled_is_not_joined_again() -> None:
    story = opened()
    story.fill(Purpose.TAKE_PROFIT, qty=1)
    story.wait(2)
    story.gateway.end(story.at_gateway(Purpose.TAKE_PROFIT))
    story.settle()
    story.wait(5)

    assert story.live() == {"S0": 1}


def test_a_target_that_comes_back_as_its_stop_fills_sells_nothing_more() -> None:
    story = coming_back(as_its_stop_fills=2)
    story.wait(3)

    assert story.order(Purpose.TAKE_PROFIT).status is OrderStatus.REJECTED
    assert story.live() == {}
    assert not story.trade.is_open


def test_a_target_that_comes_back_as_its_stop_fills_in_part_is_reduced() -> None:
    story = coming_back(as_its_stop_fills=1)
    story.wait(2)

    assert story.live() == {"S0": 1, "T1": 1}


def test_a_position_without_a_stop_gets_one() -> None:
    story = opened()
    for purpose in (Purpose.TAKE_PROFIT, Purpose.STOP_LOSS):
        story.gateway.end(story.at_gateway(purpose))
    story.wait(1.5)

    assert story.gateway.stops(story.con_id) == 2


def test_a_stop_that_is_refused_three_times_closes_the_trade() -> None:
    story = opened()
    story.gateway.rejects = 9
    story.gateway.end(story.at_gateway(Purpose.STOP_LOSS))
    story.settle()
    story.wait(8)

    assert story.trade.hold == 0
    assert "refused" in story.reports()[0]
    story.fill(Purpose.EXIT)
    assert story.held == 0


def test_a_stop_that_never_lasts_does_not_become_a_flood_of_orders() -> None:
    story = opened()
    for _ in range(100):
        for held in story.gateway.live():
            story.gateway.end(held)
        story.settle()
        story.wait(0.1, step=0.1)

    assert len(story.gateway.accepted) < 40


def test_a_target_moves_to_where_it_shall_rest() -> None:
    story = opened()
    story.post(SetTargets(targets=Targets(prices=(Decimal("0.90"),))))
    assert story.at_gateway(Purpose.TAKE_PROFIT).terms.limit_price == Decimal("0.90")
