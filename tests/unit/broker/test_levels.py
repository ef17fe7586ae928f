"""Exits by level, as stories: reduce, exit, protect."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from autoscalper.broker.commands import CancelOrder, ModifyOrder, PlaceOrders
from autoscalper.broker.events import Fill, FillReported
from autoscalper.broker.orders import Terms
from autoscalper.broker.records import Phase
from autoscalper.domain.identity import ExecId
from autoscalper.domain.instruction import AddToTrade
from autoscalper.domain.order import OrderStatus, Purpose, Side
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.domain.settings import BrokerSettings
from tests.unit.broker.story import CALL, Story, entry, opened

#: Room for as many again as the entry bought.
ROOMY = BrokerSettings(max_contracts=4, initial_contracts=2)


def added(price: str = "0.38") -> Story:
    """Two bought, two more added, each with its own stop and target."""
    story = opened(ROOMY)
    story.post(AddToTrade(price=Decimal(price)))
    story.fill(Purpose.ADD)
    story.wait(1.5)
    # The first target made way for the add and came back.
    assert story.live() == {"S0": 2, "T1": 2, "S1": 2, "T2": 2}
    return story


def test_an_entry_leaves_as_one_unit_with_its_stop_and_target() -> None:
    story = Story()
    story.connect()
    story.post(entry())

    (placed,) = [each for each in story.commands if isinstance(each, PlaceOrders)]
    buy, target, last_sale, stop = placed.orders

    assert [each.purpose for each in placed.orders] == [
        Purpose.ENTRY,
        Purpose.TAKE_PROFIT,
        Purpose.FLATTEN,
        Purpose.STOP_LOSS,
    ]
    assert last_sale.parent_ib_order_id == buy.ib_order_id
    assert last_sale.oca_group == stop.oca_group
    assert target.parent_ib_order_id == stop.parent_ib_order_id == buy.ib_order_id
    assert target.oca_group == stop.oca_group != ""
    assert [each.ib_order_id for each in placed.orders] == [1, 2, 3, 4]


def test_an_entry_ends_a_minute_after_its_own_cancel_and_an_add_does_too() -> None:
    story = opened(replace(ROOMY, entry_timeout_seconds=45))
    bought = story.order(Purpose.ENTRY)
    assert bought.ends_at == bought.created_at.replace(microsecond=0) + timedelta(seconds=105)
    story.post(AddToTrade(price=Decimal("0.38")))
    add = story.order(Purpose.ADD)
    assert add.ends_at is not None
    assert timedelta(seconds=104) < add.ends_at - add.created_at <= timedelta(seconds=105)
    others = [each for each in story.book.orders.values() if each.side is Side.SELL]
    assert {each.ends_at for each in others} == {None}


def test_an_exit_leaves_only_when_nothing_else_can_sell_the_same_contracts() -> None:
    story = opened()
    story.flows = False
    story.exit()

    assert [type(each) for each in story.gateway.inbox] == [CancelOrder] * 3

    story.gateway.take_in(2)
    story.hear(*story.gateway.outbox)
    assert [type(each) for each in story.gateway.inbox] == [CancelOrder]

    story.gateway.outbox.clear()
    story.gateway.take_in()
    story.hear(*story.gateway.outbox)
    (exit_,) = story.gateway.inbox
    assert isinstance(exit_, PlaceOrders)
    assert exit_.orders[0].terms.order_qty == 2


def test_a_trim_reduces_the_children_first_and_sells_after_that() -> None:
    story = opened()
    story.trim()
    assert story.live() == {"T0": 1, "S0": 1, "X0": 1}

    story.fill(Purpose.EXIT)
    story.wait(2)
    assert story.live() == {"T0": 1, "S0": 1}
    assert story.held == 1


def test_a_stop_that_fills_while_it_is_being_canceled_leaves_nothing_to_sell() -> None:
    story = opened()
    story.flows = False
    story.exit()
    story.gateway.fill(story.at_gateway(Purpose.STOP_LOSS), 2, Decimal("0.33"))
    story.flows = True
    story.settle()
    story.wait(2)

    assert story.held == 0
    assert not story.trade.is_open
    assert not [each for each in story.book.orders.values() if each.purpose is Purpose.EXIT]


def test_a_stop_that_fills_in_part_while_it_is_being_canceled_leaves_the_rest_to_sell() -> None:
    story = opened()
    story.flows = False
    story.exit()
    story.gateway.fill(story.at_gateway(Purpose.STOP_LOSS), 1, Decimal("0.33"))
    story.flows = True
    story.settle()
    story.wait(1)

    assert story.live() == {"X0": 1}


def test_a_stop_that_fills_while_an_exit_rests_calls_the_exit_off_before_protecting_again() -> None:
    story = opened()
    story.trim()
    story.flows = False
    story.gateway.fill(story.at_gateway(Purpose.STOP_LOSS), 1, Decimal("0.33"))
    story.hear(*story.gateway.outbox)
    story.gateway.outbox.clear()

    assert [type(each) for each in story.gateway.inbox] == [CancelOrder]

    story.gateway.fill(story.at_gateway(Purpose.EXIT), 1, Decimal("0.40"))
    story.flows = True
    story.settle()
    story.wait(2)
    assert story.held == 0
    assert story.live() == {}


def test_a_target_that_fills_in_part_leaves_a_stop_for_the_rest() -> None:
    story = opened()
    story.fill(Purpose.TAKE_PROFIT, qty=1, price="0.63")
    story.wait(3)

    assert story.live() == {"T0": 1, "S0": 1}
    assert not [each for each in story.commands if isinstance(each, ModifyOrder)]


def test_what_the_gateway_does_not_reduce_by_itself_is_reduced_a_second_later() -> None:
    story = opened()
    story.flows = False
    story.gateway.fill(story.at_gateway(Purpose.TAKE_PROFIT), 1, Decimal("0.63"))
    story.at_gateway(Purpose.STOP_LOSS).terms = story.order(Purpose.STOP_LOSS).terms
    story.gateway.outbox = story.gateway.outbox[:3]
    story.flows = True
    story.settle()
    assert story.live() == {"T0": 1, "S0": 2}

    story.wait(1.5)
    assert story.live() == {"T0": 1, "S0": 1}


def test_a_price_change_that_crosses_a_reduction_is_corrected_when_the_fill_is_heard() -> None:
    story = opened()
    story.flows = False
    story.move_stop("0.36")
    story.gateway.fill(story.at_gateway(Purpose.TAKE_PROFIT), 1, Decimal("0.63"))
    story.gateway.take_in()
    assert story.live() == {"T0": 1, "S0": 2}

    heard, *others = story.gateway.outbox
    assert isinstance(heard, FillReported)
    (change,) = story.hear(heard)
    assert isinstance(change, ModifyOrder)
    assert change.order.purpose is Purpose.STOP_LOSS
    assert change.terms == Terms(order_qty=1, stop_price=Decimal("0.36"))

    story.gateway.outbox = others
    story.flows = True
    story.settle()
    assert story.live() == {"T0": 1, "S0": 1}


def test_a_stop_that_is_reduced_never_goes_back_to_the_price_that_it_had() -> None:
    story = opened()
    story.flows = False
    story.move_stop("0.36")
    story.trim()
    story.flows = True
    story.settle()
    story.wait(3)

    changes = [
        each.terms
        for each in story.commands
        if isinstance(each, ModifyOrder) and each.order.purpose is Purpose.STOP_LOSS
    ]
    assert story.live() == {"T0": 1, "S0": 1, "X0": 1}
    assert {terms.stop_price for terms in changes} == {Decimal("0.36")}


def test_after_an_add_an_exit_waits_for_both_pairs() -> None:
    story = added()
    story.exit()
    assert story.live() == {"X0": 4}


def test_after_an_add_a_trim_keeps_whole_pairs() -> None:
    story = added()
    story.trim(2)
    assert story.live() == {"S0": 2, "X0": 2, "T2": 2}


def test_a_target_of_one_pair_and_a_stop_of_another_never_sell_the_same_contracts() -> None:
    story = added()
    story.gateway.end(story.at_gateway(Purpose.TAKE_PROFIT, 2))
    story.settle()
    story.gateway.end(story.at_gateway(Purpose.STOP_LOSS, 1))
    story.settle()
    story.trim(2)
    story.wait(3)

    assert story.gateway.working_sells(story.con_id) <= story.held
    story.fill(Purpose.EXIT)
    story.wait(4)
    assert story.gateway.working_sells(story.con_id) == story.gateway.stops(story.con_id) == 2


def test_a_target_that_lost_its_stop_is_canceled_before_a_new_pair_is_placed() -> None:
    story = opened()
    story.wait(2)
    story.gateway.end(story.at_gateway(Purpose.STOP_LOSS))
    story.settle()

    assert story.live() == {"S1": 2, "T1": 2}


def test_the_stop_moves_while_an_add_still_rests() -> None:
    story = opened(ROOMY)
    story.post(AddToTrade(price=Decimal("0.38")))
    story.move_stop("0.36")

    assert story.at_gateway(Purpose.STOP_LOSS, 0).terms.stop_price == Decimal("0.36")
    assert story.at_gateway(Purpose.STOP_LOSS, 1).terms.stop_price == Decimal("0.36")


def test_an_unfilled_entry_is_canceled_after_its_time_and_its_children_with_it() -> None:
    story = Story()
    story.connect()
    post_id = story.post(entry())
    story.wait(29)
    assert story.live() == {"E0": 2, "T0": 2, "S0": 2}

    story.wait(4)
    assert story.live() == {}
    assert [each for each in story.commands if isinstance(each, CancelOrder)] == [
        CancelOrder(ib_order_id=story.order(Purpose.ENTRY).ib_order_id)
    ]
    assert story.outcomes[post_id].kind is OutcomeKind.EXPIRED


def test_a_partly_filled_entry_is_protected_for_what_filled() -> None:
    story = Story()
    story.connect()
    post_id = story.post(entry())
    story.fill(Purpose.ENTRY, qty=1)
    story.wait(2)
    assert story.gateway.stops(story.con_id) == 1
    assert str(story.outcomes[post_id]).startswith("traded: bought 1 at 0.40")

    story.wait(31)
    assert story.live() == {"T0": 1, "S0": 1}


def test_an_exit_calls_a_partly_filled_entry_off_and_sells_what_filled() -> None:
    story = Story()
    story.connect()
    story.post(entry())
    story.fill(Purpose.ENTRY, qty=1)
    story.exit()
    story.wait(2)

    assert story.live() == {"X0": 1}


def test_nothing_more_is_bought_once_a_child_has_sold() -> None:
    story = opened(ROOMY)
    story.post(AddToTrade(price=Decimal("0.38")))
    story.fill(Purpose.STOP_LOSS, number=0, price="0.33")

    assert story.order(Purpose.ADD).status is OrderStatus.CANCELED
    story.wait(2)
    assert not story.trade.is_open


def test_an_entry_whose_stop_is_refused_is_called_off() -> None:
    story = Story()
    story.connect()
    story.post(entry())
    story.gateway.end(story.at_gateway(Purpose.STOP_LOSS))
    story.settle()

    assert story.order(Purpose.ENTRY).status is OrderStatus.CANCELED


def test_a_trade_with_an_order_in_doubt_is_left_alone() -> None:
    story = opened()
    story.flows = False
    story.exit()
    story.lose()
    story.gateway.answers_completed = False
    for held in story.gateway.live():
        held.status = OrderStatus.CANCELED
    story.flows = True
    story.connect()

    assert story.book.phase is Phase.TRADING
    assert story.live() == {}
    story.wait(3.5)
    assert story.live() == {"X0": 2}


def test_being_short_is_told_once_and_takes_every_sell_back() -> None:
    story = opened()
    stop = story.order(Purpose.STOP_LOSS)
    story.hear(
        FillReported(
            fill=Fill(
                exec_id=ExecId("00aa.1.01"),
                client_order_id=stop.client_order_id,
                ib_order_id=stop.ib_order_id,
                perm_id=story.at_gateway(Purpose.STOP_LOSS).perm_id,
                con_id=story.con_id,
                side=Side.SELL,
                last_qty=3,
                last_price=Decimal("0.33"),
                executed_at=story.now,
            )
        )
    )
    story.settle()
    story.wait(5)

    assert story.order(Purpose.TAKE_PROFIT).status is OrderStatus.CANCELED
    assert [each for each in story.reports() if "short by 1" in each] == story.reports()
    assert len(story.reports()) == 1


@pytest.mark.parametrize("moment", [0, 1, 2, 3])
def test_an_exit_converges_wherever_the_connection_ends(moment: int) -> None:
    story = opened()
    story.flows = False
    story.exit()
    for _ in range(moment):
        story.gateway.take_in(1)
        said, story.gateway.outbox = story.gateway.outbox, []
        story.hear(*said)
    story.gateway.take_in(1)
    story.lose()
    story.flows = True
    story.connect()
    story.wait(12)
    for held in story.gateway.live():
        story.gateway.fill(held, 2, Decimal("0.35"))
    story.settle()
    story.wait(2)

    assert story.held == 0
    assert not story.trade.is_open
    assert set(story.gateway.accepted.values()) == {1}


def test_only_the_contract_that_is_meant_is_sold() -> None:
    story = opened()
    assert story.trade.contract == CALL
    story.exit(reply_to="m1")
    story.fill(Purpose.EXIT)
    story.wait(2)
    assert story.gateway.positions == {story.con_id: 0}
