"""What parser remembers: messages with their readings and signals, authors' conversations and
last words, and what the model answered.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from autoscalper.domain.identity import MessageId
from autoscalper.domain.post import Post
from autoscalper.parser.claims import Answer
from autoscalper.parser.conversation import Conversation
from autoscalper.parser.core import Heard
from autoscalper.parser.questions import MOST_EARLIER
from autoscalper.runtime.store import Store

#: What parser's store must hold beside its logs and its cursor.
SCHEMA = """
CREATE TABLE IF NOT EXISTS heard (message_id TEXT PRIMARY KEY, heard BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS conversations (
    channel_id TEXT, author_id TEXT, conversation BLOB NOT NULL,
    PRIMARY KEY (channel_id, author_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS last_words (
    channel_id TEXT, author_id TEXT, texts BLOB NOT NULL,
    PRIMARY KEY (channel_id, author_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS model_answers (
    key TEXT PRIMARY KEY, answer BLOB NOT NULL, answered_at TEXT NOT NULL DEFAULT '')
    WITHOUT ROWID;
"""
VERSION = 2
MIGRATIONS = {
    # When an answer was given was not kept.
    1: (
        "ALTER TABLE model_answers ADD COLUMN answered_at TEXT NOT NULL DEFAULT ''",
        "UPDATE model_answers SET answered_at = strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now')",
    )
}


_encode = msgspec.msgpack.Encoder().encode
_decode_heard = msgspec.msgpack.Decoder(Heard).decode
_decode_conversation = msgspec.msgpack.Decoder(Conversation).decode
_decode_texts = msgspec.msgpack.Decoder(tuple[str, ...]).decode
_decode_answer = msgspec.msgpack.Decoder(Answer).decode


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

    def forget(self, post_id: str) -> None:
        """Forget a message of which this was the newest version."""
        heard = self.heard(MessageId(post_id.rpartition(".")[0]))
        if heard is not None and heard.post.post_id == post_id:
            self._store.execute("DELETE FROM heard WHERE message_id = ?", (heard.post.message_id,))

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

    def last_words_before(self, post: Post) -> tuple[str, ...]:
        """Return the last posts of the author in the channel, oldest first."""
        row = self._store.execute(
            "SELECT texts FROM last_words WHERE channel_id = ? AND author_id = ?",
            (post.channel_id, post.author_id),
        ).fetchone()
        return () if row is None else _decode_texts(row[0])

    def keep_words(self, post: Post) -> None:
        """Keep the text of ``post`` as the author's newest."""
        texts = (*self.last_words_before(post), post.text)[-MOST_EARLIER:]
        self._store.execute(
            "INSERT OR REPLACE INTO last_words VALUES (?, ?, ?)",
            (post.channel_id, post.author_id, _encode(texts)),
        )

    def model_answer(self, key: str) -> Answer | None:
        """Return what the model answered to the question with ``key``, None if it never did."""
        row = self._store.execute(
            "SELECT answer FROM model_answers WHERE key = ?", (key,)
        ).fetchone()
        return None if row is None else _decode_answer(row[0])

    def keep_model_answer(self, key: str, answer: Answer, answered_at: datetime) -> None:
        """Keep an answer, so that the same question is not asked again."""
        self._store.execute(
            "INSERT OR IGNORE INTO model_answers VALUES (?, ?, ?)",
            (key, _encode(answer), answered_at.isoformat()),
        )

    def forget_model_answers(self, before: datetime) -> None:
        """Forget what the model answered before ``before``."""
        self._store.execute(
            "DELETE FROM model_answers WHERE answered_at < ?", (before.isoformat(),)
        )
