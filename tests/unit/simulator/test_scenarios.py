import asyncio

import pytest

from autoscalper.simulator.commands import (
    Accepting,
    Approve,
    Clear,
    Connectivity,
    Fill,
    Restart,
    WhileDown,
)
from tests.unit.simulator.stand import Stand, connected, until
from tests.unit.simulator.test_interference import place, refs
from tests.unit.simulator.test_order_desk import call, limit
from tests.unit.simulator.wire import Wire, errors, ids, wired

DOWN = Connectivity(code=1100)
BACK = Connectivity(code=1102)


async def fork(gateway: Stand, wire: Wire) -> None:
    """Have an amendment made while the link is down, so that it becomes a second order."""
    await place(wire)
    await wire.answers()
    gateway.execute(Connectivity(code=1100, orders=WhileDown.FORK))
    await place(wire)
    await wire.answers()
    gateway.execute(BACK)


class TestTheLink:
    async def test_orders_wait_for_the_link_and_news_too(self, gateway: Stand) -> None:
        async with wired(gateway) as wire:
            await place(wire, 1)
            await wire.answers()
            gateway.execute(DOWN)
            gateway.execute(Fill(order_ref="ref"))
            await place(wire, 2)
            assert errors(await wire.answers()) == [("-1", "1100")]
            gateway.execute(BACK)
            answer = await wire.answers()
            assert errors(answer) == [("-1", "1102")]
            assert ids(answer).count("11") == 1
        assert [status for _, status in refs(gateway)] == ["Filled", "Submitted"]

    async def test_orders_can_vanish(self, gateway: Stand) -> None:
        async with wired(gateway) as wire:
            gateway.execute(Connectivity(code=1100, orders=WhileDown.VANISH))
            await place(wire)
            assert ids(await wire.answers()) == ["4"]
            gateway.execute(BACK)
            assert ids(await wire.answers()) == ["4"]
        assert refs(gateway) == []

    async def test_an_amendment_can_fork(self, gateway: Stand) -> None:
        async with wired(gateway) as wire:
            await fork(gateway, wire)
            await wire.answers()
        live = list(gateway.world.book.live)
        assert [order.anomaly for order in live] == ["forked", ""]
        assert live[0].key == live[1].key
        gateway.execute(Fill(perm_id=live[0].perm_id))
        assert [status for _, status in refs(gateway)] == ["Filled", "Submitted"]

    async def test_both_orders_of_a_fork_are_listed_and_canceled_one_after_the_other(
        self, gateway: Stand
    ) -> None:
        async with wired(gateway) as wire:
            await fork(gateway, wire)
            for left in (2, 1, 0):
                await wire.answers()
                wire.send("16", "1")
                assert ids(await wire.answers()).count("5") == left
                wire.send("4", "1", "1", "")

    async def test_a_new_order_waits_where_amendments_fork(self, gateway: Stand) -> None:
        async with wired(gateway) as wire:
            gateway.execute(Connectivity(code=1100, orders=WhileDown.FORK))
            await place(wire)
            await wire.answers()
            assert refs(gateway) == []
            gateway.execute(BACK)
        assert refs(gateway) == [("ref", "Submitted")]

    async def test_who_comes_meanwhile_is_told_and_hears_the_news_later(
        self, gateway: Stand
    ) -> None:
        gateway.execute(DOWN)
        async with wired(gateway, greets=False) as wire:
            await wire.greet()
            assert errors(await wire.answers()) == [("-1", "2110")]
            await place(wire)
            assert await wire.answers() == []
            gateway.execute(BACK)
            assert ids(await wire.answers()) == ["4", "5", "3"]

    async def test_lost_subscriptions_stay_lost(self, gateway: Stand) -> None:
        gateway.quote("0.40", "0.41")
        async with connected(gateway) as ib:
            ticker = ib.reqMktData(await call(ib))
            await until(lambda: ticker.bid == 0.40)
            gateway.execute(DOWN)
            gateway.execute(Connectivity(code=1101))
            gateway.quote("0.50", "0.51")
            await ib.reqCurrentTimeAsync()
            assert ticker.bid == 0.40

    async def test_the_loss_is_repeated_until_the_link_is_back(self, gateway: Stand) -> None:
        async with wired(gateway) as wire:
            gateway.execute(Connectivity(code=1100, repeat_seconds=0.01))
            for _ in range(3):
                assert (await wire.read())[3] == "1100"
            gateway.execute(BACK)
            await wire.answers()
            await asyncio.sleep(0.03)
            assert await wire.answers() == []

    async def test_the_market_stands_still_meanwhile(self, gateway: Stand) -> None:
        gateway.execute(DOWN)
        gateway.clock.pass_by(days=2)
        gateway.step()
        assert gateway.gateway._day == gateway.clock.now().date().replace(day=18)


