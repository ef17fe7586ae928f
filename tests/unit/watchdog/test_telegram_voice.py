from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from autoscalper.domain.settings import Secret, TradingMode, WatchdogSettings
from autoscalper.watchdog import telegram_voice
from autoscalper.watchdog.telegram_voice import MOST_WAITING, TelegramVoice
from tests.fakes.home import until
from tests.fakes.telegram_server import CHAT, TOKEN, Fault, Kind, TelegramServer


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as server:
        yield server


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telegram_voice, "TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(telegram_voice, "FIRST_WAIT_SECONDS", 0.05)


def settings(server: TelegramServer, *, enabled: bool = True) -> WatchdogSettings:
    return WatchdogSettings(
        telegram_enabled=enabled,
        telegram_bot_token=Secret(TOKEN),
        telegram_chat_id=str(CHAT),
        telegram_api_url=server.url,
    )


@pytest.fixture
async def voice(server: TelegramServer) -> AsyncIterator[TelegramVoice]:
    voice = TelegramVoice(settings(server), seconds_between=0.2)
    task = asyncio.ensure_future(voice.speak())
    yield voice
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_death_is_told_with_the_last_words(
    server: TelegramServer, voice: TelegramVoice
) -> None:
    voice.say("alert ended and was started again", "ERROR <boom>\nValueError: x & y")
    await until(server.shown, "a message")
    assert server.last().text.splitlines() == [
        "DRY RUN WATCHDOG",
        "alert ended and was started again",
        "ERROR <boom>",
        "ValueError: x & y",
    ]
    assert not server.last().silent


@pytest.mark.parametrize(
    ("mode", "title"),
    [(TradingMode.PAPER, "PAPER WATCHDOG"), (TradingMode.LIVE, "WATCHDOG")],
)
async def test_all_but_real_money_is_marked(
    server: TelegramServer, mode: TradingMode, title: str
) -> None:
    ordered = msgspec.structs.replace(settings(server), dry_run=False, trading_mode=mode)
    voice = TelegramVoice(ordered)
    task = asyncio.ensure_future(voice.speak())
    voice.say("alert ended and was started again")
    await until(server.shown, "a message")
    assert server.last().text.splitlines()[0] == title
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_many_deaths_become_few_messages(
    server: TelegramServer, voice: TelegramVoice
) -> None:
    voice.say("first")
    await until(server.shown, "a message")
    for number in range(10):
        voice.say(f"death {number}")
    await until(lambda: len(server.shown()) == 2, "a second message")
    assert server.last().text.count("death") == 10
    first, second = server.times_of("sendMessage")
    assert second - first >= 0.2


@pytest.mark.parametrize(
    "fault",
    [
        Fault("sendMessage", Kind.DROP, times=2),
        Fault("sendMessage", Kind.ERROR, times=2, code=500),
        Fault("sendMessage", Kind.ERROR, code=429, retry_after=1),
        Fault("sendMessage", Kind.ERROR, code=401),
        Fault("sendMessage", Kind.HANG),
    ],
    ids=lambda fault: f"{fault.kind.value} {fault.code}",
)
async def test_what_could_not_be_told_is_told_later(
    server: TelegramServer, voice: TelegramVoice, fault: Fault
) -> None:
    server.faults.arm(fault)
    voice.say("broker gave up")
    await until(server.shown, "a message")
    assert "broker gave up" in server.last().text


async def test_a_crash_loop_without_telegram_keeps_the_latest_and_counts_the_rest(
    server: TelegramServer, voice: TelegramVoice, caplog: pytest.LogCaptureFixture
) -> None:
    await server.go_away()
    for number in range(MOST_WAITING + 30):
        voice.say(f"death {number};")
    await until(lambda: "telegram not reached" in caplog.text, "a failure")
    await server.come_back()
    await until(server.shown, "a message")
    text = server.last().text
    assert "30 earlier events are only in the log" in text
    assert "death 29;" not in text and f"death {MOST_WAITING + 29};" in text
    assert TOKEN not in caplog.text


async def test_long_words_are_told_in_several_messages(
    server: TelegramServer, voice: TelegramVoice
) -> None:
    voice.say("first")
    await until(server.shown, "a message")
    for number in range(4):
        voice.say(f"death {number}", "x" * 1500)
    await until(lambda: "death 3" in server.last().text, "all messages")
    assert len(server.shown()) == 3


async def test_without_telegram_nothing_is_said(server: TelegramServer) -> None:
    voice = TelegramVoice(settings(server, enabled=False))
    task = asyncio.ensure_future(voice.speak())
    voice.say("broker gave up")
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert server.calls == []
