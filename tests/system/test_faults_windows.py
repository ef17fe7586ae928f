"""Every moment at which an order can be lost or doubled by a death, one test each.

The broker dies at a point in its own code, or the gateway misbehaves at one message; then the
gateway's ledger must hold each order once or not at all, and the alert must say which.
"""

from __future__ import annotations

import itertools
import signal
from collections.abc import Iterator
from decimal import Decimal

import pytest

from autoscalper.domain.outcome import OutcomeKind
from tests.chaos.evidence import HandedIn
from tests.chaos.floor import Floor, a_floor, a_stack
from tests.chaos.stack import Stack
from tests.chaos.trader import Kind

#: Seconds after which a hung gateway comes to what it was sent: long after it was given up.
LATE_SECONDS = 9.0
#: Orders of a bracket: entry, target, last day's sale, and the stop, which transmits them all.
LEGS = 4


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with a_stack() as stack:
        yield stack


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return itertools.count()


@pytest.fixture
def floor(stack: Stack, numbers: Iterator[int]) -> Iterator[Floor]:
    with a_floor(stack, next(numbers)) as floor:
        yield floor


@pytest.mark.parametrize(
    "label",
    ["broker-before-signals-commit", "broker-after-signals-commit", "broker-before-intent"],
)
def test_a_death_before_the_intent_is_on_disk_costs_nothing(floor: Floor, label: str) -> None:
    died = floor.die_at(label)
    entry = floor.enter(floor.call, "1.20")
    died()
    assert floor.outcome(entry).kind is OutcomeKind.TRADED
    floor.settle()
    assert [order.cum_qty for order in floor.orders(entry, "E")] == [3]


@pytest.mark.parametrize("label", ["broker-after-intent", "broker-before-send-entry"])
def test_an_entry_that_never_left_is_given_up_and_not_sent_again(floor: Floor, label: str) -> None:
    died = floor.die_at(label)
    entry = floor.enter(floor.call, "1.20")
    died()
    outcome = floor.outcome(entry)
    assert outcome.kind is OutcomeKind.EXPIRED
    assert "never reached the gateway" in outcome.detail
    floor.settle()
    assert floor.orders(entry) == []


@pytest.mark.parametrize("legs", range(1, LEGS))
def test_a_bracket_of_which_the_gateway_got_a_part_never_works(floor: Floor, legs: int) -> None:
    floor.fault("placeOrder", "drop-after-accept", nth=legs)
    entry = floor.enter(floor.call, "1.20")
    assert floor.outcome(entry).kind is OutcomeKind.EXPIRED
    floor.settle()
    assert all(order.status == "Cancelled" for order in floor.orders(entry))
    assert all(order.cum_qty == 0 for order in floor.orders(entry))


@pytest.mark.parametrize("purpose", ["entry", "take_profit", "stop_loss"])
def test_a_bracket_that_left_before_the_death_is_found_and_taken_over(
    floor: Floor, purpose: str
) -> None:
    # It leaves whole: who died after one leg left died after all did.
    died = floor.die_at(f"broker-after-send-{purpose}")
    entry = floor.enter(floor.call, "1.20")
    died()
    assert floor.outcome(entry).kind is OutcomeKind.TRADED
    floor.settle()
    assert [order.cum_qty for order in floor.orders(entry, "E")] == [3]
    assert [order.order_qty for order in floor.orders(entry, "S") if order.is_live] == [3]


def test_an_order_whose_acknowledgement_is_lost_is_found_and_taken_over(floor: Floor) -> None:
    floor.fault("placeOrder", "drop-after-accept", nth=LEGS)
    entry = floor.enter(floor.call, "1.20")
    assert floor.outcome(entry).kind is OutcomeKind.TRADED
    floor.settle()
    assert [order.cum_qty for order in floor.orders(entry, "E")] == [3]


def test_a_death_before_the_acknowledgement_is_on_disk_changes_nothing(floor: Floor) -> None:
    floor.show(floor.call, "2.40")
    floor.fault("placeOrder", "late-answer", nth=LEGS, seconds=1.0)
    entry = floor.enter(floor.call, "1.20")
    floor.await_orders(entry, "S")
    died = floor.die_at("broker-before-commit")
    died()
    floor.await_trading()
    floor.show(floor.call, "1.20")
    assert floor.outcome(entry).kind is OutcomeKind.TRADED
    floor.settle()
    assert [order.cum_qty for order in floor.orders(entry, "E")] == [3]


def test_what_filled_while_the_broker_was_dead_is_taken_over(floor: Floor) -> None:
    floor.show(floor.call, "2.40")
    entry = floor.enter(floor.call, "1.20")
    floor.await_orders(entry, "S")
    floor.stack.kill("broker")
    floor.show(floor.call, "1.20")
    (order,) = floor.orders(entry, "E")
    assert order.status == "Filled", "the broker was dead when it filled"
    assert floor.outcome(entry).kind is OutcomeKind.TRADED
    floor.settle()


