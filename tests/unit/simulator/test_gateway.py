from datetime import UTC, datetime
from decimal import Decimal

from tests.unit.simulator.stand import Stand, connected, until
from tests.unit.simulator.test_order_desk import call, limit
from tests.unit.simulator.wire import ids, order_fields, wired


async def test_the_clock_wakes_orders_and_the_market_meets_them(gateway: Stand) -> None:
    gateway.quote("0.40", "0.41")
    async with wired(gateway) as wire:
        wire.send(*order_fields(1, lmtPrice="0.41", goodAfterTime="20260318 15:45:00 US/Eastern"))
        answer = await wire.answers()
        assert answer[1][2] == "PreSubmitted"
        gateway.clock.pass_by(hours=6)
        gateway.step()
        assert "11" in ids(await wire.answers())


async def test_a_day_order_expires_at_the_end_of_its_day(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        wire.send(*order_fields(1, lmtPrice="0.20"))
        await wire.answers()
        gateway.clock.pass_by(hours=15)
        gateway.step()
        answer = await wire.answers()
        assert ids(answer) == ["3", "4"]
        assert answer[0][2] == "Cancelled"
        assert "expired" in answer[1][4]


async def test_an_order_is_good_till_its_date_which_it_shows(gateway: Stand) -> None:
    end = "20260318-14:01:30"
    async with wired(gateway) as wire:
        wire.send(*order_fields(1, lmtPrice="0.20", tif="GTD", goodTillDate=end))
        opened = (await wire.answers())[0]
        assert {"GTD", end} <= set(opened)
        gateway.clock.pass_by(seconds=91)
        gateway.quote("0.18", "0.19")
        gateway.step()
        answer = await wire.answers()
        assert ids(answer) == ["3", "4"]
        assert answer[0][2] == "Cancelled"
        assert "expired" in answer[1][4]


async def test_an_expired_position_is_settled_overnight(gateway: Stand) -> None:
    gateway.quote("0.40", "0.41")
    async with connected(gateway) as ib:
        trade = ib.placeOrder(await call(ib), limit(0.41))
        await until(trade.isDone)
    cash = gateway.world.account.cash
    gateway.clock.pass_by(days=2)
    gateway.step()
    assert [held.qty for held in gateway.world.account.positions()] == [2]
    gateway.clock.pass_by(days=1)
    gateway.step()
    assert gateway.world.account.positions() == gateway.state.positions() == []
    assert gateway.world.account.cash == cash + Decimal("0.405") * 200


async def test_a_walking_market_fills_what_it_reaches(gateway: Stand) -> None:
    async with connected(gateway) as ib:
        contract = await call(ib)
        ticker = ib.reqMktData(contract)
        await until(lambda: ticker.bid > 0)
        entry = ib.placeOrder(contract, limit(round(ticker.bid - 0.05, 2)))
        await until(lambda: entry.orderStatus.status == "Submitted")
        for _ in range(2000):
            gateway.gateway.step()
            if not list(gateway.world.book.live):
                break
        gateway.server.flush()
        await until(entry.isDone)
        assert entry.orderStatus.status == "Filled"


async def test_plain_questions_have_plain_answers(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        wire.send("8", "1", "1")
        wire.send("17", "1")
        wire.send("15", "1", "1")
        assert await wire.answers() == [["9", "1", "1"], ["15", "1", "DU1234567"]]
        wire.send("49", "1")
        (answer,) = await wire.read_until("49")
        assert datetime.fromtimestamp(int(answer[2]), UTC) == gateway.clock.now()


async def test_messages_are_counted_by_name(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        wire.send("8", "1", "1")
        await wire.answers()
    assert gateway.gateway.received["reqIds"] == 1
    assert gateway.gateway.received["startApi"] == 1


async def test_account_values_come_again_every_three_minutes(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        wire.send("6", "2", "1", "DU1234567")
        await wire.answers()
        gateway.clock.pass_by(minutes=2)
        gateway.step()
        assert await wire.answers() == []
        gateway.clock.pass_by(minutes=1)
        gateway.step()
        assert "6" in ids(await wire.answers())


async def test_profit_comes_every_second(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        wire.send("92", "3", "DU1234567", "")
        await wire.answers()
        gateway.clock.pass_by(seconds=1)
        gateway.step()
        gateway.step()
        assert ids(await wire.answers()) == ["94"]
