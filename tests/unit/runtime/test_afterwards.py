"""What waits a moment, so that others go first."""

from __future__ import annotations

import asyncio

from autoscalper.runtime.afterwards import afterwards


async def test_it_is_called_once_after_what_is_due_now() -> None:
    called: list[str] = []
    done = asyncio.Event()
    afterwards(lambda: called.append("later"))
    afterwards(done.set)
    asyncio.get_running_loop().call_soon(called.append, "now")
    await asyncio.wait_for(done.wait(), 10)
    assert called == ["now", "later"]
