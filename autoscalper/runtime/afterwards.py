"""What can wait until whoever was written to has read it.

A write to a socket wakes its reader on the writer's own core, because Linux takes it for the last
thing that the writer does for now. Whoever works on instead keeps the reader waiting: the gateway
read an order 0.3 ms later at the median and 1 ms later at the 99 % for the lines that were logged
after it (two cores, one order per 40 ms).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

#: Longer than the next process takes for a message, shorter than anybody notices.
PAUSE_SECONDS = 0.004


def afterwards(what: Callable[[], object]) -> None:
    """Call ``what`` a moment later, from the running loop.

    A process that ends in between never calls it: for what nothing depends on, or what comes
    again by itself.
    """
    asyncio.get_running_loop().call_later(PAUSE_SECONDS, what)
