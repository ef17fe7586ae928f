"""The chat as a whole, in this process, against the stand-in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from autoscalper.alert import confirmations, outbox, shelf, stories, telegram_client, watch
from autoscalper.alert import telegram as telegram_module
from autoscalper.alert.shelf import Shelf
from autoscalper.alert.stories import Stories
from autoscalper.alert.telegram import Telegram
from autoscalper.domain.settings import AlertSettings, Secret
from autoscalper.links import alert_to_broker
from autoscalper.links.alert_to_broker import CloseTrades
from autoscalper.runtime.log import Log
from autoscalper.runtime.process import Process
from autoscalper.runtime.store import Store
from tests.fakes.home import Home, a_home, until
from tests.fakes.telegram_server import CHAT, TOKEN, Fault, Kind, TelegramServer
from tests.unit.alert import examples


@pytest.fixture
def home() -> Iterator[Home]:
    with a_home() as home:
        yield home


class Chatting:
    """A whole Telegram with its tasks, its store and the stand-in."""

    def __init__(self, home: Home, server: TelegramServer) -> None:
        settings = AlertSettings(
            run_dir=str(home.run_dir),
            data_dir=str(home.data_dir),
            log_dir=str(home.log_dir),
            telegram_enabled=True,
            telegram_bot_token=Secret(TOKEN),
            telegram_chat_id=str(CHAT),
            telegram_user_ids=(str(CHAT),),
            telegram_api_url=server.url,
        )
        process = Process("alert", settings)
        schemas = (shelf, stories, outbox, confirmations, watch)
        schema = "".join(module.SCHEMA for module in schemas)
        self.server = server
        self.store = Store(process.store_path, durable=False, schema=schema)
        self.commands = Log(self.store, alert_to_broker.LINK, process.clock)
        self.stories = Stories(self.store)
        self.telegram = Telegram(
            process, self.store, Shelf(self.store), self.stories, self.commands
        )
        self._tasks = [asyncio.ensure_future(each()) for each in self.telegram.tasks()]

    async def shown(self, part: str) -> None:
        def is_shown() -> bool:
            return any(part in message.text for message in self.server.shown())

        await until(is_shown, f"{part!r} in the chat")

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.store.close()


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as server:
        yield server


@pytest.fixture
async def chatting(
    home: Home, server: TelegramServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Chatting]:
    monkeypatch.setattr("autoscalper.runtime.process.logs.set_up", lambda *_, **__: None)
    monkeypatch.setattr(telegram_module, "_FIRST_WAIT_SECONDS", 0.05)
    monkeypatch.setattr(telegram_client, "FIRST_WAIT_SECONDS", 0.05)
    server.faults.arm(Fault("setMyCommands", Kind.ERROR, times=2))
    chatting = Chatting(home, server)
    yield chatting
    await chatting.close()


async def test_the_menu_is_offered_until_it_is_taken(
    chatting: Chatting, server: TelegramServer
) -> None:
    await until(lambda: server.chats.commands, "the menu")
    assert len(server.times_of("setMyCommands")) == 3


async def test_news_goes_out_and_questions_come_back(
    chatting: Chatting, server: TelegramServer
) -> None:
    with chatting.store.transaction():
        notice = examples.ordered()
        chatting.telegram.news.tell(notice, chatting.stories.take(notice), 0)
    await chatting.shown("MU 127.5C Mar 20 · ordered")
    server.chats.say("/closeall")
    await chatting.shown("Close every position?")
    await until(lambda: server.last().labels(), "its buttons")
    await until(
        lambda: chatting.store.execute(
            "SELECT 1 FROM confirmations WHERE message_id IS NOT NULL"
        ).fetchone(),
        "a bound button",
    )
    server.chats.press(server.last(), "Yes")
    await until(lambda: chatting.commands.head == 1, "the command")
    ((_, payload),) = chatting.commands.read(0, 9)
    assert isinstance(alert_to_broker.LINK.decode(payload), CloseTrades)
    await chatting.shown("Given to the broker")


async def test_the_heartbeat_tells_of_the_chat(chatting: Chatting, server: TelegramServer) -> None:
    assert chatting.telegram.details()["telegram_polled_seconds_ago"] == "never"
    server.chats.say("/help")
    await chatting.shown("/status")
    assert chatting.telegram.details() == {
        "telegram": "polled",
        "telegram_polled_seconds_ago": "0",
        "telegram_waiting": "0",
    }
