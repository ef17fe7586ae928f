"""A channel on paper beside a real one: two brokers, one gateway, and a simulator on its quotes.

The real gateway is a simulator of its own, with another account and another ledger.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from autoscalper.cli.door import Door
from autoscalper.cli.outcomes import Outcomes
from autoscalper.cli.simulator_control import SimulatorControl
from autoscalper.cli.stage import usable_port
from autoscalper.links import broker_to_alert
from autoscalper.links.any_to_alert import OutcomeDecided
from autoscalper.links.broker_to_alert import BROKER, PAPER
from autoscalper.links.cli_to_ingest import TakePost
from autoscalper.runtime import heartbeat
from autoscalper.runtime.clock import SystemClock
from autoscalper.simulator.sessions import exchange_day, next_trading_day
from tests.fakes.home import Home, a_home, wait_until

ROOT = Path(__file__).parent.parent.parent
ALWAYS = ("alert", "broker", "ingest", "parser", "watchdog")
REAL_ACCOUNT = "U7654321"
SETTINGS = {
    "DRY_RUN": "false",
    "TRADING_MODE": "live",
    "IBKR_ACCOUNT": REAL_ACCOUNT,
    "PAPER_AUTOSTART": "true",
    "SIMULATOR_MARKET": "upstream",
    # The test may run at night.
    "SIMULATOR_HOURS": "always",
    "SIMULATOR_STEP_SECONDS": "0.05",
    "SIMULATOR_CASH": "1000000",
    "ACCOUNT_BALANCE": "1000000",
    "RISK_PER_TRADE_PERCENT": "50",
    "MAX_OPEN_TRADES": "50",
}
MARKS = "[channels.lab]\npaper = true\n"


def expiry() -> date:
    """Return a day on which SPY's options expire, and not so soon that nothing may be opened."""
    return next_trading_day(exchange_day(SystemClock().now()) + timedelta(days=2))


class Floor:
    """Everything that runs, and what can be done to it."""

    def __init__(self, home: Home, gateway: Home) -> None:
        self.home, self.gateway = home, gateway
        self.real = SimulatorControl(gateway.run_dir)
        self.paper = SimulatorControl(home.run_dir)
        self.outcomes = Outcomes(home.data_dir / "alert.db")
        self.door = Door(f"ipc://{home.run_dir}/cli_to_ingest.ipc")
        self.channels = home.run_dir / "channels.toml"
        self._posts = 0

    def mark(self, marks: str) -> None:
        self.channels.write_text(marks)

    def start_gateway(self) -> None:
        self.gateway.start("simulator")

    def start(self, *processes: str) -> None:
        for each in processes:
            self.home.start(each, module="autoscalper.broker paper" if each == PAPER else "")

    def is_trading(self, broker: str) -> bool:
        beat = heartbeat.read(self.home.run_dir, broker)
        return beat is not None and beat.details.get("state") == "trading"

    def await_trading(self, *brokers: str) -> None:
        for each in brokers or (BROKER, PAPER):
            wait_until(functools.partial(self.is_trading, each), f"{each} to trade")

    def quote(self, strike: int, bid: str, ask: str) -> None:
        day = expiry().isoformat()
        contract = {"underlying": "SPY", "expiry": day, "strike": str(strike), "right": "C"}
        self.real.ask("quote", bid=bid, ask=ask, **contract)

    def post(self, channel: str, text: str) -> str:
        """Post and return the post's id."""
        self._posts += 1
        line = {
            "message_id": f"p{self._posts}",
            "channel_id": f"id-{channel}",
            "channel_name": channel,
            "author_id": channel,
            "author_name": f"Author of {channel}",
            "text": text,
        }
        self.door.hand_in(TakePost(line=json.dumps(line), number=self._posts, as_of_now=True))
        return f"p{self._posts}.1"

    def enter(self, channel: str, strike: int) -> str:
        self.quote(strike, "0.98", "1.00")
        return self.post(channel, f"BTO SPY {strike}c {expiry():%m/%d} @ 1.00")

    def outcome(self, post_id: str) -> OutcomeDecided:
        found = self.outcomes.wait_for(post_id, patience_seconds=60)  # type: ignore[arg-type]
        assert found is not None, f"no outcome of {post_id}"
        return found

    def held(self, broker: str) -> dict[int, int]:
        """Return what a broker holds with a working stop, by strike."""
        status = broker_to_alert.read(self.home.run_dir, broker)
        trades = status.trades if status else ()
        return {
            int(each.contract.strike): each.held_qty
            for each in trades
            if each.held_qty and each.protected_qty >= each.held_qty
        }

    def await_held(self, broker: str, *strikes: int) -> None:
        wait_until(lambda: self.held(broker).keys() == set(strikes), f"{broker} to hold {strikes}")


