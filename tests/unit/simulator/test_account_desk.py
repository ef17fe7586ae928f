import ib_async

from tests.unit.simulator.stand import Stand, connected, until
from tests.unit.simulator.test_order_desk import call, limit
from tests.unit.simulator.wire import ids, wired


def value(ib: ib_async.IB, tag: str) -> float:
    (found,) = [each for each in ib.accountValues() if each.tag == tag and not each.modelCode]
    return float(found.value)


async def test_a_client_learns_what_the_account_is_worth(gateway: Stand) -> None:
    async with connected(gateway) as ib:
        assert ib.managedAccounts() == ["DU1234567"]
        assert value(ib, "NetLiquidation") == 100_000
        summary = await ib.accountSummaryAsync()
        assert {each.tag for each in summary} >= {"NetLiquidation", "BuyingPower", "AvailableFunds"}


async def test_fills_change_values_portfolio_and_profit(gateway: Stand) -> None:
    gateway.quote("0.40", "0.41")
    async with connected(gateway) as ib:
        contract = await call(ib)
        profit = ib.reqPnL("DU1234567")
        single = ib.reqPnLSingle("DU1234567", "", contract.conId)
        ib.placeOrder(contract, limit(0.41))
        await until(lambda: ib.portfolio() and single.position == 2)
        (held,) = ib.portfolio()
        assert (held.position, held.averageCost) == (2, 41.65)
        assert value(ib, "TotalCashValue") == 100_000 - 83.30
        gateway.quote("0.60", "0.61")
        sale = ib.placeOrder(contract, limit(0.60, action="SELL"))
        await until(lambda: sale.isDone() and not ib.positions() and profit.realizedPnL > 0)
        assert profit.realizedPnL == single.realizedPnL == 35.4
        assert single.position == 0


async def test_subscriptions_end_when_they_are_ended(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        wire.send("61", "1")
        assert ids(await wire.read_until("62")) == ["62"]
        wire.send("76", "1", "1", "DU1234567", "", "0")
        assert "73" in ids(await wire.read_until("74"))
        wire.send("62", "1", "2", "All", "NetLiquidation")
        assert ids(await wire.read_until("64")) == ["63", "64"]
        wire.send("92", "3", "DU1234567", "")
        wire.send("6", "2", "1", "DU1234567")
        await wire.read_until("54")
        for end in (["64", "1"], ["77", "1", "1"], ["63", "1", "2"], ["93", "3"]):
            wire.send(*end)
        wire.send("6", "2", "0", "DU1234567")
        await wire.answers()
        gateway.gateway.accounts.refresh()
        gateway.server.flush()
        assert await wire.answers() == []


async def test_profit_of_an_unknown_contract_is_an_error(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        wire.send("94", "3", "DU1234567", "", "99")
        (answer,) = await wire.answers()
        assert answer[:4] == ["4", "2", "3", "321"]
