from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from autoscalper.alert import confirmations, replies, telegram_client
from autoscalper.alert.chat import Button, Keyboard
from autoscalper.alert.chat_commands import Name
from autoscalper.alert.confirmations import CloseAll, Confirmations, Void
from autoscalper.alert.replies import (
    AnswerPress,
    Ask,
    EditText,
    Replier,
    SayText,
    ShowPage,
    ShowPicture,
)
from autoscalper.alert.telegram_client import TelegramClient
from autoscalper.links.alert_to_broker import Scope
from autoscalper.runtime.store import Store
from tests.fakes.home import until
from tests.fakes.posts import NINE_FORTY_FIVE, FixedClock
from tests.fakes.telegram_server import CHAT, TOKEN, Fault, Kind, TelegramServer

pytestmark = pytest.mark.filterwarnings("ignore:.*retry_after.*:DeprecationWarning")

PNG = b"\x89PNG not really"


async def render(page: ShowPage) -> tuple[str, Keyboard]:
    return f"{page.page.value} {page.argument}", ((Button(label="Refresh", data="r:x"),),)


class Desk:
    """A replier, its two tasks and the chat that they write to."""

    def __init__(self, server: TelegramServer, store: Store) -> None:
        self.server = server
        self.store = store
        self.confirmations = Confirmations(store)
        self.client = TelegramClient(TOKEN, CHAT, server.url)
        self.drawing = asyncio.Event()
        self.drawing.set()
        self.replier = Replier(
            self.client,
            store,
            self.confirmations,
            FixedClock(),
            render=render,
            paint=self._paint,
        )
        self._tasks = [
            asyncio.ensure_future(each)
            for each in (self.replier.bring_texts(), self.replier.bring_pictures())
        ]

    async def _paint(self, name: str) -> tuple[str, Keyboard, bytes]:
        await self.drawing.wait()
        return name, (), PNG

    def offer(self) -> str:
        with self.store.transaction():
            return self.confirmations.offer(CloseAll(scope=Scope.OURS), NINE_FORTY_FIVE)

    def spend(self, nonce: str) -> object:
        message_id = self.server.last().message_id
        with self.store.transaction():
            return self.confirmations.spend(nonce, message_id, NINE_FORTY_FIVE)

    async def shown(self, count: int) -> list[str]:
        await until(lambda: len(self.server.shown()) >= count, f"{count} messages")
        return [message.text for message in self.server.shown()]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.client.close()


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(telegram_client, "CALL_PATIENCE_SECONDS", 0.5)
    monkeypatch.setattr(replies, "LONGEST_WAIT_SECONDS", 0.05)
    store = Store(tmp_path / "alert.db", durable=False, schema=confirmations.SCHEMA)
    async with TelegramServer() as server:
        desk = Desk(server, store)
        yield desk
        await desk.close()
    store.close()


async def test_answers_are_brought_in_their_order(desk: Desk) -> None:
    desk.replier.give(
        [SayText(html="<b>one</b>"), ShowPage(page=Name.WHY, argument="2"), SayText(html="three")]
    )
    assert await desk.shown(3) == ["one", "why 2", "three"]


async def test_a_page_and_a_picture_can_take_the_place_of_an_older_one(desk: Desk) -> None:
    desk.replier.give([ShowPage(page=Name.STATUS), ShowPicture(picture="pnl 7")])
    await desk.shown(2)
    first, second = [message.message_id for message in desk.server.shown()]
    desk.replier.give([EditText(message_id=first, html="changed")])
    desk.replier.give([ShowPicture(picture="pnl 9", message_id=second)])
    await until(lambda: len(desk.server.changes) == 4, "two changes")
    texts = {message.message_id: message.text for message in desk.server.shown()}
    assert "changed" in texts.values()


async def test_a_picture_that_takes_long_holds_up_no_text(desk: Desk) -> None:
    desk.drawing.clear()
    desk.replier.give([ShowPicture(picture="pnl 7"), SayText(html="closing")])
    assert await desk.shown(1) == ["closing"]
    desk.drawing.set()
    assert await desk.shown(2) == ["closing", "pnl 7"]


async def test_a_question_works_once_its_message_is_there(desk: Desk) -> None:
    nonce = desk.offer()
    desk.replier.give([Ask(nonce=nonce, html="Close?", yes="Yes, close")])
    await desk.shown(1)
    assert desk.server.last().labels() == ["Yes, close", "No"]
    await until(
        lambda: desk.store.execute(
            "SELECT 1 FROM confirmations WHERE message_id IS NOT NULL"
        ).fetchone(),
        "a bound button",
    )
    assert desk.spend(nonce) == CloseAll(scope=Scope.OURS)


async def test_of_a_question_that_may_have_arrived_twice_only_the_last_one_works(
    desk: Desk,
) -> None:
    nonce = desk.offer()
    desk.server.faults.arm(Fault("sendMessage", Kind.LOSE_ANSWER))
    desk.replier.give([Ask(nonce=nonce, html="Close?", yes="Yes")])
    await desk.shown(2)
    await until(
        lambda: desk.store.execute(
            "SELECT 1 FROM confirmations WHERE message_id IS NOT NULL"
        ).fetchone(),
        "a bound button",
    )
    first, _ = desk.server.shown()
    with desk.store.transaction():
        stale = desk.confirmations.spend(nonce, first.message_id, NINE_FORTY_FIVE)
    assert stale is Void.UNKNOWN
    assert desk.spend(nonce) == CloseAll(scope=Scope.OURS)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("sendMessage", Kind.DROP, times=2),
        Fault("sendMessage", Kind.ERROR, times=2, code=500),
        Fault("sendMessage", Kind.ERROR, code=429, retry_after=9),
        Fault("sendMessage", Kind.HANG),
    ],
    ids=lambda fault: f"{fault.kind.value} {fault.code}",
)
async def test_an_answer_is_tried_again(desk: Desk, fault: Fault) -> None:
    desk.server.faults.arm(fault)
    desk.replier.give([SayText(html="hello")])
    assert await desk.shown(1) == ["hello"]


async def test_an_answer_that_cannot_be_brought_holds_up_no_other(desk: Desk) -> None:
    desk.server.faults.arm(Fault("sendMessage", Kind.ERROR, times=replies.ATTEMPTS))
    desk.replier.give(
        [
            SayText(html="lost"),
            SayText(html="<b>refused"),
            EditText(message_id=4711, html="gone"),
            AnswerPress(query_id="too old", text="x"),
            SayText(html="here"),
        ]
    )
    assert await desk.shown(1) == ["here"]
