"""Brings the channels up to date after a gap, and finds out whether we went deaf."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from autoscalper.ingest.discord_history import (
    LIMIT,
    Fetch,
    HistoryRefused,
    HistoryUnavailable,
    fetch_since,
)
from autoscalper.ingest.discord_patience import Patience, retry_wait_seconds
from autoscalper.ingest.discord_stream import ChannelStream
from autoscalper.ingest.notices import Notices
from autoscalper.links.any_to_alert import Level

logger = logging.getLogger(__name__)

#: Channels whose history is fetched at the same time.
_FETCHES_AT_ONCE = 4


class CatchUp:
    """Fetches what one connection did not tell."""

    def __init__(
        self,
        streams: Iterable[ChannelStream],
        fetch: Fetch,
        notices: Notices,
        patience: Patience,
    ) -> None:
        """Keep ``streams`` complete with what ``fetch`` returns."""
        self._streams = tuple(streams)
        self._fetch = fetch
        self._notices = notices
        self._patience = patience
        self._slots = asyncio.Semaphore(_FETCHES_AT_ONCE)

    async def catch_up(self) -> None:
        """Bring every channel up to date, however often its history has to be asked for.

        It is asked for at once, and again when the new session has settled. Returns early for a
        channel that breaks again meanwhile, or may not be read.
        """
        async with asyncio.TaskGroup() as group:
            for stream in self._streams:
                group.create_task(self._catch_up_one(stream))

    async def unheard(self) -> dict[ChannelStream, int]:
        """Return the newest message of each channel that has one which was not heard."""
        newest = {
            stream: await self._newest(stream) for stream in self._streams if not stream.is_behind
        }
        return {stream: number for stream, number in newest.items() if number > stream.heard}

    async def _catch_up_one(self, stream: ChannelStream) -> None:
        gap = stream.gap
        if await self._take_history(stream, gap, settled=False):
            await asyncio.sleep(self._patience.settle_seconds)
            await self._take_history(stream, gap, settled=True)

    async def _take_history(self, stream: ChannelStream, gap: int, *, settled: bool) -> bool:
        failures = 0
        while gap == stream.gap:
            try:
                async with self._slots:
                    history = await fetch_since(self._fetch, stream.channel_id, stream.watermark)
            except HistoryRefused as error:
                self._tell_refusal(stream, error)
                return False
            except HistoryUnavailable as error:
                failures += 1
                wait = retry_wait_seconds(failures, self._patience)
                logger.warning(
                    "history not fetched channel_id=%s error=%s next_in_seconds=%.0f",
                    stream.channel_id,
                    error,
                    wait,
                )
                await asyncio.sleep(wait)
            else:
                stream.catch_up(history, gap, settled=settled)
                if not history.complete:
                    self._tell_limit(stream)
                return True
        return False

    async def _newest(self, stream: ChannelStream) -> int:
        try:
            page = await self._fetch(stream.channel_id, 1, None)
        except (HistoryRefused, HistoryUnavailable) as error:
            logger.info("newest message not fetched error=%s", error)
            return 0
        return page[0].number if page else 0

    def _tell_refusal(self, stream: ChannelStream, error: HistoryRefused) -> None:
        stream.release()
        logger.error("history refused channel_id=%s error=%s", stream.channel_id, error)
        self._notices.report(
            f"discord-refused-{stream.channel_id}",
            Level.CRITICAL,
            f"Discord channel {stream.channel_id}: the account may not read its history ({error})."
            " Posts missed while disconnected will not be fetched; check DISCORD_CHANNEL_IDS and"
            " the account's roles.",
        )

    def _tell_limit(self, stream: ChannelStream) -> None:
        logger.warning("posts skipped channel_id=%s limit=%s", stream.channel_id, LIMIT)
        self._notices.report(
            f"discord-missed-{stream.channel_id}-{stream.heard}",
            Level.WARNING,
            f"Discord channel {stream.name or stream.channel_id}: more than {LIMIT} posts were"
            " missed; the newest were fetched, the older ones are not in the log.",
        )
