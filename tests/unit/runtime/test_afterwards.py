from __future__ import annotations

import asyncio

from autoscalper.runtime.afterwards import PAUSE_SECONDS, afterwards


async def test_what_comes_afterwards_comes_once_after_the_pause_and_in_order() -> None:
    loop = asyncio.get_running_loop()
    done: list[tuple[str, float]] = []
    is_done = asyncio.Event()
    begun = loop.time()
    afterwards(lambda: done.append(("first", loop.time())))
    afterwards(lambda: done.append(("second", loop.time())))
    afterwards(is_done.set)
    await asyncio.sleep(0)
    assert done == []
    async with asyncio.timeout(20):
        await is_done.wait()
    assert [name for name, _ in done] == ["first", "second"]
    assert done[0][1] - begun >= PAUSE_SECONDS / 2


def test_what_was_put_off_is_lost_without_a_word_when_the_loop_ends() -> None:
    done: list[str] = []

    async def ends_at_once() -> None:
        afterwards(lambda: done.append("done"))

    asyncio.run(ends_at_once())
    assert done == []
