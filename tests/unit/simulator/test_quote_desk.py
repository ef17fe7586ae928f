import math

import pytest

from autoscalper.simulator.quote_desk import Feed
from tests.unit.simulator.stand import EXPIRY, Stand, connected, until
from tests.unit.simulator.test_order_desk import call
from tests.unit.simulator.wire import Wire, errors, ids, wired

CONTRACT = ["0", "SPY", "OPT", f"{EXPIRY:%Y%m%d}", "685", "C", "100", "SMART", "", "USD", "", ""]


def subscribe(wire: Wire, *, snapshot: bool = False) -> None:
    wire.send("1", "11", "3", *CONTRACT, "0", "", "1" if snapshot else "0", "0", "")


def prices(messages: list[list[str]]) -> dict[str, str]:
    return {message[3]: message[4] for message in messages if message[0] == "1"}


async def test_a_quote_comes_whole_at_first_and_then_as_it_changes(gateway: Stand) -> None:
    gateway.quote("0.40", "0.41")
    async with connected(gateway) as ib:
        ticker = ib.reqMktData(await call(ib))
        await until(lambda: ticker.bid == 0.40 and ticker.modelGreeks is not None)
        assert (ticker.ask, ticker.askSize, ticker.marketDataType) == (0.41, 100, 1)
        assert ticker.volume > 0
        gateway.quote("0.42", "0.43")
        await until(lambda: (ticker.bid, ticker.ask) == (0.42, 0.43))


async def test_only_what_changed_is_sent(gateway: Stand) -> None:
    gateway.quote("0.40", "0.41")
    async with wired(gateway) as wire:
        subscribe(wire)
        assert {"81", "58", "21"} <= set(ids(await wire.answers()))
        gateway.quote("0.40", "0.42")
        assert set(prices(await wire.answers())) == {"2"}
        gateway.step()
        assert await wire.answers() == []


async def test_a_snapshot_ends(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        subscribe(wire, snapshot=True)
        await wire.read_until("57")
        gateway.quote("0.40", "0.41")
        assert await wire.answers() == []


async def test_an_ended_subscription_is_silent_and_ends_only_once(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        subscribe(wire)
        await wire.answers()
        wire.send("2", "2", "3")
        assert await wire.answers() == []
        gateway.quote("0.40", "0.41")
        assert await wire.answers() == []
        wire.send("2", "2", "3")
        assert errors(await wire.answers()) == [("3", "300")]


async def test_an_ambiguous_contract_has_no_quote(gateway: Stand) -> None:
    async with wired(gateway) as wire:
        wire.send("1", "11", "3", "0", "SPY", "OPT", *[""] * 9, "0", "", "0", "0", "")
        assert errors(await wire.answers()) == [("3", "200")]


async def test_single_ticks_follow_the_quote(gateway: Stand) -> None:
    gateway.quote("0.40", "0.41")
    async with wired(gateway) as wire:
        for number, kind in enumerate(("BidAsk", "MidPoint", "Last", "AllLast"), start=1):
            wire.send("97", str(number), *CONTRACT, kind, "0", "0")
        kinds = {message[2]: message[4:6] for message in await wire.answers()}
        assert kinds["3"] == ["0.40", "0.41"]
        assert kinds["4"] == ["0.405"]
        assert set(kinds) == {"1", "2", "3", "4"}
        wire.send("98", "1")
        assert await wire.answers() == []
        gateway.quote("0.42", "0.43")
        assert "3" not in {message[2] for message in await wire.answers()}


class TestFeeds:
    async def test_no_subscription_is_an_error_unless_delayed_will_do(self, gateway: Stand) -> None:
        gateway.quote("0.40", "0.41")
        gateway.gateway.quotes.feed = Feed.DELAYED
        async with wired(gateway) as wire:
            subscribe(wire)
            assert errors(await wire.answers()) == [("3", "354")]
            wire.send("59", "1", "3")
            subscribe(wire)
            answer = await wire.answers()
            assert errors(answer) == [("3", "10167")]
            assert prices(answer)["66"] == "0.40"
            assert ["58", "1", "3", "3"] in answer

    async def test_a_competing_login_takes_the_data(self, gateway: Stand) -> None:
        gateway.gateway.quotes.feed = Feed.COMPETING
        async with wired(gateway) as wire:
            subscribe(wire)
            assert errors(await wire.answers()) == [("3", "10197")]

    async def test_missing_data_is_accepted_and_never_comes(self, gateway: Stand) -> None:
        gateway.gateway.quotes.feed = Feed.MISSING
        async with wired(gateway) as wire:
            subscribe(wire)
            gateway.quote("0.40", "0.41")
            assert prices(await wire.answers()) == {}

    async def test_stale_data_comes_once(self, gateway: Stand) -> None:
        gateway.quote("0.40", "0.41")
        gateway.gateway.quotes.feed = Feed.STALE
        async with wired(gateway) as wire:
            subscribe(wire)
            assert prices(await wire.answers())["1"] == "0.40"
            gateway.quote("0.50", "0.51")
            assert await wire.answers() == []

    async def test_crossed_data_has_the_bid_above_the_ask(self, gateway: Stand) -> None:
        gateway.quote("0.40", "0.41")
        gateway.gateway.quotes.feed = Feed.CROSSED
        async with wired(gateway) as wire:
            subscribe(wire)
            seen = prices(await wire.answers())
            assert float(seen["1"]) > float(seen["2"])

    async def test_broken_data_is_no_number(self, gateway: Stand) -> None:
        gateway.quote("0.40", "0.41")
        gateway.gateway.quotes.feed = Feed.NAN
        async with connected(gateway) as ib:
            ticker = ib.reqMktData(await call(ib))
            await until(lambda: ticker.bidSize == 100)
            assert math.isnan(ticker.bid)


@pytest.mark.parametrize("bid", ["0"])
async def test_a_price_that_is_not_there_is_sent_as_ibkr_does(gateway: Stand, bid: str) -> None:
    gateway.quote(bid, "0.01")
    async with wired(gateway) as wire:
        subscribe(wire)
        assert prices(await wire.answers())["1"] == bid
