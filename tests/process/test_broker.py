"""The broker as a process beside the simulator: what it waits for and what it survives."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import ib_async
import pytest

from autoscalper.cli.simulator_control import SimulatorControl
from autoscalper.cli.stage import usable_port
from autoscalper.domain.instruction import OpenTrade
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.runtime import heartbeat
from autoscalper.runtime.clock import ShiftedClock
from tests.fakes.home import Home, a_home, until, wait_until
from tests.fakes.telegram_server.stack import MORNING, Stack, a_stack, contract, terms_of


@pytest.fixture
def home() -> Iterator[Home]:
    with a_home() as home:
        clock_file = home.run_dir / "clock"
        ShiftedClock(clock_file).move_to(MORNING)
        home.environment |= {"SIMULATOR_PORT": str(usable_port(0)), "CLOCK_FILE": str(clock_file)}
        yield home


def phase(home: Home) -> str:
    beat = heartbeat.read(home.run_dir, "broker")
    return beat.details["state"] if beat else ""


def ledger(stack: Stack) -> dict[str, tuple[object, ...]]:
    """Return the orders of the gateway by our own id for them."""
    orders = stack.market.ask("ledger")["orders"]
    assert len({each["order_ref"] for each in orders}) == len(orders)
    return {each["order_ref"]: (each["order_id"], each["status"]) for each in orders}


def statuses(stack: Stack) -> set[object]:
    """Return every status that an order has at the gateway."""
    return {status for _, status in ledger(stack).values()}


async def kill(stack: Stack) -> None:
    """Kill the broker and return when the next one trades."""
    stack.home.kill("broker")
    await stack.start("broker")
    await until(lambda: stack.phase() == "trading", "a broker that trades")


async def test_a_kill_changes_nothing_at_the_gateway_and_trading_goes_on() -> None:
    async with a_stack(start_alert=False) as stack:
        await stack.hold(2)
        before = ledger(stack)
        await kill(stack)
        assert ledger(stack) == before
        for number in (2, 3, 4):
            stack.enter(number)
        await until(lambda: stack.protected() == 5, "five protected positions")
        assert before.items() <= ledger(stack).items()
        assert sorted(stack.positions().values()) == [2] * 5


async def test_an_alert_that_came_while_it_was_dead_is_taken_after_the_start() -> None:
    async with a_stack(start_alert=False) as stack:
        stack.home.kill("broker")
        stack.enter(1)
        await stack.start("broker")
        await until(lambda: stack.protected() == 1, "the position")
        assert list(stack.positions().values()) == [2]


async def test_an_entry_does_not_outlive_a_broker_that_stays_dead() -> None:
    async with a_stack() as stack:
        wanted = contract(1)
        stack.quote(wanted, "1.48", "1.50")
        post = stack.signal(OpenTrade(contract=terms_of(wanted), price=Decimal("1.00")))
        await until(lambda: "Submitted" in statuses(stack), "the entry at the gateway")
        stack.home.kill("broker")
        stack.home.kill("simulator")
        stack.clock.move_to(MORNING + timedelta(hours=2))
        await stack.start("simulator")
        stack.quote(wanted, "0.88", "0.90")
        await until(lambda: statuses(stack) == {"Cancelled"}, "the end of the entry")
        assert stack.positions() == {}
        await stack.start("broker")
        await until(lambda: stack.outcome_of(post), "the outcome")
        decided = stack.outcome_of(post)
        assert decided is not None
        assert decided.outcome.kind is OutcomeKind.EXPIRED
        assert "not filled at" in decided.outcome.detail
        assert stack.positions() == {}


def test_it_waits_for_a_gateway_that_is_away(home: Home) -> None:
    child = home.start("broker")
    assert phase(home) in ("down", "connecting")
    home.start("simulator")
    wait_until(lambda: phase(home) == "trading", "the broker to trade")
    assert child.poll() is None


async def test_a_client_id_that_is_taken_is_waited_for_and_never_switched(home: Home) -> None:
    home.start("simulator")
    port = int(home.environment["SIMULATOR_PORT"])
    other = ib_async.IB()
    await other.connectAsync("127.0.0.1", port, clientId=1, timeout=10)
    home.start("broker")
    await until(lambda: "code=326" in home.output("broker"), "the refusal")
    market = SimulatorControl(home.run_dir)
    assert phase(home) != "trading"
    assert market.ask("stats")["clients"] == [1]
    other.disconnect()
    await until(lambda: phase(home) == "trading", "the broker to trade")
    assert market.ask("stats")["clients"] == [1]


def test_a_stop_is_clean_with_and_without_a_gateway(home: Home) -> None:
    home.start("broker")
    assert home.terminate("broker") == 0
    home.start("simulator")
    home.start("broker")
    wait_until(lambda: phase(home) == "trading", "the broker to trade")
    assert home.terminate("broker") == 0


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"TRADING_MODE": "paper", "IBKR_PORT": "4001"}, "IBKR_PORT"),
        ({"TRADING_MODE": "live", "IBKR_PORT": "4001"}, "IBKR_ACCOUNT"),
        ({"IBKR_CLIENT_ID": "0"}, "IBKR_CLIENT_ID"),
    ],
)
def test_a_gateway_or_an_account_that_cannot_be_meant_starts_nothing(
    home: Home, settings: dict[str, str], named: str
) -> None:
    code, said = home.refused("broker", DRY_RUN="false", CLOCK_FILE="", **settings)
    assert code == 2
    assert said.startswith("autoscalper: ")
    assert named in said
