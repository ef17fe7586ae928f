"""When a quiet connection is used again, by a clock that the test moves."""

from __future__ import annotations

from datetime import timedelta

import httpx2
import pytest

from autoscalper.parser.warmth import LOOK_EVERY_SECONDS, QUIET_SECONDS, Warmth
from tests.fakes.posts import FixedClock

REQUEST = httpx2.Request("GET", "http://127.0.0.1/")


class Stream:
    """A socket on which there is something to read, or not."""

    def __init__(self) -> None:
        self.is_readable = False

    def get_extra_info(self, info: str) -> object:
        assert info == "is_readable"
        return self.is_readable


class Line:
    """A connection over which one request went just now."""

    def __init__(self) -> None:
        self.clock = FixedClock()
        self.warmth = Warmth(self.clock)
        self.stream = Stream()

    async def use(self, **headers: str) -> None:
        await self.warmth.asked(REQUEST)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = httpx2.Response(200, headers=named, extensions={"network_stream": self.stream})
        await self.warmth.answered(answer)

    def due_after(self, seconds: float) -> bool:
        self.clock.present += timedelta(seconds=seconds)
        return self.warmth.is_due()


@pytest.fixture
def line() -> Line:
    return Line()


async def test_a_quiet_connection_is_used_before_common_proxies_close_it(line: Line) -> None:
    await line.use()
    assert not line.due_after(QUIET_SECONDS - 1)
    assert line.due_after(1)
    assert QUIET_SECONDS < 60


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("timeout=5", 4), ("timeout=20, max=100", 16), ("timeout=600", 45), ("timeout=1", 45)],
)
async def test_a_service_that_says_how_long_it_waits_is_believed(
    line: Line, told: str, seconds: float
) -> None:
    await line.use(keep_alive=told)
    assert not line.due_after(seconds - 0.1)
    assert line.due_after(0.1)


async def test_a_connection_that_was_closed_is_replaced_once(line: Line) -> None:
    await line.use()
    line.stream.is_readable = True
    assert line.due_after(3)
    assert not line.due_after(1)


async def test_a_service_that_closes_at_once_is_not_asked_again_and_again(line: Line) -> None:
    await line.use()
    line.stream.is_readable = True
    assert not line.due_after(1)
    assert not line.due_after(3)


async def test_a_service_that_says_that_it_closes_is_not_watched(line: Line) -> None:
    await line.use(connection="close")
    line.stream.is_readable = True
    assert not line.due_after(10)


async def test_what_comes_in_answer_is_no_end(line: Line) -> None:
    await line.use()
    line.clock.present += timedelta(seconds=10)
    await line.warmth.asked(REQUEST)
    line.stream.is_readable = True
    assert not line.due_after(3)


async def test_the_next_look_is_soon_and_never_at_once(line: Line) -> None:
    await line.use()
    assert line.warmth.next_look_seconds() == LOOK_EVERY_SECONDS
    line.clock.present += timedelta(seconds=QUIET_SECONDS + 5)
    assert 0 < line.warmth.next_look_seconds() < LOOK_EVERY_SECONDS
