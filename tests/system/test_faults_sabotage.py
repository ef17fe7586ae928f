"""A product that breaks its promises is found out: without that, a storm's zeros mean nothing."""

from __future__ import annotations

from tests.chaos.floor import Floor, a_floor, a_stack

#: Seconds after which a product that is broken will not mend itself.
LONG_ENOUGH_SECONDS = 15.0


def kinds(floor: Floor) -> set[str]:
    played = floor.settled(patience_seconds=LONG_ENOUGH_SECONDS)
    return {finding.kind for finding in played.verdict.findings}


def test_orders_that_leave_before_their_intent_is_on_disk_are_doubled() -> None:
    with a_stack(sabotage="early_orders") as stack, a_floor(stack) as floor:
        died = floor.die_at("broker-before-intent")
        floor.enter(floor.call, "1.20")
        died()
        assert "duplicate" in kinds(floor)


def test_a_cursor_that_moves_before_the_effect_loses_alerts() -> None:
    with a_stack(sabotage="early_cursor") as stack, a_floor(stack) as floor:
        died = floor.die_at("broker-before-signals-commit")
        floor.enter(floor.call, "1.20")
        died()
        floor.await_trading()
        assert kinds(floor) == {"lost"}


def test_a_broker_that_does_not_reconcile_never_knows_what_became_of_an_order() -> None:
    with a_stack(sabotage="no_reconciliation") as stack, a_floor(stack) as floor:
        died = floor.die_at("broker-after-intent")
        floor.enter(floor.call, "1.20")
        died()
        floor.await_trading()
        assert "lost" in kinds(floor)
