import asyncio
from pathlib import Path

import ib_async
import pytest

from autoscalper.runtime.errors import AddressUnusable
from tests.unit.simulator.stand import Stand, StandingClock, connected, until
from tests.unit.simulator.test_order_desk import call, limit
from tests.unit.simulator.wire import errors, ids, wired


async def test_a_taken_port_is_one_clear_line(gateway: Stand, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Stand(tmp_path / "other", simulator_port=gateway.server.port)
    with pytest.raises(AddressUnusable, match=str(gateway.server.port)):
        await other.server.listen()
    other.close()


async def test_the_id_of_a_connected_client_is_in_use(gateway: Stand) -> None:
    async with wired(gateway), wired(gateway, greets=False) as second:
        with pytest.raises(EOFError):
            await second.greet()


async def test_a_client_that_came_twice_keeps_its_orders_apart_from_others(gateway: Stand) -> None:
    async with connected(gateway, 7) as one, connected(gateway, 8) as two:
        for ib in (one, two):
            trade = ib.placeOrder(await call(ib), limit(0.20))
            await until(lambda trade=trade: trade.orderStatus.status == "Submitted")
    assert gateway.world.book.highest_ids.keys() == {7, 8}


async def test_naming_oneself_twice_is_an_error(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        wire.send("71", "2", "6", "")
        assert errors(await wire.answers()) == [("-1", "501")]


async def test_connections_can_be_dropped_one_by_one_or_all(gateway: Stand) -> None:
    async with wired(gateway, client_id=5) as five, wired(gateway, client_id=6) as six:
        assert gateway.server.drop(client=5) == 1
        assert await five.ending() == b""
        assert await six.answers() == []
        assert gateway.server.drop(reset=True) >= 1
        with pytest.raises(ConnectionResetError):
            await six.ending()


async def test_what_a_client_was_told_is_in_the_file(gateway: Stand, tmp_path: Path) -> None:
    async with connected(gateway) as ib:
        trade = ib.placeOrder(await call(ib), limit(0.20, orderRef="kept"))
        await until(lambda: trade.orderStatus.status == "Submitted")
    (kept,) = gateway.state.live_orders()
    assert (kept.terms.order_ref, kept.perm_id) == ("kept", trade.order.permId)


async def test_a_simulator_that_comes_back_goes_on_where_it_was(tmp_path: Path) -> None:
    clock = StandingClock()
    first = Stand(tmp_path, clock)
    await first.server.listen()
    first.quote("0.40", "0.41")
    async with connected(first) as ib:
        contract = await call(ib)
        filled = ib.placeOrder(contract, limit(0.41, orderRef="filled"))
        resting = ib.placeOrder(contract, limit(0.20, orderRef="rests"))
        await until(lambda: filled.isDone() and resting.orderStatus.status == "Submitted")
    first.close()

    second = Stand(tmp_path, clock)
    await second.server.listen()
    async with connected(second) as ib:
        assert [each.order.permId for each in ib.openTrades()] == [resting.order.permId]
        assert [each.position for each in ib.positions()] == [2]
        assert [each.execution.orderRef for each in ib.fills()] == ["filled"]
        new = ib.placeOrder(await call(ib), limit(0.41, orderRef="new"))
        await until(new.isDone)
        assert new.order.permId == resting.order.permId + 1
    second.close()


async def test_a_read_only_gateway_refuses_orders_and_lists_of_them(tmp_path: Path) -> None:
    stand = Stand(tmp_path, simulator_read_only=True)
    await stand.server.listen()
    async with wired(stand) as wire:
        wire.send("5", "1")
        wire.send("99", "0")
        wire.send("4", "1", "1", "")
        wire.send("61", "1")
        answer = await wire.answers()
        assert errors(answer) == [("-1", "321")] * 3
        assert ids(answer)[-1] == "62"
    stand.close()


async def test_the_master_client_hears_about_everybody(tmp_path: Path) -> None:
    stand = Stand(tmp_path, simulator_master_client=9)
    await stand.server.listen()
    async with wired(stand, client_id=9) as master, connected(stand) as ib:
        trade = ib.placeOrder(await call(ib), limit(0.20))
        await until(lambda: trade.orderStatus.status == "Submitted")
        assert ids(await master.answers()) == ["5", "3"]
    stand.close()


async def test_many_clients_at_once_are_answered(gateway: Stand) -> None:
    async def work(client_id: int) -> list[ib_async.Trade]:
        async with connected(gateway, client_id) as ib:
            contract = await call(ib)
            for number in range(5):
                ib.placeOrder(contract, limit(0.20, orderRef=f"{client_id}.{number}"))
            await until(lambda: all(t.orderStatus.status == "Submitted" for t in ib.trades()))
            return ib.trades()

    trades = await asyncio.gather(*(work(client_id) for client_id in range(1, 9)))
    perm_ids = [trade.order.permId for group in trades for trade in group]
    assert len(set(perm_ids)) == 40
