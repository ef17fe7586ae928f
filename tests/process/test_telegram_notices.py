"""Notices through the real alert process to the stand-in, while both are broken on the way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from autoscalper.links import any_to_alert
from autoscalper.links.any_to_alert import Level, Reported
from autoscalper.runtime.clock import SystemClock
from autoscalper.runtime.log import Log
from autoscalper.runtime.publisher import Publisher
from autoscalper.runtime.store import Store
from tests.fakes.home import Home, a_home, until
from tests.fakes.telegram_server import CHAT, TOKEN, Fault, Kind, TelegramServer

CLOCK = SystemClock()


@pytest.fixture
def home() -> Iterator[Home]:
    with a_home() as home:
        yield home


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as server:
        yield server


class Reporter:
    """The broker, as far as it reports."""

    def __init__(self, home: Home) -> None:
        link = any_to_alert.FROM_BROKER
        self.store = Store(home.data_dir / "broker.db", durable=False)
        self.log = Log(self.store, link, CLOCK)
        self.publisher = Publisher(self.log, f"ipc://{home.run_dir}/{link.name}.ipc", CLOCK)

    def report(self, *texts: str, level: Level = Level.WARNING) -> None:
        with self.store.transaction():
            for text in texts:
                notice = Reported(level=level, text=text, reported_at=CLOCK.now())
                self.log.append(text, notice)


@asynccontextmanager
async def a_reporter(home: Home) -> AsyncIterator[Reporter]:
    reporter = Reporter(home)
    publishing = asyncio.ensure_future(reporter.publisher.publish())
    try:
        yield reporter
    finally:
        publishing.cancel()
        await asyncio.gather(publishing, return_exceptions=True)
        reporter.store.close()


async def start_alert(home: Home, server: TelegramServer, module: str = "") -> None:
    await asyncio.to_thread(
        home.start,
        "alert",
        module=module,
        TELEGRAM_ENABLED="true",
        TELEGRAM_API_URL=server.url,
        TELEGRAM_BOT_TOKEN=TOKEN,
        TELEGRAM_CHAT_ID=str(CHAT),
    )


def reports(server: TelegramServer) -> list[str]:
    return [each.text.rpartition(" ")[2] for each in server.shown() if "report" in each.text]


async def another_report(server: TelegramServer) -> None:
    before = len(reports(server))
    await until(lambda: len(reports(server)) > before, "another report")


async def test_no_notice_is_lost_or_out_of_order_through_faults_and_kills(
    home: Home, server: TelegramServer
) -> None:
    # The waits between messages and after failures are shortened: they only take time.
    hasty = "tests.fakes.hasty_alert"
    expected = [f"report-{number}" for number in range(30)]
    uncertain = 0
    async with a_reporter(home) as reporter:
        for number, text in enumerate(expected):
            if number % 6 == 0:
                await start_alert(home, server, hasty)
            reporter.report(text)
            if number % 6 == 2:
                server.faults.arm(Fault("sendMessage", Kind.LOSE_ANSWER))
                server.faults.arm(Fault("sendMessage", Kind.DROP))
                server.faults.arm(Fault("sendMessage", Kind.ERROR, code=401))
                uncertain += 1
            if number % 6 == 4:
                await another_report(server)
                home.kill("alert")
                uncertain += 1
        await start_alert(home, server, hasty)
        await until(lambda: set(reports(server)) == set(expected), "all reports")
    shown = reports(server)
    assert list(dict.fromkeys(shown)) == expected
    assert len(shown) - len(expected) <= uncertain


async def test_what_is_critical_is_not_held_up_by_what_waits(
    home: Home, server: TelegramServer
) -> None:
    async with a_reporter(home) as reporter:
        await server.go_away()
        await start_alert(home, server)
        reporter.report(*(f"report-{number}" for number in range(200)))
        reporter.report("report-critical", level=Level.CRITICAL)
        await until(lambda: "report-critical" in home.output("alert"), "the notice")
        await server.come_back()
        await until(lambda: reports(server), "a report")
    assert reports(server)[0] == "report-critical"


async def test_a_single_401_leaves_the_user_unheard_for_seconds_only(
    home: Home, server: TelegramServer
) -> None:
    await start_alert(home, server)
    await until(lambda: server.times_of("getUpdates"), "a poll")
    server.faults.arm(Fault("getUpdates", Kind.ERROR, code=401, description="Unauthorized"))
    began = time.monotonic()
    server.chats.say("/help")
    server.chats.say("/help")
    await until(lambda: len(server.shown()) == 2, "two answers")
    assert time.monotonic() - began < 30


async def test_the_token_is_in_no_log(home: Home, server: TelegramServer) -> None:
    server.faults.arm(Fault("*", Kind.ERROR, times=4, code=401, description="Unauthorized"))
    await start_alert(home, server)
    server.chats.say("/help")
    await until(server.shown, "an answer")
    assert TOKEN not in home.output("alert")
    assert TOKEN not in (home.log_dir / "alert.jsonl").read_text()


async def test_a_stop_is_clean_while_telegram_is_unreachable(
    home: Home, server: TelegramServer
) -> None:
    await server.go_away()
    async with a_reporter(home) as reporter:
        await start_alert(home, server)
        reporter.report("report-1")
        await until(lambda: "notices wait for telegram" in home.output("alert"), "a failure")
        assert await asyncio.to_thread(home.terminate, "alert") == 0


def test_a_chat_that_is_no_number_is_refused_by_name(home: Home) -> None:
    code, complaint = home.refused(
        "alert", TELEGRAM_ENABLED="true", TELEGRAM_BOT_TOKEN=TOKEN, TELEGRAM_CHAT_ID="@me"
    )
    assert code == 2
    assert "TELEGRAM_CHAT_ID is '@me'" in complaint


def test_a_stand_in_elsewhere_is_refused_because_the_token_goes_there(home: Home) -> None:
    code, complaint = home.refused("alert", TELEGRAM_API_URL="https://example.org/")
    assert code == 2
    assert "TELEGRAM_API_URL" in complaint and "this machine" in complaint
