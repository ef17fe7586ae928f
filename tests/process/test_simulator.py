"""The simulator as a process: started, asked, killed, started again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import ib_async
import pytest

from autoscalper.cli.simulator_control import SimulatorControl
from autoscalper.runtime.clock import ShiftedClock
from tests.fakes.home import Home, a_home, until, wait_until

#: A Wednesday on which the market is open.
WEDNESDAY = datetime(2026, 3, 18, 14, 0, tzinfo=UTC)
QUOTE = {"underlying": "SPY", "expiry": "2026-03-20", "strike": "685", "right": "C"}


@pytest.fixture
def home() -> Iterator[Home]:
    with a_home() as home:
        clock_file = home.run_dir / "clock"
        ShiftedClock(clock_file).move_to(WEDNESDAY)
        home.environment |= {
            "SIMULATOR_PORT": "0",
            "SIMULATOR_STEP_SECONDS": "0.05",
            "CLOCK_FILE": str(clock_file),
        }
        yield home


def port_of(home: Home) -> int:
    return int((home.run_dir / "simulator.port").read_text())


@asynccontextmanager
async def connected(home: Home) -> AsyncIterator[tuple[ib_async.IB, ib_async.Contract]]:
    ib = ib_async.IB()
    await ib.connectAsync("127.0.0.1", port_of(home), clientId=1, timeout=10)
    option = ib_async.Option("SPY", "20260320", 685, "C", "SMART", currency="USD")
    (contract,) = await ib.qualifyContractsAsync(option)
    assert isinstance(contract, ib_async.Contract)
    try:
        yield ib, contract
    finally:
        ib.disconnect()


async def reached(trade: ib_async.Trade, status: str) -> None:
    await until(lambda: trade.orderStatus.status == status, f"{trade.order.orderRef} {status}")


async def ended(ib: ib_async.IB) -> None:
    await until(lambda: not ib.isConnected(), "the end of the connection")


async def test_orders_and_positions_survive_a_kill_at_any_moment(home: Home) -> None:
    home.start("simulator")
    control = SimulatorControl(home.run_dir)
    control.ask("quote", **QUOTE, bid="0.42", ask="0.43")
    told: dict[str, int] = {}
    for number in range(3):
        async with connected(home) as (ib, contract):
            for step in range(4):
                ref = f"{number}.{step}"
                price = 0.43 if step == 0 else 0.20
                order = ib_async.LimitOrder("BUY", 1, price, tif="DAY", orderRef=ref)
                trade = ib.placeOrder(contract, order)
                await reached(trade, "Filled" if step == 0 else "Submitted")
                told[ref] = trade.order.permId
            home.kill("simulator")
            await ended(ib)
        home.start("simulator")

    entries = control.ask("ledger")["orders"]
    assert {entry["order_ref"]: entry["perm_id"] for entry in entries} == told
    async with connected(home) as (ib, _):
        assert {trade.order.orderRef for trade in ib.openTrades()} == {
            ref for ref in told if not ref.endswith(".0")
        }
        assert [held.position for held in ib.positions()] == [3]


def test_the_process_ends_cleanly_and_leaves_its_record(home: Home) -> None:
    home.start("simulator")
    assert home.terminate("simulator") == 0
    assert (home.data_dir / "simulator.db").exists()


def test_the_market_walks_by_itself(home: Home) -> None:
    home.start("simulator", SIMULATOR_SEED="5")
    control = SimulatorControl(home.run_dir)
    control.ask("quote", **QUOTE, bid="5.00", ask="5.05", walk=True)
    wait_until(lambda: control.ask("quote", **QUOTE)["quote"]["bid"] != "5.00", "a move")


def test_a_script_moves_the_market(home: Home, tmp_path: Path) -> None:
    script = tmp_path / "market.jsonl"
    script.write_text(
        '{"at": 0.1, "underlying": "SPY", "expiry": "2026-03-20", "strike": "685", "right": "C",'
        ' "bid": "0.77", "ask": "0.78"}\n'
    )
    home.start("simulator", SIMULATOR_MARKET=f"script:{script}")
    control = SimulatorControl(home.run_dir)
    wait_until(lambda: control.ask("quote", **QUOTE)["quote"]["bid"] == "0.77", "the quote")


async def test_an_anchored_market_takes_the_price_of_the_first_order(home: Home) -> None:
    home.start("simulator", SIMULATOR_MARKET="anchored")
    async with connected(home) as (ib, contract):
        order = ib_async.LimitOrder("BUY", 1, 3.21, tif="DAY")
        trade = ib.placeOrder(contract, order)
        await until(lambda: trade.orderStatus.status == "Filled", "the fill")
        assert trade.orderStatus.avgFillPrice == 3.20


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("SIMULATOR_PORT", "seventy", "SIMULATOR_PORT"),
        ("SIMULATOR_MARKET", "script:/nowhere", "/nowhere"),
        ("SIMULATOR_MARKET", "moon", "SIMULATOR_MARKET"),
        ("DATA_DIR", "/nowhere", "/nowhere"),
    ],
)
def test_what_is_set_up_wrong_is_one_clear_line(
    home: Home, name: str, value: str, complaint: str
) -> None:
    code, text = home.refused("simulator", **{name: value})
    assert code == 2
    assert complaint in text
    assert len(text.splitlines()) == 1


def test_a_port_in_use_is_one_clear_line(home: Home) -> None:
    home.start("simulator")
    with a_home() as other:
        code, text = other.refused("simulator", SIMULATOR_PORT=str(port_of(home)))
    assert code == 2
    assert str(port_of(home)) in text
    assert len(text.splitlines()) == 1
