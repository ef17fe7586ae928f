"""A channel's history, read backwards from the newest message to where it was read before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from autoscalper.ingest.discord_message import ChatMessage, Unreadable

#: Messages of one page, the most that Discord gives.
PAGE = 100
#: Messages before the watermark that are looked at again, for edits and deletions.
OVERLAP = 50
#: Most messages that are fetched of one channel at once. A busy room writes fewer in a day.
LIMIT = 2000


class HistoryRefused(Exception):
    """The account may not read this channel's history; asking again does not help."""


class HistoryUnavailable(Exception):
    """The history did not come this time."""


#: Return up to so many messages of a channel, newest first, before an id or the newest ones.
#: Raises HistoryRefused and HistoryUnavailable.
Fetch = Callable[[str, int, int | None], Awaitable[list[ChatMessage | Unreadable]]]


class History(msgspec.Struct, frozen=True, kw_only=True):
    """Consecutive messages up to the newest one."""

    #: Oldest first. Those that were read before stand in it too, as far as the page went.
    messages: tuple[ChatMessage | Unreadable, ...]
    #: Whether it goes back to where the channel was read before.
    complete: bool = True


async def fetch_since(fetch: Fetch, channel_id: str, watermark: int | None) -> History:
    """Return what was written after ``watermark``, at most ``LIMIT``, and ``OVERLAP`` before it.

    Without a watermark it is the newest message alone: a fresh installation starts from now.
    Reading backwards fetches the newest first, so that what the limit cuts off is the oldest.
    """
    if watermark is None:
        return History(messages=tuple(await fetch(channel_id, 1, None)))
    found: list[ChatMessage | Unreadable] = []
    while True:
        page = await fetch(channel_id, PAGE, found[-1].number if found else None)
        found += page
        overlap = sum(message.number <= watermark for message in found)
        if len(page) < PAGE or overlap >= OVERLAP:
            return History(messages=tuple(reversed(found)))
        if len(found) >= LIMIT:
            return History(messages=tuple(reversed(found)), complete=overlap > 0)