def strikes(market: SimulatorControl) -> set[int]:
    """Return the strikes in which a gateway ever had an order."""
    orders: list[Mapping[str, Any]] = market.ask("ledger")["orders"]
    return {int(Decimal(str(each["contract"]["strike"]))) for each in orders}


@contextmanager
def a_floor(marks: str = MARKS) -> Iterator[Floor]:
    with a_home() as gateway, a_home() as home:
        port = str(usable_port(0))
        gateway.environment |= {
            "SIMULATOR_PORT": port,
            "SIMULATOR_ACCOUNT": REAL_ACCOUNT,
            "SIMULATOR_STEP_SECONDS": "0.05",
        }
        floor = Floor(home, gateway)
        floor.mark(marks)
        home.environment |= {
            **SETTINGS,
            "IBKR_PORT": port,
            "SIMULATOR_PORT": str(usable_port(0)),
            "CONFIG_FILE": str(floor.channels),
        }
        with suppress(FileNotFoundError):
            yield floor
        floor.door.close()
        floor.outcomes.close()


@pytest.fixture
def floor() -> Iterator[Floor]:
    """Return everything, running and trading."""
    with a_floor() as floor:
        floor.start_gateway()
        floor.start("simulator", "alert", BROKER, PAPER, "parser", "ingest")
        floor.await_trading()
        yield floor


def test_each_channel_is_traded_at_its_own_place_on_the_same_quotes(floor: Floor) -> None:
    real, paper = floor.enter("desk", 680), floor.enter("lab", 690)
    floor.await_held(BROKER, 680)
    floor.await_held(PAPER, 690)
    assert (floor.outcome(real).is_paper, floor.outcome(paper).is_paper) == (False, True)
    assert strikes(floor.real) == {680}
    assert strikes(floor.paper) == {690}
    assert floor.real.ask("stats")["clients"] == [1, 2]
    # A dry run's file is another one.
    files = {each.name for each in floor.home.data_dir.glob("*.db")}
    assert {"broker.db", "paper.db", "simulator-upstream.db"} <= files
    assert "simulator.db" not in files
    floor.quote(690, "0.70", "0.72")
    floor.await_held(PAPER)
    assert floor.held(BROKER) == {680: 2}
    assert [each["order_ref"] for each in floor.real.ask("ledger")["orders"]]


def test_the_paper_broker_does_not_start_for_an_account_that_may_be_real() -> None:
    with a_home() as home:
        child = home.launch(
            PAPER, {**SETTINGS, "SIMULATOR_ACCOUNT": REAL_ACCOUNT}, "autoscalper.broker paper"
        )
        _, complaint = child.communicate(timeout=60)
        assert (child.returncode, "SIMULATOR_ACCOUNT is U7654321" in complaint) == (2, True)


def test_what_is_on_paper_never_reaches_the_gateway(floor: Floor) -> None:
    posts = [floor.enter("lab", 660 + number) for number in range(8)]
    posts += [floor.post("lab", "all out SPY 661c"), floor.post("lab", "stop to BE on SPY 662c")]
    for each in posts:
        assert floor.outcome(each).is_paper
    wait_until(lambda: len(floor.held(PAPER)) == 7, "seven trades on paper")
    received = floor.real.ask("stats")["received"]
    assert not {"placeOrder", "cancelOrder", "reqGlobalCancel"} & received.keys()
    assert floor.real.ask("ledger")["orders"] == []


