from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from autoscalper.alert import outbox, postman, telegram_client
from autoscalper.alert.outbox import Card, Outbox
from autoscalper.alert.postman import Postman
from autoscalper.alert.telegram_client import TelegramClient
from autoscalper.runtime.store import Store
from tests.fakes.home import until
from tests.fakes.telegram_server import CHAT, TOKEN, Fault, Kind, TelegramServer

pytestmark = pytest.mark.filterwarnings("ignore:.*retry_after.*:DeprecationWarning")

PNG = b"\x89PNG not really"


def draw(name: str) -> Callable[[], bytes]:
    return lambda: PNG + name.encode()


class Office:
    """An outbox, its postman and the chat that they serve."""

    def __init__(self, server: TelegramServer, store: Store, seconds_between: float) -> None:
        self.server = server
        self.store = store
        self.box = Outbox(store)
        self.client = TelegramClient(TOKEN, CHAT, server.url)
        self.postman = Postman(store, self.box, self.client, draw, seconds_between=seconds_between)
        self._task = asyncio.ensure_future(self.postman.deliver())

    def say(self, *texts: str, urgent: bool = False) -> None:
        with self.store.transaction():
            for text in texts:
                self.box.say(Card(html=text, urgent=urgent))

    def put(self, slot: str, text: str, **fields: object) -> None:
        with self.store.transaction():
            self.box.put(slot, Card(html=text, **fields))  # type: ignore[arg-type]

    async def all_shown(self) -> list[str]:
        await until(lambda: self.box.waiting == 0, "an empty outbox")
        return [message.text for message in self.server.shown()]

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.client.close()


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as server:
        yield server


@pytest.fixture
async def office(
    server: TelegramServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    monkeypatch.setattr(postman, "FIRST_WAIT_SECONDS", 0.05)
    monkeypatch.setattr(postman, "LONGEST_WAIT_SECONDS", 0.2)
    monkeypatch.setattr(telegram_client, "CALL_PATIENCE_SECONDS", 0.3)
    store = Store(tmp_path / "alert.db", durable=False, schema=outbox.SCHEMA)
    office = Office(server, store, 0.0)
    yield office
    await office.close()
    store.close()


async def test_lines_arrive_in_order_and_what_is_urgent_first(
    office: Office, server: TelegramServer
) -> None:
    await server.go_away()
    office.say("one", "two")
    office.say("fire", urgent=True)
    await until(lambda: office.postman.trouble, "a failure")
    await server.come_back()
    assert await office.all_shown() == ["fire", "one", "two"]


async def test_a_card_is_edited_in_place(office: Office, server: TelegramServer) -> None:
    for text in ("ordered", "filled", "closed"):
        office.put("trade t1", text)
        await office.all_shown()
    (message,) = server.shown()
    assert [*message.earlier, message.text] == ["ordered", "filled", "closed"]


async def test_a_card_whose_message_was_deleted_is_sent_anew(
    office: Office, server: TelegramServer
) -> None:
    office.put("trade t1", "ordered")
    await office.all_shown()
    server.chats.messages.clear()
    office.put("trade t1", "filled")
    assert await office.all_shown() == ["filled"]


async def test_a_picture_is_drawn_when_its_turn_comes(
    office: Office, server: TelegramServer
) -> None:
    office.put("summary", "today", picture="summary 2026-03-18")
    await office.all_shown()
    assert server.last().photo == PNG + b"summary 2026-03-18"


async def test_a_picture_is_drawn_once_however_often_it_is_sent(
    office: Office, server: TelegramServer
) -> None:
    server.faults.arm(Fault("sendPhoto", Kind.DROP, times=2))
    office.put("summary", "today", picture="summary 2026-03-18")
    await office.all_shown()
    assert server.last().photo == PNG + b"summary 2026-03-18"


async def test_a_picture_that_ended_the_process_is_left_out_the_next_time(
    office: Office, server: TelegramServer
) -> None:
    await server.go_away()
    office.put("summary", "today", picture="summary 2026-03-18")
    await until(lambda: office.postman.trouble, "a failure")
    await office.close()
    await server.come_back()
    successor = Office(server, office.store, 0.0)
    assert await successor.all_shown() == ["today"]
    await successor.close()
    assert server.last().photo is None


@pytest.mark.parametrize(
    ("fault", "duplicates"),
    [
        (Fault("sendMessage", Kind.DROP, times=3), 0),
        (Fault("sendMessage", Kind.ERROR, times=3, code=500), 0),
        (Fault("sendMessage", Kind.ERROR, times=2, code=429, retry_after=1), 0),
        (Fault("sendMessage", Kind.ERROR, code=401, description="Unauthorized"), 0),
        (Fault("sendMessage", Kind.ERROR, code=409, description="Conflict"), 0),
        (Fault("sendMessage", Kind.HANG, times=2), 0),
        (Fault("sendMessage", Kind.SLOW, seconds=0.6), 1),
        (Fault("sendMessage", Kind.LOSE_ANSWER, times=2), 2),
    ],
    ids=lambda value: f"{value.kind.value} {value.code}" if isinstance(value, Fault) else "",
)
async def test_no_fault_loses_or_reorders_and_only_uncertain_delivery_repeats(
    office: Office, server: TelegramServer, fault: Fault, duplicates: int
) -> None:
    expected = [f"notice {number}" for number in range(12)]
    office.say(*expected[:4])
    await office.all_shown()
    server.faults.arm(fault)
    office.say(*expected[4:])
    shown = await office.all_shown()
    assert list(dict.fromkeys(shown)) == expected
    assert len(shown) - len(expected) == duplicates


async def test_a_wait_that_telegram_wants_is_kept(office: Office, server: TelegramServer) -> None:
    server.faults.arm(Fault("sendMessage", Kind.ERROR, code=429, retry_after=1))
    office.say("one")
    await office.all_shown()
    first, second = server.times_of("sendMessage")
    assert second - first >= 1.0


async def test_a_text_that_is_refused_arrives_plain(office: Office, server: TelegramServer) -> None:
    office.say("<b>broken", "after it")
    assert await office.all_shown() == ["broken", "after it"]


async def test_at_most_one_message_goes_out_in_each_interval(
    server: TelegramServer, tmp_path: Path
) -> None:
    store = Store(tmp_path / "paced.db", durable=False, schema=outbox.SCHEMA)
    office = Office(server, store, 0.2)
    office.say(*(f"notice {number}" for number in range(6)))
    await office.all_shown()
    await office.close()
    store.close()
    times = server.times_of("sendMessage")
    assert len(times) == 6
    # Five intervals make a second. Half of it: the first one may have been slow on its way.
    assert times[-1] - times[0] > 0.5


async def test_what_waits_when_alert_dies_is_brought_by_the_next_one(
    server: TelegramServer, office: Office
) -> None:
    await server.go_away()
    office.say("one", "two")
    await until(lambda: office.postman.trouble, "a failure")
    await office.close()
    await server.come_back()
    successor = Office(server, office.store, 0.0)
    assert await successor.all_shown() == ["one", "two"]
    await successor.close()


def test_the_interval_is_a_second() -> None:
    assert postman.SECONDS_BETWEEN == 1.0
