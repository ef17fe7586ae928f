"""One channel as one stream: what is heard live and what is fetched, in order and once.

After a gap nothing is known to be complete, so live messages are held until the history since the
watermark was fetched, and then follow it. A message is never held for long: if the history does
not come, what was heard goes ahead and only the watermark waits.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import assert_never

import msgspec

from autoscalper.domain.identity import ChannelId, MessageId
from autoscalper.ingest.discord_history import History
from autoscalper.ingest.discord_message import (
    ChatMessage,
    Heard,
    TakenBack,
    Unreadable,
    Updated,
    Written,
)
from autoscalper.ingest.discord_text import is_by, is_spoken, post_of
from autoscalper.ingest.discord_watermarks import Watermarks
from autoscalper.ingest.notices import Notices
from autoscalper.ingest.post_log import PostLog
from autoscalper.links.any_to_alert import Level
from autoscalper.runtime.afterwards import afterwards
from autoscalper.runtime.clock import Clock

logger = logging.getLogger(__name__)


class ChannelStream:
    """Puts one channel's messages into the log."""

    def __init__(
        self,
        channel_id: str,
        *,
        post_log: PostLog,
        watermarks: Watermarks,
        notices: Notices,
        monitored: frozenset[str],
        clock: Clock,
    ) -> None:
        """Go on where the channel was read to; ``monitored`` are ids or lower-case names."""
        self.channel_id = channel_id
        self.name = ""
        self._post_log = post_log
        self._watermarks = watermarks
        self._notices = notices
        self._monitored = monitored
        self._clock = clock
        #: Newest message that was heard, live or fetched, whoever wrote it.
        self.heard = watermarks.of(channel_id) or 0
        #: How often the stream was broken; a history is of use for the gap it was asked for.
        self.gap = 0
        self._held: list[Heard] = []
        self._held_since: float | None = None
        self._holding = True
        self._behind = True

    @property
    def is_behind(self) -> bool:
        """Return whether something between the watermark and now may be missing."""
        return self._behind

    @property
    def watermark(self) -> int | None:
        """Return the message up to which nothing is missing; None: never read."""
        return self._watermarks.of(self.channel_id)

    def lose(self) -> None:
        """Note that from here on something may be missing."""
        self.gap += 1
        self._holding = True
        self._behind = True

    def hear(self, heard: Heard) -> None:
        """Take what the gateway told, now or when the history before it is there."""
        if isinstance(heard, Unreadable):
            self.heard = max(self.heard, heard.number)
        elif isinstance(heard, Written):
            self.heard = max(self.heard, heard.message.number)
        if not self._holding:
            self._take(heard)
            return
        if self._held_since is None:
            self._held_since = self._clock.monotonic()
        self._held.append(heard)

    def release_overdue(self, hold_seconds: float) -> None:
        """Hold nothing any more if something is held for longer than ``hold_seconds``."""
        since = self._held_since
        if since is not None and self._clock.monotonic() - since > hold_seconds:
            logger.warning("posts go ahead of missed ones channel_id=%s", self.channel_id)
            self.release()

    def release(self) -> None:
        """Take what is held without waiting for the history."""
        self._holding = False
        held, self._held, self._held_since = self._held, [], None
        for each in held:
            self._take(each)

    def catch_up(self, history: History, gap: int, *, settled: bool) -> None:
        """Take ``history``, fetched after break number ``gap``, and what was held meanwhile.

        ``settled``: the history was fetched when the session surely told everything.
        """
        if gap != self.gap:
            # The stream broke again since; the next history tells more.
            return
        messages = history.messages
        newest = messages[-1].number if messages else 0
        self._take_deletions(messages)
        self._take_missed(messages, newest)
        self._drop_stale_edits(messages)
        self.heard = max(self.heard, newest)
        self.release()
        # Only now: a crash before this line fetches the same again, which is harmless.
        self._watermarks.move(self.channel_id, self.heard if settled else newest)
        self._behind = not settled

    def _take_missed(self, messages: Iterable[ChatMessage | Unreadable], newest: int) -> None:
        since = self._since(newest)
        missed = {each.number: each for each in messages}
        # A message that was heard and deleted before the history was read has its place in it.
        for heard in self._held:
            if isinstance(heard, Written) and heard.message.number < newest:
                missed.setdefault(heard.message.number, heard.message)
        for number in sorted(missed):
            message = missed[number]
            if isinstance(message, Unreadable):
                if number > since:
                    self._report(message)
                continue
            if number > since:
                self._publish(message)
            self._edit(message)

    def _since(self, newest: int) -> int:
        watermark = self.watermark
        if watermark is not None:
            return watermark
        # A fresh start: from now on, and now began with the first message that was heard.
        first_heard = (each.message.number for each in self._held if isinstance(each, Written))
        return min(newest, min(first_heard, default=newest + 1) - 1)

    def _take_deletions(self, messages: tuple[ChatMessage | Unreadable, ...]) -> None:
        if not messages:
            return
        ids = [_id_of(each) for each in messages]
        standing = self._post_log.standing(ChannelId(self.channel_id), ids[0], ids[-1])
        # Posts that were put in by hand may stand in this channel under ids of another kind.
        missing = [int(each) for each in standing - set(ids) if each.isdecimal()]
        for number in sorted(missing):
            if messages[0].number < number < messages[-1].number:
                self._post_log.delete(MessageId(str(number)), deleted_at=self._clock.now())

    def _drop_stale_edits(self, messages: Iterable[ChatMessage | Unreadable]) -> None:
        newest_edits = {
            each.id: each.edited_timestamp
            for each in messages
            if isinstance(each, ChatMessage) and each.edited_timestamp is not None
        }
        self._held = [each for each in self._held if not _is_stale(each, newest_edits)]

    def _take(self, heard: Heard) -> None:
        match heard:
            case Written(message):
                self._publish(message)
                self._move(message.number)
            case Updated(message):
                self._edit(message)
            case TakenBack(_, message_ids):
                for message_id in message_ids:
                    self._post_log.delete(MessageId(message_id), deleted_at=self._clock.now())
            case Unreadable():
                self._report(heard)
                self._move(heard.number)
            case _:
                assert_never(heard)

    def _move(self, number: int) -> None:
        if not self._behind:
            self._watermarks.move(self.channel_id, number)

    def _publish(self, message: ChatMessage) -> None:
        author = message.author
        if author is None or not is_spoken(message) or not is_by(author, self._monitored):
            return
        post = post_of(message, author, channel_name=self.name, received_at=self._clock.now())
        if self._post_log.publish(post):
            self._tell("post", message)

    def _edit(self, message: ChatMessage) -> None:
        # Without a time of its edit, a message was only given the cards of its links.
        if message.edited_timestamp is None or message.author is None or message.content is None:
            return
        post = post_of(
            message, message.author, channel_name=self.name, received_at=self._clock.now()
        )
        edited = msgspec.structs.replace(post, posted_at=message.edited_timestamp)
        if self._post_log.edit(edited):
            self._tell("edit", message)

    def _tell(self, what: str, message: ChatMessage) -> None:
        line = "%s heard message_id=%s channel_id=%s"
        afterwards(lambda: logger.info(line, what, message.id, self.channel_id))

    def _report(self, unreadable: Unreadable) -> None:
        logger.error(
            "message not understood message_id=%s channel_id=%s problem=%s",
            unreadable.message_id,
            self.channel_id,
            unreadable.problem,
        )
        self._notices.report(
            f"discord-unreadable-{unreadable.message_id}",
            Level.CRITICAL,
            f"A message in Discord channel {self.name or self.channel_id} could not be read; look"
            f" at it there. Its id is {unreadable.message_id}.",
        )


def _id_of(message: ChatMessage | Unreadable) -> MessageId:
    return MessageId(str(message.number))


def _is_stale(heard: Heard, newest_edits: dict[str, datetime]) -> bool:
    if not isinstance(heard, Updated) or heard.message.edited_timestamp is None:
        return False
    newest = newest_edits.get(heard.message.id)
    return newest is not None and heard.message.edited_timestamp <= newest
