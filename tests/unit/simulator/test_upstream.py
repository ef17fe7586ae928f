import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import ib_async
import pytest
from ib_async.wrapper import RequestError

from autoscalper.simulator import upstream
from autoscalper.simulator.codec import encode_texts
from autoscalper.simulator.commands import Accepting, Connectivity, Feeds, Say
from autoscalper.simulator.quote_desk import Feed
from autoscalper.simulator.upstream import Upstream
from tests.unit.simulator.stand import Stand, StandingClock, connected, until
from tests.unit.simulator.test_order_desk import call, limit

#: Messages of EClient that change something at a gateway.
ORDERING = {"placeOrder", "cancelOrder", "reqGlobalCancel"}


class Pair:
    """A gateway, and a simulator that follows its market."""

    def __init__(self, directory: Path) -> None:
        (directory / "real").mkdir()
        (directory / "paper").mkdir()
        self.real = Stand(directory / "real", simulator_account="U7654321")
        self.directory = directory / "paper"

    def open(self) -> None:
        self.paper = Stand(
            self.directory,
            StandingClock(),
            simulator_market="upstream",
            simulator_hours=None,
            dry_run=False,
            ibkr_port=self.real.server.port,
        )
        assert self.paper.gateway.relay is not None
        self.upstream = Upstream(self.paper.server, self.paper.gateway.relay)

    def is_open(self) -> bool:
        return self.paper.server.is_listening

    def close(self) -> None:
        self.paper.close()
        self.real.close()

    async def turn(self) -> None:
        """Let time do its work at both."""
        while True:
            for each in (self.real, self.paper):
                each.gateway.step(moves=each is self.paper)
                each.server.flush()
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(*tasks: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    started = [loop.create_task(task()) for task in tasks]
    try:
        yield
    finally:
        for each in started:
            each.cancel()
        for each in started:
            with suppress(asyncio.CancelledError):
                await each


@pytest.fixture
async def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pair]:
    monkeypatch.setattr(upstream, "NOT_READY_SECONDS", 0.1)
    monkeypatch.setattr(upstream, "ABSENT_SECONDS", 0.05)
    pair = Pair(tmp_path)
    await pair.real.server.listen()
    pair.open()
    async with running(
        pair.upstream.follow_for_ever, pair.turn, pair.real.server.reopen, pair.paper.server.reopen
    ):
        await until(pair.is_open)
        yield pair
        pair.close()


async def bought(ib: ib_async.IB, price: float) -> ib_async.Trade:
    trade = ib.placeOrder(await call(ib), limit(price))
    await until(lambda: trade.orderStatus.status in ("Filled", "Submitted"))
    return trade


async def quoted(ib: ib_async.IB, bid: float) -> ib_async.Ticker:
    ticker = ib.reqMktData(await call(ib))
    await until(lambda: ticker.bid == bid)
    return ticker


async def test_contracts_and_quotes_are_those_of_the_gateway(pair: Pair) -> None:
    pair.real.quote("0.42", "0.43")
    async with connected(pair.real, 1) as real, connected(pair.paper, 1) as paper:
        assert (await call(real)).conId == (await call(paper)).conId
        ticker = await quoted(paper, 0.42)
        pair.real.quote("0.50", "0.52")
        await until(lambda: (ticker.bid, ticker.ask) == (0.50, 0.52))


async def test_chains_rules_and_symbols_are_asked_of_the_gateway(pair: Pair) -> None:
    async with connected(pair.paper, 1) as paper:
        (stock,) = await paper.qualifyContractsAsync(ib_async.Stock("SPY", "SMART", "USD"))
        assert isinstance(stock, ib_async.Contract)
        chains = await paper.reqSecDefOptParamsAsync("SPY", "", "STK", stock.conId)
        assert {each.tradingClass for each in chains} == {"SPY"}
        rule = await paper.reqMarketRuleAsync(26)
        assert rule is not None
        assert [each.increment for each in rule] == [0.01]
        assert await paper.reqMatchingSymbolsAsync("SPY")


async def test_orders_trade_here_at_the_gateways_prices(pair: Pair) -> None:
    pair.real.quote("0.42", "0.43")
    async with connected(pair.paper, 1) as paper:
        await quoted(paper, 0.42)
        trade = await bought(paper, 0.43)
        await until(lambda: trade.orderStatus.status == "Filled")
        assert trade.orderStatus.avgFillPrice == 0.43
        waiting = await bought(paper, 0.30)
        pair.real.quote("0.28", "0.29")
        await until(lambda: waiting.orderStatus.status == "Filled")
    assert len(list(pair.paper.state.all_orders())) == 2
    assert list(pair.real.state.all_orders()) == []
    assert not ORDERING & pair.real.gateway.received.keys()


