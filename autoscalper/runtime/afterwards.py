"""What a process does a little after it sent something urgent, and not at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

#: Seconds for whoever was sent something to be done with it.
PAUSE_SECONDS = 0.01


def afterwards(what: Callable[[], None]) -> None:
    """Do ``what`` in this process's loop ``PAUSE_SECONDS`` from now.

    Linux takes a write to a socket for the last thing that its writer does, and wakes the reader
    on the writer's core (wake-ups with ``WF_SYNC``). So whatever a process still does then delays
    the one it sent to, even where another core is idle.

    When the process ends before, ``what`` is lost, and when it raises, nobody hears but the log:
    only for what nothing depends on, or what comes again anyway.
    """
    asyncio.get_running_loop().call_later(PAUSE_SECONDS, what)
