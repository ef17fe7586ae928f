"""No buy beside a working sell of the same option, nor the reverse."""

from __future__ import annotations

from pathlib import Path

import ib_async
import pytest

from tests.unit.simulator.stand import Stand, connected, spy_option, until


async def working(ib: ib_async.IB, order: ib_async.Order, strike: float = 685) -> ib_async.Trade:
    (contract,) = await ib.qualifyContractsAsync(spy_option(strike))
    assert isinstance(contract, ib_async.Contract)
    trade = ib.placeOrder(contract, order)
    await until(lambda: trade.orderStatus.status not in ("PendingSubmit", "ApiPending", ""))
    return trade


def limit(action: str, price: float, **more: object) -> ib_async.Order:
    return ib_async.LimitOrder(action, 1, price, tif="DAY", **more)


@pytest.mark.parametrize(
    ("first", "second"),
    [(("BUY", 0.40), ("SELL", 0.60)), (("SELL", 0.60), ("BUY", 0.40))],
)
async def test_the_later_of_two_sides_is_refused(
    gateway: Stand, first: tuple[str, float], second: tuple[str, float]
) -> None:
    gateway.quote("0.45", "0.50")
    async with connected(gateway) as ib:
        rests = await working(ib, limit(*first))
        refused = await working(ib, limit(*second))
        assert rests.orderStatus.status == "Submitted"
        assert refused.orderStatus.status == "Inactive"


async def test_a_stop_that_waits_a_child_and_another_contract_are_not_the_other_side(
    gateway: Stand,
) -> None:
    gateway.quote("0.45", "0.50")
    gateway.quote("0.45", "0.50", strike="686")
    async with connected(gateway) as ib:
        stop = await working(ib, ib_async.StopOrder("SELL", 1, 0.30, tif="GTC"))
        buy = await working(ib, limit("BUY", 0.40))
        again = await working(ib, ib_async.StopOrder("SELL", 1, 0.20, tif="GTC"))
        elsewhere = await working(ib, limit("SELL", 0.60), strike=686)
        assert [each.orderStatus.status for each in (stop, buy, again, elsewhere)] == [
            "PreSubmitted",
            "Submitted",
            "PreSubmitted",
            "Submitted",
        ]


async def test_a_gateway_can_be_told_to_count_what_waits(tmp_path: Path) -> None:
    stand = Stand(tmp_path, simulator_counts_waiting_orders=True)
    await stand.server.listen()
    stand.quote("0.45", "0.50")
    stop = ib_async.StopOrder("SELL", 1, 0.30, tif="GTC")
    try:
        async with connected(stand) as ib:
            assert (await working(ib, stop)).orderStatus.status == "PreSubmitted"
            assert (await working(ib, limit("BUY", 0.40))).orderStatus.status == "Inactive"
            assert (await working(ib, limit("SELL", 0.60))).orderStatus.status == "Submitted"
    finally:
        stand.close()


async def test_a_gateway_can_be_told_to_allow_both_sides(tmp_path: Path) -> None:
    stand = Stand(tmp_path, simulator_refuses_both_sides=False)
    await stand.server.listen()
    stand.quote("0.45", "0.50")
    try:
        async with connected(stand) as ib:
            await working(ib, limit("BUY", 0.40))
            assert (await working(ib, limit("SELL", 0.60))).orderStatus.status == "Submitted"
    finally:
        stand.close()
