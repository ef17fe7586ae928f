"""The one door into ingest's log, whatever source a post came through.

Each message is in the log once, each real change of it once more under the next version.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import msgspec

from autoscalper.domain.identity import ChannelId, MessageId, PostId, post_id
from autoscalper.domain.post import Post
from autoscalper.links import ingest_to_parser
from autoscalper.links.ingest_to_parser import PostDeleted, PostEdited, PostPublished
from autoscalper.runtime import crashpoints
from autoscalper.runtime.clock import Clock
from autoscalper.runtime.log import Log
from autoscalper.runtime.store import Store

#: What ingest's store must hold beside its logs. The newest version of each message.
SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    message_id TEXT PRIMARY KEY, version INTEGER NOT NULL, channel_id TEXT NOT NULL,
    text TEXT NOT NULL, posted_at TEXT NOT NULL, deleted INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS messages_by_channel ON messages (channel_id, message_id);
"""


class _Known(msgspec.Struct, frozen=True):
    version: int
    channel_id: ChannelId
    text: str
    posted_at: datetime
    deleted: bool


class PostLog:
    """Puts posts, edits and deletions into the log, each exactly once.

    Every method is one transaction: when it returns, the log and the next follower have it. Doing
    the same again changes nothing, so a source that does not know whether it was heard repeats.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        """Write into ``store``, which was opened with ``SCHEMA``."""
        self.log: Log[ingest_to_parser.Message] = Log(store, ingest_to_parser.LINK, clock)
        self._store = store

    def publish(self, post: Post) -> bool:
        """Put a message in, as version 1; return whether it was new.

        A message that is known under its id is left as it is, whatever its text says now.
        """
        if self._known(post.message_id) is not None:
            return False
        first = msgspec.structs.replace(post, version=1)
        with self._kept():
            self.log.append(first.post_id, PostPublished(post=first))
            self._remember(first)
        return True

    def edit(self, post: Post) -> bool:
        """Put in what a known message says now, as its next version; return whether it was new.

        ``post.posted_at`` is when this text was written. Nothing happens for a message that is
        not known or is deleted, for a text that is the present one, and for an edit that is older
        than the present version.
        """
        known = self._known(post.message_id)
        if (
            known is None
            or known.deleted
            or post.text == known.text
            or post.posted_at < known.posted_at
        ):
            return False
        edited = msgspec.structs.replace(post, version=known.version + 1)
        with self._kept():
            self.log.append(edited.post_id, PostEdited(post=edited))
            self._remember(edited)
        return True

    def delete(self, message_id: MessageId, *, deleted_at: datetime) -> bool:
        """Put in that a known message was taken back; return whether that was new."""
        known = self._known(message_id)
        if known is None or known.deleted:
            return False
        deleted = PostDeleted(
            message_id=message_id,
            version=known.version + 1,
            channel_id=known.channel_id,
            deleted_at=deleted_at,
        )
        with self._kept():
            self.log.append(deleted.post_id, deleted)
            self._store.execute(
                "UPDATE messages SET version = ?, deleted = 1 WHERE message_id = ?",
                (deleted.version, message_id),
            )
        return True

    def newest(self, message_id: MessageId) -> PostId | None:
        """Return the id of the newest version of a message, None if it was never put in."""
        known = self._known(message_id)
        return None if known is None else post_id(message_id, known.version)

    def standing(self, channel_id: ChannelId, first: MessageId, last: MessageId) -> set[MessageId]:
        """Return the messages of a channel from ``first`` to ``last`` that are not deleted.

        The order is that of Discord's ids of one length: by time.
        """
        rows = self._store.execute(
            "SELECT message_id FROM messages WHERE channel_id = ? AND NOT deleted"
            " AND length(message_id) = ? AND message_id BETWEEN ? AND ?",
            (channel_id, len(first), first, last),
        )
        return {MessageId(message_id) for (message_id,) in rows}

    def forget(self, post_ids: Sequence[str], before: datetime) -> None:
        """Forget, inside the caller's transaction, messages of which these were the newest."""
        for each in post_ids:
            message_id, _, version = each.rpartition(".")
            self._store.execute(
                "DELETE FROM messages WHERE message_id = ? AND version = ?", (message_id, version)
            )

    @contextmanager
    def _kept(self) -> Iterator[None]:
        with self._store.transaction():
            yield
            crashpoints.reach("ingest-before-commit")
        crashpoints.reach("ingest-after-commit")

    def _known(self, message_id: MessageId) -> _Known | None:
        row = self._store.execute(
            "SELECT version, channel_id, text, posted_at, deleted FROM messages"
            " WHERE message_id = ?",
            (message_id,),
        ).fetchone()
        if row is None:
            return None
        version, channel_id, text, posted_at, deleted = row
        return _Known(version, channel_id, text, datetime.fromisoformat(posted_at), bool(deleted))

    def _remember(self, post: Post) -> None:
        self._store.execute(
            "INSERT OR REPLACE INTO messages VALUES (?, ?, ?, ?, ?, 0)",
            (post.message_id, post.version, post.channel_id, post.text, post.posted_at.isoformat()),
        )