def test_deaths_on_paper_leave_what_is_real_alone_and_are_recovered_from(floor: Floor) -> None:
    floor.enter("lab", 690)
    floor.await_held(PAPER, 690)
    floor.home.kill(PAPER)
    real = floor.enter("desk", 680)
    assert floor.outcome(real).outcome.kind.value == "traded"
    late = floor.post("lab", "all out SPY 690c")
    floor.start(PAPER)
    assert str(floor.outcome(late).outcome).startswith("traded: closing 2")
    floor.await_held(PAPER)
    floor.home.kill("simulator")
    wait_until(lambda: not floor.is_trading(PAPER), "paper to notice")
    floor.post("desk", "all out SPY 680c")
    floor.await_held(BROKER)
    floor.start("simulator")
    floor.await_trading(PAPER)
    floor.enter("lab", 691)
    floor.await_held(PAPER, 691)
    assert strikes(floor.real) == {680}


def test_without_the_gateway_nothing_is_traded_on_paper_either(floor: Floor) -> None:
    floor.enter("lab", 690)
    floor.await_held(PAPER, 690)
    floor.gateway.kill("simulator")
    wait_until(lambda: not floor.is_trading(PAPER) and not floor.is_trading(BROKER), "both to see")
    floor.start_gateway()
    floor.await_trading()
    floor.enter("desk", 680)
    floor.enter("lab", 691)
    floor.await_held(BROKER, 680)
    floor.await_held(PAPER, 690, 691)


def test_a_trade_from_before_the_mark_is_followed_by_the_broker_that_has_it() -> None:
    with a_floor(marks="") as floor:
        floor.start_gateway()
        floor.start("simulator", "alert", BROKER, PAPER, "parser", "ingest")
        floor.await_trading()
        floor.enter("lab", 680)
        floor.await_held(BROKER, 680)
        floor.mark(MARKS)
        for each in ("parser", BROKER, PAPER):
            floor.home.kill(each)
            floor.start(each)
        floor.await_trading()
        later = floor.enter("lab", 690)
        assert floor.outcome(later).is_paper
        floor.await_held(PAPER, 690)
        out = floor.post("lab", "all out SPY 680c")
        floor.await_held(BROKER)
        assert floor.outcome(out).is_paper
        assert floor.held(PAPER) == {690: 2}
        wait_until(
            lambda: (
                "lab is on paper now, its trade from before is real: closing 2"
                in floor.home.output("alert")
            ),
            "the word about it",
        )


def test_the_mark_alone_starts_all_of_it_and_supervisord_revives_it() -> None:
    with a_floor() as floor:
        floor.start_gateway()
        environment = {
            **floor.home.environment,
            "PATH": f"{Path(sys.executable).parent}:{floor.home.environment['PATH']}",
        }
        for worked_out in ("PAPER_AUTOSTART", "SIMULATOR_MARKET"):
            del environment[worked_out]
        environment |= asked(environment, "programs")
        command = (sys.executable, "-m", "supervisor.supervisord", "-n", "-c", "supervisord.conf")
        with (floor.home.log_dir / "supervisord.out").open("w") as output:
            child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output)
        try:
            floor.await_trading()
            killed = pid_of(floor, PAPER)
            os.kill(killed, signal.SIGKILL)
            wait_until(lambda: pid_of(floor, PAPER) != killed, "another paper broker")
            floor.await_trading()
            floor.enter("lab", 690)
            floor.await_held(PAPER, 690)
            look = subprocess.run(
                [sys.executable, "-m", "autoscalper.cli", "status", "--json"],
                env=environment,
                capture_output=True,
                check=False,
            )
            assert {each["process"]: each["state"] for each in json.loads(look.stdout)} == {
                each: "RUNNING" for each in (*ALWAYS, "paper", "simulator")
            }
        finally:
            child.terminate()
            child.wait(timeout=95)


def pid_of(floor: Floor, process: str) -> int:
    beat = heartbeat.read(floor.home.run_dir, process)
    return beat.pid if beat else 0


def asked(environment: Mapping[str, str], command: str) -> dict[str, str]:
    """Return the variables that a command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "autoscalper.cli", command],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.split("=", 1) for line in done.stdout.splitlines())
