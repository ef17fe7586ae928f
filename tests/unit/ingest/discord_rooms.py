"""A channel's stream with a store of its own, and short ways to say what happened in it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from autoscalper.ingest import discord_watermarks, post_log
from autoscalper.ingest.discord_history import History
from autoscalper.ingest.discord_message import ChatMessage, TakenBack, Updated, Written
from autoscalper.ingest.discord_stream import ChannelStream
from autoscalper.ingest.discord_watermarks import Watermarks
from autoscalper.ingest.notices import Notices
from autoscalper.ingest.post_log import PostLog
from autoscalper.links import any_to_alert
from autoscalper.links.ingest_to_parser import PostDeleted, PostEdited, PostPublished
from autoscalper.runtime.store import Store
from tests.fakes.posts import NINE_FORTY_FIVE, FixedClock

CHANNEL = "11"
#: The first message's id: as long as the others'.
FIRST = 1574056668163990000


class Room:
    """One channel as ingest hears it; messages are named by small numbers."""

    def __init__(self, directory: Path, monitored: frozenset[str] = frozenset()) -> None:
        self.clock = FixedClock()
        self.store = Store(
            directory / "ingest.db",
            durable=False,
            schema=post_log.SCHEMA + discord_watermarks.SCHEMA,
        )
        self.post_log = PostLog(self.store, self.clock)
        self.watermarks = Watermarks(self.store)
        self.notices = Notices(self.store, self.clock)
        self.stream = self.new_stream(monitored)

    def new_stream(self, monitored: frozenset[str] = frozenset()) -> ChannelStream:
        """Return the stream as after a restart of the process."""
        self.stream = ChannelStream(
            CHANNEL,
            post_log=self.post_log,
            watermarks=self.watermarks,
            notices=self.notices,
            monitored=monitored,
            clock=self.clock,
        )
        return self.stream

    def catch_up(self, *messages: ChatMessage, settled: bool = True) -> None:
        self.stream.catch_up(History(messages=messages), self.stream.gap, settled=settled)

    def write(self, *numbers: int) -> None:
        for number in numbers:
            self.stream.hear(Written(message(number)))

    def edit(self, number: int, text: str, at: int) -> None:
        self.stream.hear(Updated(message(number, text, edited=at)))

    def delete(self, *numbers: int) -> None:
        self.stream.hear(TakenBack(CHANNEL, tuple(str(FIRST + number) for number in numbers)))

    def watermark(self) -> int | None:
        mark = self.watermarks.of(CHANNEL)
        return None if mark is None else max(mark - FIRST, 0)

    def story(self) -> list[str]:
        """Return the log: ``1``, ``1: text`` for an edit, ``-1`` for a deletion."""
        told = []
        for _, payload in self.post_log.log.read(0, 1000):
            match self.post_log.log.link.decode(payload):
                case PostPublished(post=post):
                    told.append(post.text)
                case PostEdited(post=post):
                    told.append(f"{int(post.message_id) - FIRST}: {post.text}")
                case PostDeleted(message_id=message_id):
                    told.append(f"-{int(message_id) - FIRST}")
        return told

    def told(self) -> list[str]:
        """Return the texts of the notices to the user."""
        log = self.notices.log
        decoded = [log.link.decode(payload) for _, payload in log.read(0, 100)]
        return [each.text for each in decoded if isinstance(each, any_to_alert.Reported)]


def message(number: int, text: str = "", *, edited: int | None = None, **more: Any) -> ChatMessage:
    """Return message ``number``, written in that second and edited in second ``edited``."""
    given = {
        "id": str(FIRST + number),
        "channel_id": CHANNEL,
        "author": {"id": "7", "username": "rae"},
        "content": text or str(number),
        "timestamp": NINE_FORTY_FIVE + timedelta(seconds=number),
        "edited_timestamp": None if edited is None else NINE_FORTY_FIVE + timedelta(seconds=edited),
    }
    return msgspec.convert(given | more, ChatMessage)
