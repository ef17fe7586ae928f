"""The client against the stand-in: each fault that a Bot API has, and what becomes of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from autoscalper.alert import telegram_client
from autoscalper.alert.chat import (
    Button,
    ChatFailed,
    Incoming,
    MessageGone,
    MessageRefused,
    Pressed,
    Said,
)
from autoscalper.alert.chat_commands import menu
from autoscalper.alert.telegram_client import TelegramClient
from tests.fakes.home import until
from tests.fakes.telegram_server import CHAT, TOKEN, USER, Fault, Kind, TelegramServer

# python-telegram-bot warns of itself when it makes a RetryAfter.
pytestmark = pytest.mark.filterwarnings("ignore:.*retry_after.*:DeprecationWarning")

PNG = b"\x89PNG not really"


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as server:
        yield server


@pytest.fixture
async def client(server: TelegramServer) -> AsyncIterator[TelegramClient]:
    client = TelegramClient(TOKEN, CHAT, server.url)
    yield client
    await client.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telegram_client, "POLL_SECONDS", 1)
    monkeypatch.setattr(telegram_client, "POLL_PATIENCE_SECONDS", 1.5)
    monkeypatch.setattr(telegram_client, "CALL_PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(telegram_client, "FIRST_WAIT_SECONDS", 0.05)


class Ear:
    """Listens to a client's updates in the background."""

    def __init__(self, client: TelegramClient) -> None:
        self.heard: list[Incoming] = []
        self._client = client
        self._task = asyncio.ensure_future(self._listen())

    async def _listen(self) -> None:
        async with aclosing(self._client.updates()) as updates:
            async for batch in updates:
                self.heard += batch

    async def texts(self, count: int) -> list[str]:
        await until(lambda: len(self.heard) >= count, f"{count} updates")
        return [each.text for each in self.heard if isinstance(each, Said)]

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


@pytest.fixture
async def ear(client: TelegramClient, impatient: None) -> AsyncIterator[Ear]:
    ear = Ear(client)
    yield ear
    await ear.stop()


async def test_a_message_goes_out_with_buttons_and_comes_back_changed(
    server: TelegramServer, client: TelegramClient
) -> None:
    buttons = ((Button(label="Yes", data="y:1"), Button(label="No", data="n:1")),)
    message_id = await client.send("<b>Close?</b>", buttons, loud=False)
    message = server.last()
    assert (message.message_id, message.text, message.labels()) == (
        message_id,
        "Close?",
        ["Yes", "No"],
    )
    assert message.silent
    await client.edit(message_id, "done")
    assert (message.text, message.buttons) == ("done", [])


async def test_a_picture_goes_out_with_its_caption_and_can_be_replaced(
    server: TelegramServer, client: TelegramClient
) -> None:
    message_id = await client.send("<i>today</i>", picture=PNG)
    assert (server.last().text, server.last().photo) == ("today", PNG)
    await client.edit(message_id, "now", picture=PNG + b"2")
    assert (server.last().text, server.last().photo) == ("now", PNG + b"2")


async def test_saying_what_is_said_already_is_no_error(
    server: TelegramServer, client: TelegramClient
) -> None:
    message_id = await client.send("same")
    await client.edit(message_id, "same")
    assert server.last().text == "same"


async def test_an_edit_of_what_is_gone_says_so(client: TelegramClient) -> None:
    with pytest.raises(MessageGone):
        await client.edit(4711, "x")


@pytest.mark.parametrize("text", ["<b>open", "<nonsense>x</nonsense>", "x" * 5000, " "])
async def test_a_text_that_telegram_will_never_take_is_told_apart(
    client: TelegramClient, text: str
) -> None:
    with pytest.raises(MessageRefused):
        await client.send(text)


@pytest.mark.parametrize(
    ("fault", "wait_seconds"),
    [
        (Fault("sendMessage", Kind.DROP), 0),
        (Fault("sendMessage", Kind.LOSE_ANSWER), 0),
        (Fault("sendMessage", Kind.ERROR, code=429, retry_after=3), 3),
        (Fault("sendMessage", Kind.ERROR, code=500), 0),
        (Fault("sendMessage", Kind.ERROR, code=502, description="Bad Gateway"), 0),
        (Fault("sendMessage", Kind.ERROR, code=401, description="Unauthorized"), 0),
        (Fault("sendMessage", Kind.ERROR, code=403, description="Forbidden: blocked"), 0),
        (Fault("sendMessage", Kind.ERROR, code=404, description="Not Found"), 0),
        (Fault("sendMessage", Kind.ERROR, code=400, description="Bad Request: chat not found"), 0),
        (Fault("sendMessage", Kind.HANG), 0),
    ],
    ids=lambda value: f"{value.kind.value} {value.code}" if isinstance(value, Fault) else "",
)
async def test_what_may_succeed_later_is_a_failure_with_the_wait_that_telegram_wants(
    server: TelegramServer,
    client: TelegramClient,
    impatient: None,
    fault: Fault,
    wait_seconds: float,
) -> None:
    server.faults.arm(fault)
    with pytest.raises(ChatFailed) as failed:
        await client.send("hello")
    assert failed.value.wait_seconds == wait_seconds
    await client.renew()
    await client.send("hello again")
    assert server.last().text == "hello again"


