"""The real client with a store of its own, listening to a stand-in inside a test."""

from __future__ import annotations

import asyncio
import contextlib
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import msgspec

from autoscalper.domain.settings import IngestSettings
from autoscalper.ingest import discord_watermarks, post_log
from autoscalper.ingest.discord_patience import Patience
from autoscalper.ingest.notices import Notices
from autoscalper.ingest.post_log import PostLog
from autoscalper.links import any_to_alert, ingest_to_parser
from autoscalper.links.ingest_to_parser import PostDeleted, PostEdited, PostPublished
from autoscalper.runtime import config
from autoscalper.runtime.clock import Clock, SystemClock
from autoscalper.runtime.store import Store

with warnings.catch_warnings():
    # discord.py-self imports a module that Python 3.13 leaves out.
    warnings.simplefilter("ignore", DeprecationWarning)
    from autoscalper.ingest.discord_client import DiscordClient

#: Everything happens soon, and nothing is compared unless a test asks for it.
QUICK = Patience(
    silence_seconds=5.0,
    start_seconds=5.0,
    reconnect_seconds=1.0,
    max_logins=50,
    check_seconds=3600.0,
    check_grace_seconds=3600.0,
    settle_seconds=0.05,
    hold_seconds=5.0,
    answer_seconds=1.0,
    retry_seconds=0.05,
    max_retry_seconds=0.2,
)


class Listening:
    """Listens from ``async with`` on; what was heard is in ``log``."""

    def __init__(
        self,
        environment: Mapping[str, str],
        directory: Path,
        *,
        patience: Patience = QUICK,
        clock: Clock | None = None,
        **settings: Any,
    ) -> None:
        """Prepare a client with ``environment`` that keeps ``directory``/ingest.db."""
        self.clock = clock or SystemClock()
        self.store = Store(
            directory / "ingest.db",
            durable=False,
            schema=post_log.SCHEMA + discord_watermarks.SCHEMA,
        )
        self.post_log = PostLog(self.store, self.clock)
        self.notices = Notices(self.store, self.clock)
        given = config.load(IngestSettings, environment=environment)
        self.client = DiscordClient(
            msgspec.structs.replace(given, **settings),
            store=self.store,
            post_log=self.post_log,
            notices=self.notices,
            clock=self.clock,
            patience=patience,
        )
        self.task: asyncio.Future[None] | None = None

    async def __aenter__(self) -> Self:
        self.start()
        await self.until(self.is_current)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def start(self) -> None:
        """Begin to listen, without waiting for anything."""
        self.task = asyncio.ensure_future(self.client.listen())

    async def stop(self) -> None:
        """End as the process does when it is told to stop."""
        assert self.task is not None
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task
        self.store.close()

    def is_current(self) -> bool:
        """Return whether it is connected and no channel lacks anything."""
        details = self.client.details()
        return details["discord"] == "connected" and details["discord_channels_behind"] == "0"

    async def until(self, condition: Callable[[], bool], seconds: float = 20.0) -> None:
        """Wait for ``condition``; fail if the client ends or the time is over."""
        async with asyncio.timeout(seconds):
            while not condition():
                assert self.task is not None
                if self.task.done():
                    self.task.result()
                await asyncio.sleep(0.01)

    def entries(self) -> list[ingest_to_parser.Message]:
        """Return everything in the log, oldest first."""
        log = self.post_log.log
        return [log.link.decode(payload) for _, payload in log.read(0, 1_000_000)]

    def story(self) -> list[str]:
        """Return the log as readable words: ``text``, ``edit: text``, ``deleted``."""
        return [_told(entry) for entry in self.entries()]

    def told(self) -> list[str]:
        """Return the texts of the notices to the user."""
        log = self.notices.log
        decoded = [log.link.decode(payload) for _, payload in log.read(0, 1000)]
        return [each.text for each in decoded if isinstance(each, any_to_alert.Reported)]


def _told(entry: ingest_to_parser.Message) -> str:
    match entry:
        case PostPublished(post=post):
            return post.text
        case PostEdited(post=post):
            return f"edit: {post.text}"
        case PostDeleted():
            return "deleted"


def quick(**changes: float) -> Patience:
    """Return ``QUICK`` with ``changes``."""
    return msgspec.structs.replace(QUICK, **changes)
