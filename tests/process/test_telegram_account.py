"""``/closeall account`` through all the real processes: chat, alert, broker, simulator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import ib_async
import pytest

from autoscalper.domain.contract import OptionContract, Right
from autoscalper.links import broker_to_alert
from tests.fakes.home import until
from tests.fakes.telegram_server.stack import EXPIRY, Stack, a_stack

#: The account's owner, at a terminal of his own.
OWNER_CLIENT_ID = 77
PUT = OptionContract(underlying="QQQ", expiry=EXPIRY, strike=Decimal(560), right=Right.PUT)


def shares() -> ib_async.Contract:
    return ib_async.Stock("KO", "SMART", "USD")


@asynccontextmanager
async def by_hand(stack: Stack) -> AsyncIterator[ib_async.IB]:
    """Return a connection of the account's owner."""
    ib = ib_async.IB()
    port = int(stack.home.environment["SIMULATOR_PORT"])
    await ib.connectAsync("127.0.0.1", port, OWNER_CLIENT_ID)
    try:
        yield ib
    finally:
        ib.disconnect()


async def held_by_hand(ib: ib_async.IB, stack: Stack) -> None:
    """Buy 100 shares and sell two puts short, and wait until the broker knows of them."""
    put = ib_async.Option("QQQ", "20260320", 560, "P", "SMART", currency="USD")
    stack.quote(PUT, "0.50", "0.52")
    ib.placeOrder(shares(), ib_async.MarketOrder("BUY", 100))
    ib.placeOrder(put, ib_async.MarketOrder("SELL", 2))
    expected = {"KO": 100, "QQQ 560P 2026-03-20": -2}
    await until(lambda: foreign(stack) == expected, "the owner's positions in the status")


def foreign(stack: Stack) -> dict[str, int]:
    status = broker_to_alert.read(stack.home.run_dir)
    return {each.name: each.qty for each in status.foreign} if status else {}


def closing_orders(stack: Stack) -> list[dict[str, Any]]:
    ledger: list[dict[str, Any]] = stack.market.ask("ledger")["orders"]
    return [order for order in ledger if order["order_ref"].startswith("ASC1|")]


async def test_everything_in_the_account_is_named_closed_and_reported() -> None:
    async with a_stack() as stack, by_hand(stack) as owner:
        await held_by_hand(owner, stack)
        await stack.hold(2)
        question = await stack.question("/closeall account")
        assert "sell 100 KO" in question.text
        assert "buy back 2 QQQ 560P 2026-03-20" in question.text
        stack.server.chats.press(question, "Yes")
        await until(lambda: "Done" in question.text, "the report")
        assert not any(stack.positions().values())
        assert question.text.count(": flat, 2 bought at 1.00, sold at") == 2
        assert "KO: sold 100 at" in question.text
        assert "QQQ 560P 2026-03-20: bought 2 at" in question.text
        assert len(closing_orders(stack)) == 2


async def test_closing_the_account_twice_in_a_row_turns_nothing_around() -> None:
    async with a_stack() as stack, by_hand(stack) as owner:
        await held_by_hand(owner, stack)
        first = await stack.question("/closeall account")
        second = await stack.question("/closeall account")
        for question in (first, second):
            stack.server.chats.press(question, "Yes")
        # What the first one sells already, the second one leaves alone.
        ends = ("Done", "Ended")
        await until(
            lambda: all(any(end in each.text for end in ends) for each in (first, second)),
            "both reports",
        )
        await until(lambda: not any(stack.positions().values()), "a flat account")
        assert len(closing_orders(stack)) == 2


async def test_what_the_owner_is_selling_already_is_not_sold_as_well() -> None:
    async with a_stack() as stack, by_hand(stack) as owner:
        await held_by_hand(owner, stack)
        owner.placeOrder(shares(), ib_async.LimitOrder("SELL", 60, 9000))
        await until(lambda: owner.openTrades(), "the owner's order")
        question = await stack.question("/closeall account")
        stack.server.chats.press(question, "Yes")
        await until(lambda: "Ended, not all" in question.text, "the report")
        assert "KO: sold 40 at" in question.text
        assert "60 left to other working orders" in question.text
        await until(lambda: foreign(stack) == {"KO": 60}, "what is left in the status")
        (working,) = owner.openTrades()
        assert working.orderStatus.status in ("Submitted", "PreSubmitted")


@pytest.mark.parametrize(
    ("point", "sent"),
    [
        ("broker-before-intent", 2),
        ("broker-after-intent", 0),
        ("broker-before-send-foreign", 0),
        # Both leave in one piece.
        ("broker-after-send-foreign", 2),
    ],
)
async def test_a_death_in_the_middle_closes_nothing_twice(
    tmp_path: Path, point: str, sent: int
) -> None:
    async with a_stack(CRASH_DIR=str(tmp_path)) as stack, by_hand(stack) as owner:
        await held_by_hand(owner, stack)
        question = await stack.question("/closeall account")
        (tmp_path / point).touch()
        stack.server.chats.press(question, "Yes")
        await until(lambda: stack.home.has_died("broker"), f"a death at {point}")
        await stack.start("broker")
        ended = "Done" if sent == 2 else "Ended, not all of it is done"
        await until(lambda: ended in question.text, "the report")
        assert len(closing_orders(stack)) == sent
        left = {"KO": 100, "QQQ 560P 2026-03-20": -2}
        for name in list(left)[:sent]:
            del left[name]
        assert foreign(stack) == left
        assert question.text.count("the gateway knows nothing of the order") == 2 - sent
        again = await stack.question("/closeall account")
        stack.server.chats.press(again, "Yes")
        await until(lambda: "Done" in again.text, "the second report")
        assert not any(stack.positions().values())
        assert len(closing_orders(stack)) == 2
