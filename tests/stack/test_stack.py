"""In the order of the file: each test leaves the stack trading."""

import json
import os
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.fakes.telegram_server.chat import TOKEN
from tests.stack.engine import ENGINE, Stack, wait_until

pytestmark = pytest.mark.timeout(300)

TODAY = datetime.now(UTC).date()
#: A Friday that is not today's, so that nothing is flattened.
FRIDAY = TODAY + timedelta(days=(4 - TODAY.weekday()) % 7 + 7)
PROCESSES = ("alert", "broker", "parser", "ingest", "watchdog")
#: Seconds in which the crash of a process is over.
REVIVED_SECONDS = 30


def entry(strike: int) -> str:
    return f"BTO SPY {strike}C {FRIDAY:%m/%d} @ 1.00"


def entries_of(stack: Stack, strike: int) -> list[str]:
    return [
        each["status"] for each in stack.orders("BUY") if each["contract"]["strike"] == str(strike)
    ]


def is_protected(stack: Stack, strike: int) -> bool:
    return any(
        each["order_type"] == "STP" and each["status"] in ("PreSubmitted", "Submitted")
        for each in stack.orders("SELL")
        if each["contract"]["strike"] == str(strike)
    )


def traded_once(stack: Stack, strike: int) -> None:
    assert entries_of(stack, strike) == ["Filled"]
    assert is_protected(stack, strike)


def test_an_alert_becomes_one_order_with_a_stop(stack: Stack) -> None:
    assert stack.health() == "healthy"
    assert stack.health("ib-gateway") == "healthy"
    stack.post(entry(601))
    traded_once(stack, 601)


def test_it_runs_as_nobody_special_and_can_write_where_it_must_alone(stack: Stack) -> None:
    status = stack.inside("cat", "/proc/self/status").splitlines()
    facts = dict(line.split(":\t", 1) for line in status if ":\t" in line)
    assert facts["Uid"].split() == ["10001"] * 4
    assert facts["CapEff"] == facts["CapBnd"] == "0" * 16
    assert facts["NoNewPrivs"] == "1"
    look = "for d in / /app /usr /venv /etc /home /var; do touch $d/x 2>/dev/null && echo $d; done"
    assert stack.inside("sh", "-c", f"{look}; true") == ""
    for directory in ("/app/logs", "/app/data", "/run/autoscalper", "/tmp"):
        stack.inside("sh", "-c", f"touch {directory}/x && rm {directory}/x")


def test_the_checklist_finds_the_gateway_and_telegram_as_the_bot_does(stack: Stack) -> None:
    found = json.loads(stack.inside("autoscalper", "check", "--json", check=False))
    levels = {each["what"]: each["level"] for each in found}
    assert levels["gateway"] == levels["mode"] == levels["settings"] == "ok"


def test_the_gateway_reads_its_password_from_a_file(stack: Stack) -> None:
    secret = "/run/secrets/ib_password"
    assert stack.inside("cat", secret, service="ib-gateway") == "kept-from-the-bot"
    assert "kept-from-the-bot" not in stack.inside("env", service="ib-gateway")


def test_nothing_listens_on_the_network(stack: Stack) -> None:
    tables = stack.inside("cat", "/proc/net/tcp", "/proc/net/tcp6").splitlines()
    listening = [line.split()[1] for line in tables if line.split()[3] == "0A"]
    # Docker's resolver and Telegram's stand-in, both on a loopback address (127.0.0.x).
    assert [each for each in listening if not each.split(":")[0].endswith("7F")] == []


def test_a_process_knows_its_own_secrets_only(stack: Stack) -> None:
    secrets = {"alert": {TOKEN}, "watchdog": {TOKEN}, "parser": {"key-of-the-parser"}}
    for process, pid in stack.pids().items():
        environment = stack.inside("cat", f"/proc/{pid}/environ")
        held = {each for each in (TOKEN, "key-of-the-parser") if each in environment}
        assert held == secrets.get(process, set()), process
        assert "kept-from-the-bot" not in environment


def test_a_crash_of_the_gateway_costs_nothing(stack: Stack) -> None:
    stack.crash("ib-gateway")
    wait_until(lambda: not stack.trading(), "the broker to notice")
    stack.inside("autoscalper", "post", "--no-wait", entry(602))
    stack.await_trading()
    wait_until(lambda: entries_of(stack, 602) == ["Filled"], "the alert to be traded")
    traded_once(stack, 602)
    traded_once(stack, 601)
    assert stack.inspect("ib-gateway", "{{.RestartCount}}") == "1"
    assert stack.inspect("autoscalper", "{{.RestartCount}}") == "0"


def test_a_gateway_that_is_away_degrades_the_bot_and_does_not_make_it_unwell(stack: Stack) -> None:
    stack.compose("stop", "--timeout", "5", "ib-gateway")
    wait_until(lambda: stack.broker_state() == "down", "the broker to notice")
    assert stack.inside("health").strip() == "healthy, degraded: broker is down"
    stack.compose("start", "ib-gateway")
    stack.await_trading()
    assert stack.health() == "healthy"