class TestAccepting:
    async def test_the_id_of_a_client_that_left_can_linger(self, gateway: Stand) -> None:
        gateway.execute(Accepting(linger_seconds=5))
        async with wired(gateway):
            pass
        await until(lambda: not gateway.server.connections)
        async with wired(gateway, greets=False) as wire:
            with pytest.raises(EOFError):
                await wire.greet()
        gateway.clock.pass_by(seconds=6)
        async with wired(gateway) as wire:
            assert await wire.answers() == []

    async def test_the_disclaimer_turns_clients_away_for_a_while(self, gateway: Stand) -> None:
        gateway.execute(Accepting(disclaimer_seconds=5))
        async with wired(gateway, greets=False) as wire:
            with pytest.raises(EOFError):
                await wire.greet()
        gateway.clock.pass_by(seconds=6)
        async with wired(gateway):
            pass

    async def test_a_connection_can_end_at_once(self, gateway: Stand) -> None:
        gateway.execute(Accepting(eof=True))
        async with wired(gateway, greets=False) as wire:
            assert await wire.ending() == b""

    async def test_a_greeting_can_stay_unanswered(self, gateway: Stand) -> None:
        gateway.execute(Accepting(silent=True))
        async with wired(gateway, greets=False) as wire:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await wire.greet()

    async def test_a_closed_port_opens_again_with_clear(self, gateway: Stand) -> None:
        reopening = asyncio.ensure_future(gateway.server.reopen())
        gateway.execute(Accepting(closed=True))
        with pytest.raises(ConnectionRefusedError):
            async with wired(gateway):
                pass
        gateway.execute(Clear())
        await until(lambda: gateway.server.is_listening)
        async with wired(gateway):
            pass
        reopening.cancel()


class TestRestart:
    async def test_orders_survive_and_untransmitted_ones_do_not(self, gateway: Stand) -> None:
        reopening = asyncio.ensure_future(gateway.server.reopen())
        async with wired(gateway) as wire:
            await place(wire, 1, orderRef="lives")
            await place(wire, 2, orderRef="staged", transmit="0")
            await wire.answers()
            gateway.execute(Restart(down_seconds=0.02))
            with pytest.raises((ConnectionResetError, EOFError)):
                await wire.read_until("nothing")
        await until(lambda: gateway.server.is_listening)
        gateway.clock.pass_by(seconds=1)
        async with wired(gateway) as wire:
            wire.send("5", "1")
            assert ids(await wire.answers()) == ["5", "3", "53"]
        assert refs(gateway) == [("lives", "Submitted"), ("staged", "Cancelled")]
        reopening.cancel()

    async def test_the_newest_orders_can_be_lost_and_their_ids_come_again(
        self, gateway: Stand
    ) -> None:
        reopening = asyncio.ensure_future(gateway.server.reopen())
        async with connected(gateway) as ib:
            contract = await call(ib)
            trades = [ib.placeOrder(contract, limit(0.20, orderRef=f"o{n}")) for n in range(3)]
            await until(lambda: all(each.orderStatus.status == "Submitted" for each in trades))
            lost_id = trades[1].order.orderId
            gateway.execute(Restart(lose_orders=2))
            await until(lambda: not ib.isConnected())
        await until(lambda: gateway.server.is_listening)
        async with connected(gateway) as ib:
            assert [each.order.orderRef for each in ib.openTrades()] == ["o0"]
            assert ib.client._reqIdSeq <= lost_id + 2
            assert gateway.world.book.next_order_id(7) == lost_id
        lost = [order for order in gateway.state.all_orders() if order.anomaly == "lost"]
        assert [order.terms.order_ref for order in lost] == ["o1", "o2"]
        reopening.cancel()

    async def test_a_login_can_wait_for_its_approval(self, gateway: Stand) -> None:
        reopening = asyncio.ensure_future(gateway.server.reopen())
        gateway.execute(Restart(approval=True))
        with pytest.raises(ConnectionRefusedError):
            async with wired(gateway):
                pass
        assert gateway.execute(Approve()) == {"approved": True}
        assert gateway.execute(Approve()) == {"approved": False}
        await until(lambda: gateway.server.is_listening)
        reopening.cancel()
