"""An order's life as ib_insync 0.9.86 sees it: a client of server version 176."""

from __future__ import annotations

import asyncio
import importlib
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.unit.simulator.stand import EXPIRY, Stand, until

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    # It has no types that could be checked.
    ib_insync: Any = importlib.import_module("ib_insync")


@asynccontextmanager
async def connected(stand: Stand) -> AsyncIterator[Any]:
    ib = ib_insync.IB()
    ib.RaiseRequestErrors = True
    await ib.connectAsync("127.0.0.1", stand.server.port, clientId=11, timeout=10)
    try:
        yield ib
    finally:
        ib.disconnect()
        await until(lambda: stand.server.connection_of(11) is None)


@pytest.fixture
async def listening(gateway: Stand) -> AsyncIterator[Stand]:
    # ib_insync keeps the loop that it met first.
    ib_insync.util.getLoop = asyncio.get_running_loop
    gateway.quote("0.42", "0.43")
    yield gateway


async def test_an_order_lives_from_its_contract_to_its_record(listening: Stand) -> None:
    async with connected(listening) as ib:
        assert ib.client.serverVersion() == 176
        option = ib_insync.Option("SPY", f"{EXPIRY:%Y%m%d}", 685, "C", "SMART", currency="USD")
        (contract,) = await ib.qualifyContractsAsync(option)
        ticker = ib.reqMktData(contract)
        await until(lambda: ticker.ask == 0.43)

        order = ib_insync.LimitOrder("BUY", 2, 0.20, orderRef="one", tif="DAY")
        trade = ib.placeOrder(contract, order)
        await until(lambda: trade.orderStatus.status == "Submitted")
        order.lmtPrice = 0.25
        ib.placeOrder(contract, order)
        await until(lambda: any(line.message == "Modified" for line in trade.log))
        ib.cancelOrder(order)
        await until(trade.isDone)

        bracket = ib.bracketOrder("BUY", 2, 0.43, 0.86, 0.32)
        entry, target, stop = (ib.placeOrder(contract, each) for each in bracket)
        await until(lambda: entry.isDone() and target.orderStatus.status == "Submitted")
        assert entry.fills[0].execution.price == 0.43
        listening.quote("0.30", "0.31")
        await until(lambda: stop.isDone() and target.isDone())
        assert (stop.orderStatus.status, target.orderStatus.status) == ("Filled", "Cancelled")

    async with connected(listening) as ib:
        completed = await ib.reqCompletedOrdersAsync(False)
        assert [each.orderStatus.status for each in completed] == [
            "Cancelled",
            "Filled",
            "Cancelled",
            "Filled",
        ]
        assert [each.order.permId for each in completed][1] == entry.order.permId
        assert [each.commissionReport.commission for each in ib.fills()] == [1.3, 1.3]


async def test_an_order_is_found_again_after_a_reconnect(listening: Stand) -> None:
    async with connected(listening) as ib:
        option = ib_insync.Option("SPY", f"{EXPIRY:%Y%m%d}", 685, "C", "SMART", currency="USD")
        (contract,) = await ib.qualifyContractsAsync(option)
        order = ib_insync.LimitOrder("BUY", 2, 0.20, orderRef="rests", tif="DAY")
        trade = ib.placeOrder(contract, order)
        await until(lambda: trade.orderStatus.status == "Submitted")
    async with connected(listening) as ib:
        (found,) = ib.openTrades()
        assert (found.order.orderRef, found.order.permId) == ("rests", trade.order.permId)