async def test_a_call_that_hangs_ends_with_its_patience(
    server: TelegramServer, client: TelegramClient, impatient: None
) -> None:
    server.faults.arm(Fault("sendMessage", Kind.HANG))
    began = time.monotonic()
    with pytest.raises(ChatFailed, match="no answer in time"):
        await client.send("hello")
    assert time.monotonic() - began < 2


async def test_the_token_is_in_no_failure(server: TelegramServer) -> None:
    await server.stop()
    client = TelegramClient(TOKEN, CHAT, server.url)
    with pytest.raises(ChatFailed) as failed:
        await client.send("hello")
    await client.close()
    assert TOKEN not in str(failed.value)


async def test_a_token_that_is_refused_is_not_repeated(server: TelegramServer) -> None:
    client = TelegramClient("7000000002:wrong-and-secret", CHAT, server.url)
    with pytest.raises(ChatFailed, match="InvalidToken") as failed:
        await client.send("hello")
    await client.close()
    assert "wrong-and-secret" not in str(failed.value)


async def test_a_press_is_answered_once_and_an_old_one_is_refused(
    server: TelegramServer, client: TelegramClient, ear: Ear
) -> None:
    await client.send("q", ((Button(label="Yes", data="y:1"),),))
    server.chats.press(server.last(), "Yes")
    await until(lambda: ear.heard, "the press")
    (pressed,) = ear.heard
    assert isinstance(pressed, Pressed)
    assert (pressed.chat_id, pressed.user_id, pressed.data) == (CHAT, USER, "y:1")
    assert pressed.message_id == server.last().message_id
    await client.answer_press(pressed.query_id, "Done")
    assert server.chats.answers == {pressed.query_id: "Done"}
    with pytest.raises(MessageRefused):
        await client.answer_press("made-up", "Done")


async def test_the_menu_of_commands_is_offered(
    server: TelegramServer, client: TelegramClient
) -> None:
    await client.offer_commands(menu())
    assert [each["command"] for each in server.chats.commands][:2] == ["status", "trades"]


async def test_updates_come_once_and_in_order(server: TelegramServer, ear: Ear) -> None:
    for number in range(250):
        server.chats.say(f"/why {number}")
    assert await ear.texts(250) == [f"/why {number}" for number in range(250)]


async def test_an_update_that_is_delivered_twice_is_heard_once(
    server: TelegramServer, ear: Ear
) -> None:
    update_id = server.chats.say("/pause")
    await ear.texts(1)
    server.chats.repeat(update_id)
    server.chats.say("/resume")
    assert await ear.texts(2) == ["/pause", "/resume"]


async def test_what_is_neither_text_nor_button_is_passed_over(
    server: TelegramServer, ear: Ear
) -> None:
    server.chats.say("/x")
    del server.chats.updates[-1]["message"]["text"]
    server.chats.say("/status")
    assert await ear.texts(1) == ["/status"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("getUpdates", Kind.DROP, times=2),
        Fault("getUpdates", Kind.LOSE_ANSWER, times=2),
        Fault("getUpdates", Kind.ERROR, times=2, code=429, retry_after=1),
        Fault("getUpdates", Kind.ERROR, times=3, code=500),
        Fault("getUpdates", Kind.ERROR, code=401, description="Unauthorized"),
        Fault("getUpdates", Kind.ERROR, code=404, description="Not Found"),
        Fault("getUpdates", Kind.ERROR, times=2, code=409, description="Conflict: other"),
        Fault("getUpdates", Kind.ERROR, code=400, description="Bad Request: odd"),
        Fault("getUpdates", Kind.HANG, times=2),
        Fault("getUpdates", Kind.SLOW, seconds=1),
    ],
    ids=lambda fault: f"{fault.kind.value} {fault.code}",
)
async def test_polling_goes_on_after_every_fault(
    server: TelegramServer, client: TelegramClient, ear: Ear, fault: Fault
) -> None:
    await until(lambda: server.times_of("getUpdates"), "the first poll")
    server.faults.arm(fault)
    server.chats.say("/status")
    server.chats.say("/pause")
    assert await ear.texts(2) == ["/status", "/pause"]
    await until(lambda: client.trouble == "", "an end of the trouble")


async def test_while_polling_fails_the_reason_is_known(
    server: TelegramServer, client: TelegramClient, ear: Ear
) -> None:
    await until(lambda: client.polled_at is not None or server.calls, "the first poll")
    conflict = Fault("getUpdates", Kind.ERROR, times=99, code=409, description="Conflict: x")
    server.faults.arm(conflict)
    server.chats.say("/status")
    await until(lambda: client.trouble == telegram_client.ANOTHER_POLLS, "the trouble")
    server.faults.clear()
    await until(lambda: client.trouble == "", "its end")


async def test_a_second_poller_and_ours_both_get_through(
    server: TelegramServer, client: TelegramClient, ear: Ear
) -> None:
    other = Ear(TelegramClient(TOKEN, CHAT, server.url))
    await until(lambda: len(server.times_of("getUpdates")) > 4, "both to poll")
    await other.stop()
    server.chats.say("/status")
    assert await ear.texts(1) == ["/status"]


def test_the_worst_fault_leaves_polling_dead_for_less_than_thirty_seconds() -> None:
    # A poll that hangs, then the longest wait.
    worst = telegram_client.POLL_PATIENCE_SECONDS + telegram_client.LONGEST_WAIT_SECONDS
    assert worst < 30
