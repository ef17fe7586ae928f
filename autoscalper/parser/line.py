"""Posts that wait for the model, and those behind them: one line for each channel, on disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from autoscalper.domain.identity import ChannelId, MessageId, PostId
from autoscalper.links import ingest_to_parser
from autoscalper.links.ingest_to_parser import LINK, PostDeleted
from autoscalper.parser.questions import Question
from autoscalper.runtime.store import Store

#: What the store must hold. The key names the question as answers are remembered by it.
SCHEMA = """
CREATE TABLE IF NOT EXISTS waiting (
    place INTEGER PRIMARY KEY, post_id TEXT NOT NULL UNIQUE, message_id TEXT NOT NULL,
    channel_id TEXT NOT NULL, message BLOB NOT NULL, question BLOB NOT NULL, key TEXT NOT NULL,
    is_asked INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS waiting_by_channel ON waiting (channel_id, place);
"""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Question | None).decode


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A message in line, and the question about it as it was when the message came."""

    message: ingest_to_parser.Message
    #: None for a post that nobody is asked about.
    question: Question | None
    is_asked: bool


class Line:
    """The lines of all channels, changed inside the transactions of whoever answers."""

    def __init__(self, store: Store) -> None:
        """Keep them in ``store``, which was opened with ``SCHEMA``."""
        self._store = store
        # Nearly always nobody waits, and every post asks. A transaction that fails ends the
        # process, so what is counted here is what is kept.
        self._counts: Counter[ChannelId] = Counter(dict(self._counted()))

    def __len__(self) -> int:
        """Return how many messages wait."""
        return self._counts.total()

    def add(self, waiting: Waiting) -> None:
        """Put a message at the end of its channel's line."""
        message, question = waiting.message, waiting.question
        self._store.execute(
            "INSERT INTO waiting"
            " (post_id, message_id, channel_id, message, question, key, is_asked)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                message.post_id,
                message_id_of(message),
                channel_of(message),
                LINK.encode(message),
                _encode(question),
                question.key if question else "",
                waiting.is_asked,
            ),
        )
        self._counts[channel_of(message)] += 1

    def remove(self, post_id: PostId) -> None:
        """Take a message out: it is answered."""
        rows = self._store.execute(
            "DELETE FROM waiting WHERE post_id = ? RETURNING channel_id", (post_id,)
        )
        for (channel_id,) in rows.fetchall():
            self._counts[channel_id] -= 1

    def ask(self, post_id: PostId) -> None:
        """Let the question about a message be asked."""
        self._store.execute("UPDATE waiting SET is_asked = 1 WHERE post_id = ?", (post_id,))

    def has(self, post_id: PostId) -> bool:
        """Return whether a message waits."""
        return len(self) > 0 and self._any("post_id = ?", post_id)

    def has_version_of(self, message_id: MessageId) -> bool:
        """Return whether some version of a message waits."""
        return self._any("message_id = ?", message_id)

    def is_empty(self, channel_id: ChannelId) -> bool:
        """Return whether nothing waits in a channel."""
        return not self._counts[channel_id]

    def of(self, channel_id: ChannelId) -> list[Waiting]:
        """Return the line of a channel, first come first."""
        rows = self._store.execute(
            "SELECT message, question, is_asked FROM waiting WHERE channel_id = ? ORDER BY place",
            (channel_id,),
        )
        return [
            Waiting(message=LINK.decode(message), question=_decode(question), is_asked=bool(asked))
            for message, question, asked in rows.fetchall()
        ]

    def channels(self, key: str | None = None) -> list[ChannelId]:
        """Return the channels in which somebody waits, for the question ``key`` if it is given."""
        rows = self._store.execute(
            "SELECT DISTINCT channel_id FROM waiting WHERE ? IN (key, '') ORDER BY channel_id",
            (key or "",),
        )
        return [channel_id for (channel_id,) in rows.fetchall()]

    def questions(self) -> Iterable[Question]:
        """Return every question that is to be asked, each once, first come first."""
        rows = self._store.execute(
            "SELECT question FROM waiting WHERE is_asked AND key NOT IN"
            " (SELECT key FROM model_answers) GROUP BY key ORDER BY MIN(place)"
        )
        return [question for (row,) in rows.fetchall() if (question := _decode(row)) is not None]

    def _counted(self) -> list[tuple[ChannelId, int]]:
        rows = self._store.execute("SELECT channel_id, COUNT(*) FROM waiting GROUP BY channel_id")
        return rows.fetchall()

    def _any(self, condition: str, value: str) -> bool:
        row = self._store.execute(f"SELECT 1 FROM waiting WHERE {condition} LIMIT 1", (value,))
        return row.fetchone() is not None


def channel_of(message: ingest_to_parser.Message) -> ChannelId:
    """Return the channel in which a message was written."""
    return message.channel_id if isinstance(message, PostDeleted) else message.post.channel_id


def message_id_of(message: ingest_to_parser.Message) -> MessageId:
    """Return the message of which this is a version."""
    return message.message_id if isinstance(message, PostDeleted) else message.post.message_id
