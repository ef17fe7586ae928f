"""Several targets, as stories: each contract has its own, and its stop."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from autoscalper.broker.commands import ModifyOrder
from autoscalper.broker.orders import Trade
from autoscalper.broker.targets import Part, parts_of, price_of_group, without
from autoscalper.domain.identity import PostId
from autoscalper.domain.instruction import SetTargets, Targets, TrailBy, TrimTrade
from autoscalper.domain.order import Purpose
from tests.unit.broker.story import SETTINGS, Story, entry, opened

FOUR = replace(SETTINGS, max_contracts=4)


def posted(*prices: str, runner: bool = False) -> Targets:
    return Targets(prices=tuple(map(Decimal, prices)), leaves_runner=runner)


def outcome(story: Story, post_id: PostId) -> str:
    return str(story.outcomes[post_id])


def resting(story: Story) -> list[tuple[int, str | None]]:
    """What each stop protects and where its contracts are sold with a profit."""
    story.wait(4)
    live = story.gateway.live()
    parts = []
    for stop in live:
        if stop.order.purpose is Purpose.STOP_LOSS:
            group = [each for each in live if each.order.oca_group == stop.order.oca_group]
            assert {each.leaves_qty for each in group} == {stop.leaves_qty}
            limits = [each.terms.limit_price for each in group]
            prices = [f"{limit:.2f}" for limit in limits if limit is not None]
            parts.append((stop.leaves_qty, prices[0] if prices else None))
    assert sum(qty for qty, _ in parts) == story.held == story.gateway.working_sells(story.con_id)
    return parts


@pytest.mark.parametrize(
    ("contracts", "targets", "parts"),
    [
        (1, posted("0.65", "0.80"), [(1, "0.65")]),
        (2, posted("0.65", "0.80"), [(1, "0.65"), (1, "0.80")]),
        (3, posted("0.65", "0.80"), [(1, "0.65"), (2, "0.80")]),
        (4, posted("0.65", "0.80", "0.95"), [(1, "0.65"), (1, "0.80"), (2, "0.95")]),
        (2, posted("0.65", "0.80", "0.95"), [(1, "0.65"), (1, "0.80")]),
        (2, posted("0.65", runner=True), [(1, "0.65"), (1, None)]),
        (1, posted("0.65", runner=True), [(1, "0.65")]),
        (4, posted("0.65", "0.80", runner=True), [(1, "0.65"), (1, "0.80"), (2, None)]),
        (2, posted("0.30", "0.65"), [(2, "0.65")]),
    ],
)
def test_contracts_are_split_over_the_targets_of_an_entry_as_evenly_as_can_be(
    contracts: int, targets: Targets, parts: list[tuple[int, str | None]]
) -> None:
    story = opened(replace(FOUR, initial_contracts=contracts), targets=targets)
    assert resting(story) == parts


def test_targets_of_a_later_post_split_what_is_held() -> None:
    story = opened()
    post_id = story.post(SetTargets(targets=posted("0.80", "0.65")))
    assert outcome(story, post_id) == "traded: targets to 0.65 0.80"
    assert resting(story) == [(1, "0.65"), (1, "0.80")]


def test_a_target_that_is_reached_leaves_the_rest_with_the_next_one_and_its_stop() -> None:
    story = opened(targets=posted("0.65", "0.80"))
    resting(story)
    story.fill(Purpose.TAKE_PROFIT, price="0.65", number=0)
    assert resting(story) == [(1, "0.80")]
    assert story.trade.target_price == Decimal("0.80")
    story.move_stop("0.50")
    story.wait(2)
    assert story.at_gateway(Purpose.STOP_LOSS).terms.stop_price == Decimal("0.50")
    story.fill(Purpose.TAKE_PROFIT, price="0.80")
    story.wait(2)
    assert (story.held, story.live()) == (0, {})


def test_what_runs_has_a_stop_and_no_target() -> None:
    story = opened(targets=posted("0.65", runner=True))
    resting(story)
    story.fill(Purpose.TAKE_PROFIT, price="0.65", number=0)
    assert resting(story) == [(1, None)]
    story.quote("0.80", "0.82")
    story.move_stop(TrailBy(percent=Decimal(25)))
    story.wait(2)
    assert story.trade.stop_price == Decimal("0.60")
    assert resting(story) == [(1, None)]


def test_a_split_is_made_once_the_reduction_is_confirmed_and_sells_nothing_twice() -> None:
    story = opened()
    story.flows = False
    story.post(SetTargets(targets=posted("0.65", "0.80")))
    most = []
    for _ in range(12):
        story.gateway.take_in(1)
        said, story.gateway.outbox = story.gateway.outbox[:1], story.gateway.outbox[1:]
        story.hear(*said)
        most.append(story.gateway.working_sells(story.con_id))
    assert max(most) == 2
    story.flows = True
    story.settle()
    assert resting(story) == [(1, "0.65"), (1, "0.80")]


def test_a_split_takes_no_stop_away_before_all_else_of_the_group_is_reduced() -> None:
    story = opened()
    story.flows = False
    story.post(SetTargets(targets=posted("0.65", "0.80")))
    changes = [each for each in story.gateway.inbox if isinstance(each, ModifyOrder)]
    assert {each.order.purpose for each in changes} == {Purpose.TAKE_PROFIT, Purpose.FLATTEN}
    story.gateway.take_in()
    # The answers are late: everything is covered meanwhile, at the price of the moment.
    story.move_stop("0.35")
    story.wait(4)
    story.gateway.take_in()
    assert story.gateway.stops(story.con_id) == 2
    assert story.at_gateway(Purpose.STOP_LOSS).terms.stop_price == Decimal("0.35")
    story.flows = True
    story.settle()
    assert resting(story) == [(1, "0.65"), (1, "0.80")]


def test_what_a_split_takes_from_one_stop_has_another_a_round_trip_later() -> None:
    story = opened()
    story.flows = False
    story.post(SetTargets(targets=posted("0.65", "0.80")))
    bare_trips = 0
    while story.gateway.inbox:
        story.gateway.take_in()
        bare_trips += story.gateway.stops(story.con_id) < story.held
        said, story.gateway.outbox = story.gateway.outbox, []
        story.hear(*said)
    assert bare_trips == 1
    assert len(resting(story)) == 2


def test_a_split_of_what_was_just_bought_waits_for_nothing() -> None:
    story = Story()
    story.connect()
    story.post(entry(targets=posted("0.65", "0.80")))
    story.fill(Purpose.ENTRY)
    assert story.gateway.stops(story.con_id) == story.held == 2
    assert len(story.live()) == 4


def test_a_split_that_is_not_wanted_any_more_leaves_no_target_smaller_than_its_stop() -> None:
    story = opened()
    story.flows = False
    story.post(SetTargets(targets=posted("0.65", "0.80")))
    story.gateway.take_in()
    story.post(SetTargets(targets=posted("0.90")))
    story.flows = True
    story.settle()
    assert resting(story) == [(1, "0.90"), (1, "0.90")]


def test_a_stop_that_fills_during_a_split_is_not_sold_again() -> None:
    story = opened()
    story.flows = False
    story.post(SetTargets(targets=posted("0.65", "0.80")))
    story.gateway.fill(story.at_gateway(Purpose.STOP_LOSS), 2, Decimal("0.33"))
    story.flows = True
    story.settle()
    story.wait(4)
    assert (story.held, story.live()) == (0, {})


def test_a_trim_of_split_contracts_leaves_whole_pairs() -> None:
    story = opened(FOUR, targets=posted("0.65", "0.80"))
    assert resting(story) == [(2, "0.65"), (2, "0.80")]
    story.post(TrimTrade())
    story.fill(Purpose.EXIT, price="0.60")
    assert resting(story) == [(1, "0.65"), (1, "0.80")]


def test_a_runner_becomes_a_part_with_a_target_again() -> None:
    story = opened(targets=posted("0.65", runner=True))
    resting(story)
    story.post(SetTargets(targets=posted("0.90")))
    assert resting(story) == [(1, "0.90"), (1, "0.90")]


def test_a_target_becomes_a_runner() -> None:
    story = opened()
    story.post(SetTargets(targets=posted("0.65", runner=True)))
    assert resting(story) == [(1, "0.65"), (1, None)]
    story.post(SetTargets(targets=posted("0.70", "0.90")))
    assert resting(story) == [(1, "0.70"), (1, "0.90")]
    story.post(SetTargets(targets=posted("0.70", runner=True)))
    assert resting(story) == [(1, "0.70"), (1, None)]


def test_parts_survive_a_lost_connection() -> None:
    story = opened(targets=posted("0.65", "0.80"))
    resting(story)
    story.lose()
    story.gateway.fill(story.at_gateway(Purpose.TAKE_PROFIT, 0), 1, Decimal("0.65"))
    story.connect()
    assert resting(story) == [(1, "0.80")]


def a_trade(**said: object) -> Trade:
    return replace(opened().trade, **said)


def test_a_trade_from_before_several_targets_has_one() -> None:
    trade = a_trade(targets=None, target_price=Decimal("0.65"))
    assert [price_of_group(trade, index, 2) for index in range(2)] == [Decimal("0.65")] * 2
    assert parts_of(trade, 3, []) == [Part(qty=3, target=Decimal("0.65"))]
    assert parts_of(trade, 3, [3]) == []


def test_the_last_target_stays_for_what_is_left_of_it() -> None:
    trade = a_trade(targets=(Decimal("0.65"),))
    assert without(trade, Decimal("0.65")).targets == (Decimal("0.65"),)
    assert without(replace(trade, has_runner=True), Decimal("0.65")).targets == ()
