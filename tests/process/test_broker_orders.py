"""What rests at the gateway while the broker changes it: seen in the simulator's own ledger."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from autoscalper.domain.instruction import (
    AddToTrade,
    CloseTrade,
    Instruction,
    MoveStop,
    OpenTrade,
    SetTargets,
    StopAt,
    Targets,
    TrimTrade,
)
from tests.fakes.home import until
from tests.fakes.telegram_server.stack import Stack, a_stack, contract, terms_of

#: How late an answer of the gateway comes where the test delays it, in seconds.
LATE = 2.0
#: Longer than a round trip on a busy machine, and much shorter than that.
ROUND_TRIP = timedelta(seconds=0.5)
TWO_TARGETS = Targets(prices=(Decimal("1.30"), Decimal("1.60")))


def orders(stack: Stack, kind: str = "STP") -> list[dict[str, Any]]:
    """Return the orders of one type at the gateway, the oldest first."""
    found: list[dict[str, Any]] = stack.market.ask("ledger")["orders"]
    return [each for each in found if each["order_type"] == kind]


def working(stack: Stack, kind: str = "STP") -> list[int]:
    """Return for how many contracts each order of that type rests."""
    live = [each for each in orders(stack, kind) if each["done_at"] is None]
    return [int(Decimal(each["leaves_qty"])) for each in live]


def bare_for(stack: Stack) -> timedelta:
    """Return for how long the first stop was smaller while the second was not there."""
    first, second = orders(stack)
    reduced = next(each["at"] for each in first["history"] if Decimal(each["order_qty"]) == 1)
    return datetime.fromisoformat(second["accepted_at"]) - datetime.fromisoformat(reduced)


async def outcome(stack: Stack, instruction: Instruction) -> str:
    """Have a trader post ``instruction`` and return how it ends."""
    message_id = stack.signal(instruction)
    await until(lambda: stack.outcome_of(message_id) is not None, "the outcome")
    decided = stack.outcome_of(message_id)
    assert decided is not None
    return str(decided.outcome)


@pytest.mark.parametrize("late", [0, 1, 2])
async def test_a_split_leaves_no_contract_bare_for_as_long_as_the_gateway_takes_to_answer(
    late: int,
) -> None:
    async with a_stack(start_alert=False) as stack:
        await stack.hold(1)
        if late:
            stack.market.ask("fault", on="placeOrder", action="late-answer", nth=late, seconds=LATE)
        stack.signal(SetTargets(targets=TWO_TARGETS))
        await until(lambda: working(stack) == [1, 1], "a stop for each part")
        assert bare_for(stack) < ROUND_TRIP
        assert list(stack.positions().values()) == [2]


async def test_what_was_just_bought_is_split_at_once() -> None:
    async with a_stack(start_alert=False) as stack:
        wanted = contract(0)
        stack.quote(wanted, "0.98", "1.00")
        stack.signal(
            OpenTrade(contract=terms_of(wanted), price=Decimal("1.00"), targets=TWO_TARGETS)
        )
        await until(lambda: working(stack) == [1, 1], "a stop for each part")
        assert bare_for(stack) < ROUND_TRIP


async def test_a_trade_goes_its_way_where_a_resting_stop_has_an_add_refused() -> None:
    async with a_stack(
        SIMULATOR_COUNTS_WAITING_ORDERS="true", MAX_CONTRACTS="4", INITIAL_CONTRACTS="2"
    ) as stack:
        await stack.hold(1)
        said = await outcome(stack, AddToTrade(price=Decimal("1.00")))
        assert said.startswith("rejected: 201 ")
        assert said.endswith("nothing was bought, the stop stays")
        await until(lambda: working(stack, "LMT") == [2], "the target back in its place")
        buys = [each for each in orders(stack, "LMT") if each["side"] == "BUY"]
        assert [each["status"] for each in buys] == ["Filled", "Inactive"]
        assert working(stack) == [2]

        assert await outcome(stack, TrimTrade(quantity=1)) == "traded: selling 1 of 2"
        await until(lambda: (list(stack.positions().values()), working(stack)) == ([1], [1]), "1")
        assert await outcome(stack, MoveStop(stop=StopAt(price=Decimal("0.90")))) == (
            "traded: stop to 0.90"
        )
        await until(lambda: Decimal(orders(stack)[0]["stop_price"]) == Decimal("0.9"), "the stop")
        await outcome(stack, CloseTrade())
        await until(lambda: not stack.positions(), "the exit")
        await until(lambda: working(stack) == working(stack, "LMT") == [], "nothing that rests")