def test_a_restart_of_the_gateway_leaves_the_bot_running(stack: Stack) -> None:
    before = stack.pids()
    stack.compose("restart", "--timeout", "5", "ib-gateway")
    stack.await_trading()
    assert stack.pids() == before
    stack.post(entry(603))
    traded_once(stack, 603)


def test_a_network_that_goes_and_comes_back_is_reconciled(stack: Stack) -> None:
    network, gateway = f"{stack.name}_default", stack.container("ib-gateway")
    stack.docker("network", "disconnect", network, gateway)
    wait_until(lambda: not stack.trading(), "the broker to notice")
    stack.docker("network", "connect", "--alias", "ib-gateway", network, gateway)
    stack.await_trading()
    stack.post(entry(604))
    traded_once(stack, 604)


def test_a_gateway_that_freezes_is_noticed_and_nothing_is_ordered_twice(stack: Stack) -> None:
    stack.compose("pause", "ib-gateway")
    wait_until(lambda: not stack.trading(), "the broker to notice")
    stack.compose("unpause", "ib-gateway")
    stack.await_trading()
    stack.post(entry(605))
    traded_once(stack, 605)


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_that_is_killed_comes_back(stack: Stack, process: str) -> None:
    pid = stack.pids()[process]
    stack.signal(process, "KILL")
    wait_until(
        lambda: stack.pids().get(process, pid) != pid, f"{process} to return", REVIVED_SECONDS
    )
    stack.await_trading()
    strike = 610 + PROCESSES.index(process)
    stack.post(entry(strike))
    traded_once(stack, strike)


def test_a_broker_that_hangs_is_unwell_within_thirty_seconds_and_is_revived(stack: Stack) -> None:
    pid = stack.pids()["broker"]
    stack.signal("broker", "STOP")
    wait_until(lambda: stack.health() == "unhealthy", "the hang to be seen", 30)
    wait_until(lambda: stack.health() == "healthy", "the broker to be revived")
    stack.await_trading()
    assert stack.pids()["broker"] != pid


def test_it_stops_in_its_grace_period_and_leaves_the_positions_protected(stack: Stack) -> None:
    began = time.monotonic()
    stack.compose("stop", "autoscalper")
    assert time.monotonic() - began < 30
    assert stack.inspect("autoscalper", "{{.State.ExitCode}}") == "0"
    assert is_protected(stack, 601)
    stack.compose("start", "autoscalper")
    stack.compose("--profile", "telegram", "restart", "--timeout", "1", "telegram")
    stack.await_trading()


def test_a_bot_that_crashes_starts_again_and_orders_nothing_twice(stack: Stack) -> None:
    before = stack.orders("BUY")
    stack.crash("autoscalper")
    wait_until(lambda: stack.inspect("autoscalper", "{{.RestartCount}}") == "1", "the restart")
    stack.await_trading()
    stack.compose("--profile", "telegram", "restart", "--timeout", "1", "telegram")
    assert stack.orders("BUY") == before
    assert wait_until(lambda: stack.health() == "healthy", "health") < 30


def test_both_starting_at_once_as_after_a_reboot_find_each_other(stack: Stack) -> None:
    both = (stack.container("autoscalper"), stack.container("ib-gateway"))
    stack.docker("stop", "--time", "20", *both)
    stack.docker("start", *both)
    stack.await_trading()
    traded_once(stack, 601)


@pytest.mark.skipif(ENGINE not in os.environ, reason="needs an engine of its own: STACK_ENGINE")
def test_a_restart_of_the_engine_brings_both_back_and_orders_nothing_twice(stack: Stack) -> None:
    before = stack.orders("BUY")
    stack.restart_engine()
    wait_until(lambda: stack.health() == "healthy", "the bot to be well")
    stack.await_trading()
    assert stack.health("ib-gateway") == "healthy"
    assert stack.orders("BUY") == before
    held = [int(each["contract"]["strike"]) for each in before if each["status"] == "Filled"]
    assert [strike for strike in held if not is_protected(stack, strike)] == []
    stack.compose("--profile", "telegram", "start", "telegram")
    stack.post(entry(620))
    traded_once(stack, 620)


def test_telegram_was_told_of_the_trade_and_of_the_deaths(stack: Stack) -> None:
    stack.compose("--profile", "telegram", "restart", "--timeout", "1", "telegram")
    stack.await_trading()
    stack.signal("parser", "KILL")
    stack.post(entry(630))

    def told(text: str) -> bool:
        return text in stack.compose("--profile", "telegram", "logs", "--no-log-prefix", "telegram")

    wait_until(lambda: told("SPY 630C"), "the trade to be told")
    wait_until(lambda: told("parser ended and was started again"), "the death to be told")
