"""The one main loop: how every process starts, runs and ends."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from autoscalper.runtime.errors import CannotStart, StorageFailed

logger = logging.getLogger(__name__)

Task = Callable[[], Awaitable[None]]

#: Exit code of a process that cannot run as it is set up.
EXIT_CANNOT_START = 2
#: Exit code of a process in which something broke; the supervisor starts it again.
EXIT_BROKEN = 1
#: Seconds a task has for its end before it is cancelled again: more than Discord's close takes,
#: less than the supervisor waits.
CANCEL_AGAIN_SECONDS = 6.0


async def serve(*tasks: Task) -> None:
    """Run ``tasks`` until SIGTERM or SIGINT, or until one of them ends.

    A task that returns or raises takes the process with it: the supervisor starts it again and
    its store tells it where it was, so that a crash and a restart share one path.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)

    # What is there now stays: a collection that looks at it costs milliseconds at any moment.
    gc.collect()
    gc.freeze()
    try:
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(_forever(task), name=_name(task)) for task in tasks]
            try:
                await stop.wait()
                logger.info("stop requested")
            finally:
                await _end(set(running))
    finally:
        # What is frozen is not let go at the end either, and a store folds its log in when it is.
        gc.unfreeze()


async def run_until_one_ends(**named: Coroutine[Any, Any, None]) -> None:
    """Run coroutines together, as tasks of these names, until one of them ends; end the others.

    For what tries again after an error, for ever: a task group that has one forgets a cancel that
    came in the same moment, and counts one that nobody asked for (Python 3.11, 3.12).

    Raises:
        Exception: what the first one raised.
    """
    tasks = [asyncio.ensure_future(each) for each in named.values()]
    for task, name in zip(tasks, named, strict=True):
        task.set_name(name)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            raise end


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> int:
    """Run ``main`` to its end and return the exit code of the process.

    What a person has to mend is one clear line on standard error: code 2 where the process must
    not run as it is set up, 1 where a running one could not write. Anything else that breaks is
    logged with its traceback and code 1.
    """
    try:
        asyncio.run(main())
    except Exception as error:  # noqa: BLE001 - the edge of the process
        return max(_tell(cause) for cause in _causes(error))
    return 0


async def _end(tasks: set[asyncio.Task[None]]) -> None:
    # A cancel can get lost in a library: before Python 3.12, asyncio.wait_for returns what it
    # waited for when that comes in the same moment. Whoever hangs is never started again.
    while tasks:
        for each in tasks:
            each.cancel()
        _, tasks = await asyncio.wait(tasks, timeout=CANCEL_AGAIN_SECONDS)


async def _forever(task: Task) -> None:
    await task()
    raise RuntimeError(f"task {_name(task)} returned; it should run until cancelled")


def _name(task: Task) -> str:
    return getattr(task, "__qualname__", repr(task))


def _tell(error: BaseException) -> int:
    if isinstance(error, CannotStart | StorageFailed):
        sys.stderr.write(f"autoscalper: {error}\n")
        # A disk that refused one write may take the next, and somebody may wait for an exit: the
        # next start finds out, and says 2 if it is no better.
        return EXIT_CANNOT_START if isinstance(error, CannotStart) else EXIT_BROKEN
    logger.error("process ends", exc_info=error)
    return EXIT_BROKEN


def _causes(error: BaseException) -> list[BaseException]:
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    return [cause for each in error.exceptions for cause in _causes(each)]
