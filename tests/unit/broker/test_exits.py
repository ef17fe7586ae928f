"""Selling what is above the level, as stories."""

from __future__ import annotations

from decimal import Decimal

from autoscalper.domain.identity import IbOrderId
from autoscalper.domain.order import OrderStatus, OrderType, Purpose
from tests.unit.broker.model_gateway import ModelGateway
from tests.unit.broker.story import Story, entry, opened


def test_an_exit_rests_below_the_bid_walks_down_and_ends_at_the_market_within_five_seconds() -> (
    None
):
    story = opened()
    story.quote("0.50", "0.52")
    story.exit()
    assert story.order(Purpose.EXIT).terms.limit_price == Decimal("0.49")

    story.quote("0.50", "0.52")
    story.wait(2.5, step=0.25)
    assert story.order(Purpose.EXIT).terms.limit_price == Decimal("0.45")

    story.wait(2, step=0.25)
    assert story.order(Purpose.EXIT).order_type is OrderType.MARKET
    assert story.live() == {"X1": 2}


def test_an_exit_without_a_quote_goes_to_the_market_at_once() -> None:
    story = opened()
    story.wait(10)
    story.exit()
    assert story.order(Purpose.EXIT).order_type is OrderType.MARKET


def test_what_an_exit_filled_before_it_was_called_off_is_not_sold_again() -> None:
    story = opened()
    story.exit()
    story.fill(Purpose.EXIT, qty=1)
    story.wait(5)

    assert story.live() == {"X1": 1}
    story.fill(Purpose.EXIT)
    story.wait(2)
    assert story.held == 0
    assert not story.trade.is_open


def test_refused_exits_are_tried_again_at_longer_and_longer_intervals() -> None:
    story = opened()
    story.gateway.rejects = 10_000
    story.exit()
    story.wait(60)

    exits = [each for each in story.book.orders.values() if each.purpose is Purpose.EXIT]
    assert 5 <= len(exits) <= 15
    assert all(each.status is OrderStatus.REJECTED for each in exits)


def test_no_more_is_sold_than_the_account_holds() -> None:
    story = opened()
    story.gateway.positions[story.con_id] = 1
    story.lose()
    story.connect()
    story.exit()

    assert story.live() == {"X0": 1}
    story.fill(Purpose.EXIT)
    story.wait(8)
    assert story.live() == {}
    assert not story.trade.is_open


def test_an_exit_that_the_positions_do_not_allow_makes_the_gateway_be_asked() -> None:
    story = opened()
    story.gateway.positions[story.con_id] = 0
    story.lose()
    story.connect()
    story.gateway.positions[story.con_id] = 2
    story.exit()
    assert story.live() == {}

    story.wait(3)
    assert story.live() == {"X0": 2}


class Silent(ModelGateway):
    """Does what it is told to cancel, and does not always say so."""

    is_silent = False

    def _cancel(self, ib_order_id: IbOrderId) -> None:
        said = list(self.outbox)
        super()._cancel(ib_order_id)
        if self.is_silent:
            self.outbox = said


def test_an_exit_leaves_soon_though_the_end_of_its_stop_is_not_told() -> None:
    gateway = Silent()
    story = Story(gateway=gateway)
    story.connect()
    story.post(entry())
    story.fill(Purpose.ENTRY)
    story.wait(2)
    gateway.is_silent = True
    story.exit()
    story.settle()
    gateway.is_silent = False
    story.wait(1.5)
    assert story.live() == {"X0": 2}