async def test_a_stop_rests_here_while_its_owner_is_away(pair: Pair) -> None:
    pair.real.quote("0.42", "0.43")
    async with connected(pair.paper, 1) as paper:
        await quoted(paper, 0.42)
        await bought(paper, 0.43)
        contract = await call(paper)
        stop = ib_async.StopOrder("SELL", 1, 0.30, tif="DAY")
        trade = paper.placeOrder(contract, stop)
        await until(lambda: trade.orderStatus.status == "PreSubmitted")
    pair.real.quote("0.25", "0.26")
    await until(lambda: not list(pair.paper.world.book.live))


async def test_whoever_looks_later_sees_the_present_quote_at_once(pair: Pair) -> None:
    pair.real.quote("0.42", "0.43")
    async with connected(pair.paper, 1) as one, connected(pair.paper, 2) as two:
        await quoted(one, 0.42)
        await quoted(two, 0.42)
        assert pair.real.gateway.received["reqMktData"] == 1


async def test_nobody_is_served_while_the_gateway_is_away_and_no_old_quote_trades(
    pair: Pair,
) -> None:
    pair.real.quote("0.42", "0.43")
    async with connected(pair.paper, 1) as paper:
        await quoted(paper, 0.42)
        resting = await bought(paper, 0.30)
        pair.real.server.refuse()
        pair.real.server.drop()
        await until(lambda: not paper.isConnected())
    assert not pair.is_open()
    pair.real.quote("0.28", "0.29")
    assert [each.perm_id for each in pair.paper.world.book.live] == [resting.order.permId]
    pair.real.server.come_back()
    await until(pair.is_open)
    await until(lambda: not list(pair.paper.world.book.live))


async def test_a_gateway_without_ibkr_is_no_market(pair: Pair) -> None:
    pair.real.execute(Connectivity(code=1100))
    await until(lambda: not pair.is_open())
    await until(lambda: pair.upstream.away == "the gateway lost IBKR's servers")
    pair.real.execute(Connectivity(code=1102))
    await until(pair.is_open)


async def test_a_client_id_that_is_still_held_is_waited_for(pair: Pair) -> None:
    pair.real.execute(Accepting(linger_seconds=3600))
    pair.real.server.drop()
    await until(lambda: pair.upstream.away.startswith("326"))
    pair.real.clock.pass_by(hours=2)
    await until(pair.is_open)


async def test_a_gateway_that_says_nothing_is_left(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(upstream, "HEARTBEAT_SECONDS", 0.05)
    pair.real.server.drop()
    await until(lambda: "the gateway closed the connection" in caplog.text)
    await until(pair.is_open)
    for each in pair.real.server.connections:
        each.is_mute = True
    await until(lambda: "the gateway does not answer" in caplog.text)
    await until(pair.is_open)


async def test_delayed_quotes_stay_delayed_quotes(pair: Pair) -> None:
    pair.real.quote("0.42", "0.43")
    pair.real.execute(Feeds(feed=Feed.DELAYED))
    async with connected(pair.paper, 1) as paper:
        paper.reqMarketDataType(3)
        ticker = paper.reqMktData(await call(paper))
        await until(lambda: ticker.bid == 0.42)
        assert ticker.marketDataType == 3


async def test_a_contract_that_there_is_not_is_the_gateways_error(pair: Pair) -> None:
    async with connected(pair.paper, 1) as paper:
        odd = ib_async.Option("SPY", "20260320", 685.25, "C", "SMART", currency="USD")
        with pytest.raises(RequestError, match="200"):
            await paper.reqContractDetailsAsync(odd)


async def test_what_is_no_stream_of_quotes_is_refused(pair: Pair) -> None:
    async with connected(pair.paper, 1) as paper:
        told: list[int] = []
        paper.errorEvent += lambda *error: told.append(error[1])
        paper.reqTickByTickData(await call(paper), "BidAsk")
        await until(lambda: 321 in told)


@pytest.mark.parametrize(("farm", "is_lost"), [("usopt", True), ("usfuture", False)])
async def test_where_quotes_of_options_stop_there_is_no_market(
    pair: Pair, farm: str, is_lost: bool, caplog: pytest.LogCaptureFixture
) -> None:
    pair.real.quote("0.42", "0.43")
    pair.real.execute(Say(code=2103, text=f"Market data farm connection is broken:{farm}"))
    if is_lost:
        await until(lambda: "the gateway gets no quotes of options" in caplog.text)
        await until(pair.is_open)
        return
    async with connected(pair.paper, 1) as paper:
        await quoted(paper, 0.42)
    assert pair.upstream.away == ""


async def test_what_cannot_be_read_ends_the_connection_and_not_the_simulator(
    pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    for session in pair.real.world.sessions:
        session.send(encode_texts(["10", "no id"]))
    pair.real.server.flush()
    await until(lambda: "reason=expected a contract" in caplog.text)
    await until(pair.is_open)