def test_an_entry_that_the_gateway_forgot_is_given_up_and_its_ids_are_not_used_again(
    floor: Floor,
) -> None:
    floor.show(floor.call, "2.40")
    floor.fault("placeOrder", "restart", nth=LEGS, seconds=0.5, lose_orders=LEGS)
    entry = floor.enter(floor.call, "1.20")
    assert floor.outcome(entry).kind is OutcomeKind.EXPIRED
    following = floor.enter(floor.put, "0.80")
    assert floor.outcome(following).kind is OutcomeKind.TRADED
    floor.settle()
    forgotten = {order.order_id for order in floor.orders(entry)}
    assert forgotten.isdisjoint(order.order_id for order in floor.orders(following))


def test_a_hung_gateway_that_takes_an_old_exit_late_sells_nothing_twice(floor: Floor) -> None:
    entry = floor.enter(floor.call, "1.20")
    floor.outcome(entry)
    floor.fault("placeOrder", "late-accept", nth=1, seconds=LATE_SECONDS)
    leave = floor.say(Kind.EXIT, "all out", entry)
    late = floor.stack.moment() + LATE_SECONDS
    assert floor.outcome(leave).kind is OutcomeKind.TRADED
    floor.until(lambda: sold(floor, entry) == 3, "the position to be sold")
    floor.until(lambda: floor.stack.moment() > late, "the old order to arrive")
    floor.settle()
    assert sold(floor, entry) == 3


def sold(floor: Floor, entry: HandedIn) -> Decimal:
    return sum((order.cum_qty for order in floor.orders(entry, "X")), Decimal(0))


@pytest.mark.parametrize("label", ["broker-before-send-exit", "broker-after-send-exit"])
def test_an_exit_that_is_cut_off_is_finished_after_the_death(floor: Floor, label: str) -> None:
    entry = floor.enter(floor.call, "1.20")
    floor.outcome(entry)
    died = floor.die_at(label)
    leave = floor.say(Kind.EXIT, "all out", entry)
    died()
    assert floor.outcome(leave).kind is OutcomeKind.TRADED
    floor.settle()
    assert sold(floor, entry) == 3


def test_a_death_in_the_middle_of_a_snapshot_only_means_another_one(floor: Floor) -> None:
    entry = floor.enter(floor.call, "1.20")
    floor.outcome(entry)
    died = floor.die_at("broker-in-snapshot")
    floor.stack.ask("drop")
    died()
    following = floor.enter(floor.put, "0.80")
    assert floor.outcome(following).kind is OutcomeKind.TRADED
    floor.settle()


def test_a_frozen_gateway_is_noticed_and_nothing_is_sent_twice(floor: Floor) -> None:
    floor.fault("placeOrder", "mute", nth=LEGS)
    entry = floor.enter(floor.call, "1.20")
    assert floor.outcome(entry).kind is OutcomeKind.EXPIRED
    floor.settle()
    assert all(order.cum_qty == 0 for order in floor.orders(entry))


def test_a_broker_that_was_frozen_goes_on_where_it_was(floor: Floor) -> None:
    floor.stack.signal("broker", signal.SIGSTOP)
    entry = floor.enter(floor.call, "1.20")
    floor.stack.signal("broker", signal.SIGCONT)
    assert floor.outcome(entry).kind is OutcomeKind.TRADED
    floor.settle()


def test_a_change_of_which_the_gateway_makes_a_second_order_ends_with_one(floor: Floor) -> None:
    entry = floor.enter(floor.call, "1.20")
    floor.outcome(entry)
    standing = floor.stack.arm("broker-before-send-stop_loss", stops=True)
    floor.say(Kind.STOP, "stop to 1.10 on", entry)
    floor.until(lambda: not standing.exists(), "the broker to stand still")
    floor.stack.ask("connectivity", code=1100, orders="fork")
    floor.stack.signal("broker", signal.SIGCONT)
    floor.until(lambda: len(floor.orders(entry, "S")) == 2, "the second order")

    floor.stack.ask("connectivity", code=1102)
    floor.until(lambda: len(stops_of(floor, entry)) == 1, "one of them to be canceled")
    floor.settle()
    assert stops_of(floor, entry) == [(Decimal("1.10"), Decimal(3))]


def stops_of(floor: Floor, entry: HandedIn) -> list[tuple[Decimal | None, Decimal]]:
    orders = floor.orders(entry, "S")
    return [(order.stop_price, order.order_qty) for order in orders if order.is_live]
