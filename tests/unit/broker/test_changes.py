"""Changes and cancels, as stories: asked for no more often than they can be answered."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from autoscalper.broker.commands import ModifyOrder, TakeSnapshot
from autoscalper.broker.events import ClockTicked, OrderErrored
from autoscalper.domain.instruction import StopAtBreakEven
from autoscalper.domain.order import OrderStatus, Purpose
from tests.unit.broker.story import opened


def test_a_refused_change_is_not_asked_for_again_at_once() -> None:
    story = opened()
    story.flows = False
    story.move_stop("0.36")
    story.gateway.inbox.clear()
    refused = OrderErrored(
        ib_order_id=story.order(Purpose.STOP_LOSS).ib_order_id, code=201, text="no"
    )
    story.hear(refused, ClockTicked())
    assert story.gateway.inbox == []
    assert story.order(Purpose.STOP_LOSS).is_live

    story.wait(1)
    changes = [each for each in story.gateway.inbox if not isinstance(each, TakeSnapshot)]
    assert [type(each) for each in changes] == [ModifyOrder]


def test_an_order_is_not_changed_before_the_gateway_had_time_to_take_it() -> None:
    story = opened()
    stop = story.order(Purpose.STOP_LOSS)
    story.book.put_order(replace(stop, status=OrderStatus.PENDING_NEW, created_at=story.now))
    story.flows = False

    story.move_stop("0.36")
    assert story.gateway.inbox == []

    story.wait(1)
    changes = [each for each in story.gateway.inbox if not isinstance(each, TakeSnapshot)]
    assert [type(each) for each in changes] == [ModifyOrder]


def test_a_confirmed_change_does_not_hold_up_the_next_one() -> None:
    story = opened()
    story.move_stop("0.36")
    story.move_stop(StopAtBreakEven())

    assert story.at_gateway(Purpose.STOP_LOSS).terms.stop_price == Decimal("0.40")
