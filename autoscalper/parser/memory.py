"""What parser remembers: messages with their readings and signals, authors' conversations."""

from __future__ import annotations

import msgspec

from autoscalper.domain.identity import MessageId
from autoscalper.domain.post import Post
from autoscalper.parser.conversation import Conversation
from autoscalper.parser.core import Heard
from autoscalper.runtime.store import Store

#: What parser's store must hold beside its logs and its cursor.
SCHEMA = """
CREATE TABLE IF NOT EXISTS heard (message_id TEXT PRIMARY KEY, heard BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS conversations (
    channel_id TEXT, author_id TEXT, conversation BLOB NOT NULL,
    PRIMARY KEY (channel_id, author_id)) WITHOUT ROWID;
"""


_encode = msgspec.msgpack.Encoder().encode
_decode_heard = msgspec.msgpack.Decoder(Heard).decode
_decode_conversation = msgspec.msgpack.Decoder(Conversation).decode


class Memory:
    """Keeps what was heard, inside the transactions of whoever hears."""

    def __init__(self, store: Store) -> None:
        """Keep it in ``store``, which was opened with ``SCHEMA``."""
        self._store = store

    def heard(self, message_id: MessageId) -> Heard | None:
        """Return what is kept of a message, None if it was never heard."""
        row = self._store.execute(
            "SELECT heard FROM heard WHERE message_id = ?", (message_id,)
        ).fetchone()
        return None if row is None else _decode_heard(row[0])

    def keep(self, heard: Heard) -> None:
        """Keep a message in place of its earlier version."""
        self._store.execute(
            "INSERT OR REPLACE INTO heard VALUES (?, ?)", (heard.post.message_id, _encode(heard))
        )

    def conversation_before(self, post: Post) -> Conversation:
        """Return what the author of ``post`` said before in its channel, as the post sees it."""
        row = self._store.execute(
            "SELECT conversation FROM conversations WHERE channel_id = ? AND author_id = ?",
            (post.channel_id, post.author_id),
        ).fetchone()
        conversation = Conversation() if row is None else _decode_conversation(row[0])
        replied_to = None if post.reply_to is None else self.heard(post.reply_to)
        return conversation if replied_to is None else conversation.replying_to(replied_to.reading)

    def keep_conversation(self, post: Post, conversation: Conversation) -> None:
        """Keep what the author of ``post`` has said by now in its channel."""
        self._store.execute(
            "INSERT OR REPLACE INTO conversations VALUES (?, ?, ?)",
            (post.channel_id, post.author_id, _encode(conversation)),
        )
