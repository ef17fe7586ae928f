import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from autoscalper.ingest.discord_catch_up import CatchUp
from autoscalper.ingest.discord_history import LIMIT, HistoryRefused, HistoryUnavailable
from autoscalper.ingest.discord_message import ChatMessage, Unreadable
from autoscalper.ingest.discord_patience import Patience
from tests.unit.ingest.discord_rooms import FIRST, Room, message

PATIENCE = Patience(retry_seconds=0.001, max_retry_seconds=0.001, settle_seconds=0.001)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    room.store.close()


class Answers:
    """What the history answers, one after the other; the last one for ever."""

    def __init__(self, room: Room, *answers: Exception | list[ChatMessage]) -> None:
        self.answers = list(answers)
        self.catch_up = CatchUp([room.stream], self.fetch, room.notices, PATIENCE)

    async def fetch(
        self, channel_id: str, limit: int, before: int | None
    ) -> list[ChatMessage | Unreadable]:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return [*answer[:limit]]


async def test_it_asks_until_the_history_comes(room: Room) -> None:
    trouble = HistoryUnavailable("DiscordServerError")
    await Answers(room, trouble, trouble, [message(5)]).catch_up.catch_up()
    assert not room.stream.is_behind
    assert room.watermark() == 5


async def test_it_stops_asking_when_the_connection_breaks_again(room: Room) -> None:
    answers = Answers(room, HistoryUnavailable("TimeoutError"))
    asking = asyncio.ensure_future(answers.catch_up.catch_up())
    await asyncio.sleep(0.01)
    assert not asking.done()
    room.stream.lose()
    await asyncio.wait_for(asking, 5)
    assert room.stream.is_behind


async def test_a_refused_history_is_told_and_what_is_heard_is_logged(room: Room) -> None:
    room.write(5)
    await Answers(room, HistoryRefused("403 Forbidden")).catch_up.catch_up()
    room.write(6)
    assert room.story() == ["5", "6"]
    assert "may not read its history (403 Forbidden)" in room.told()[0]


async def test_a_gap_beyond_the_limit_is_told(room: Room) -> None:
    room.catch_up(message(1))
    room.stream.lose()
    page = [message(10_000 - number) for number in range(100)]
    await Answers(room, page).catch_up.catch_up()
    assert f"more than {LIMIT} posts were missed" in room.told()[0]


async def test_a_channel_that_has_more_than_was_heard_is_found(room: Room) -> None:
    answers = Answers(room, [message(5)])
    await answers.catch_up.catch_up()
    assert await answers.catch_up.unheard() == {}
    answers.answers = [[message(6)]]
    assert await answers.catch_up.unheard() == {room.stream: FIRST + 6}
    room.write(6)
    assert await answers.catch_up.unheard() == {}


async def test_a_channel_that_is_behind_or_does_not_answer_is_not_called_deaf(room: Room) -> None:
    answers = Answers(room, [message(5)])
    assert await answers.catch_up.unheard() == {}
    await answers.catch_up.catch_up()
    answers.answers = [HistoryUnavailable("TimeoutError")]
    assert await answers.catch_up.unheard() == {}
    answers.answers = [[]]
    assert await answers.catch_up.unheard() == {}
