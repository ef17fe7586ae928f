import pytest

from autoscalper.ingest.discord_history import LIMIT, OVERLAP, History, fetch_since
from autoscalper.ingest.discord_message import ChatMessage, Unreadable


class Room:
    """A channel with messages 1 to ``count``, that counts how often it is asked."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.asked: list[tuple[int, int | None]] = []

    async def fetch(
        self, channel_id: str, limit: int, before: int | None
    ) -> list[ChatMessage | Unreadable]:
        assert channel_id == "11"
        self.asked.append((limit, before))
        newest = self.count if before is None else before - 1
        oldest = max(0, newest - limit)
        return [ChatMessage(id=str(n), channel_id="11") for n in range(newest, oldest, -1)]


def numbers(history: History) -> list[int]:
    return [message.number for message in history.messages]


async def test_without_a_watermark_only_the_newest_message_is_asked_for() -> None:
    room = Room(500)
    assert numbers(await fetch_since(room.fetch, "11", None)) == [500]
    assert room.asked == [(1, None)]


async def test_an_empty_room_has_an_empty_history() -> None:
    assert await fetch_since(Room(0).fetch, "11", None) == History(messages=())
    assert await fetch_since(Room(0).fetch, "11", 0) == History(messages=())


async def test_a_short_gap_costs_one_page() -> None:
    room = Room(500)
    assert numbers(await fetch_since(room.fetch, "11", 460)) == list(range(401, 501))
    assert len(room.asked) == 1


@pytest.mark.parametrize("watermark", [450, 449, 401, 400, 399, 251])
async def test_some_of_what_was_read_before_is_looked_at_again(watermark: int) -> None:
    history = await fetch_since(Room(500).fetch, "11", watermark)
    found = numbers(history)
    assert found == list(range(found[0], 501))
    assert found[0] <= watermark - OVERLAP + 1
    assert history.complete


async def test_a_room_that_begins_within_the_gap_is_read_from_its_beginning() -> None:
    history = await fetch_since(Room(130).fetch, "11", 0)
    assert numbers(history) == list(range(1, 131))
    assert history.complete


async def test_of_a_gap_beyond_the_limit_the_newest_are_taken() -> None:
    history = await fetch_since(Room(LIMIT + 700).fetch, "11", 100)
    assert numbers(history) == list(range(701, LIMIT + 701))
    assert not history.complete
