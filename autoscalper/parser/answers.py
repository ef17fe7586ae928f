"""Gives every post its one answer, in the log that it belongs to."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import assert_never

import msgspec

from autoscalper.domain.identity import MessageId, PostId, SignalId
from autoscalper.domain.post import Post
from autoscalper.domain.reading import Reading
from autoscalper.links import any_to_alert, ingest_to_parser, parser_to_broker
from autoscalper.links.any_to_alert import OutcomeDecided
from autoscalper.links.ingest_to_parser import PostDeleted, PostEdited, PostPublished
from autoscalper.parser import core
from autoscalper.parser.core import Answer, Heard
from autoscalper.runtime.clock import Clock
from autoscalper.runtime.log import Log
from autoscalper.runtime.store import Store

logger = logging.getLogger(__name__)

#: What parser's store must hold beside its logs and its cursor. One row for each message.
SCHEMA = """
CREATE TABLE IF NOT EXISTS heard (
    message_id TEXT PRIMARY KEY, signal_id TEXT, post BLOB NOT NULL) WITHOUT ROWID;
"""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Post).decode


class Answers:
    """Reads posts and keeps the answers: signals for the broker, outcomes for the user."""

    def __init__(self, store: Store, read: Callable[[Post], Reading], clock: Clock) -> None:
        """Write into ``store``, which was opened with ``SCHEMA``, what ``read`` understands."""
        self.signals: Log[parser_to_broker.Message] = Log(store, parser_to_broker.LINK, clock)
        self.notices: Log[any_to_alert.Message] = Log(store, any_to_alert.FROM_PARSER, clock)
        self._store = store
        self._read = read
        self._clock = clock

    def take(self, message: ingest_to_parser.Message) -> None:
        """Answer ``message`` inside the caller's transaction, unless it was answered before."""
        if self._is_answered(message.post_id):
            return
        answer = self._answer(message)
        if isinstance(answer, OutcomeDecided):
            self.notices.append(message.post_id, answer)
        else:
            self.signals.append(message.post_id, answer)
        if not isinstance(message, PostDeleted):
            self._keep(message.post, core.signal_id_of(answer))
        logger.info("post answered post_id=%s answer=%s", message.post_id, _word(answer))

    def _is_answered(self, post_id: PostId) -> bool:
        return self.signals.has(post_id) or self.notices.has(post_id)

    def _answer(self, message: ingest_to_parser.Message) -> Answer:
        now = self._clock.now()
        match message:
            case PostPublished(post=post):
                return core.answer_post(post, self._read(post), read_at=now)
            case PostEdited(post=post):
                heard = self._heard(post.message_id)
                signal_id = None if heard is None else heard.signal_id
                return core.answer_edit(post, self._read(post), signal_id, read_at=now)
            case PostDeleted():
                return core.answer_deletion(message, self._heard(message.message_id), read_at=now)
            case _:
                assert_never(message)

    def _heard(self, message_id: MessageId) -> Heard | None:
        row = self._store.execute(
            "SELECT signal_id, post FROM heard WHERE message_id = ?", (message_id,)
        ).fetchone()
        return None if row is None else Heard(signal_id=row[0], post=_decode(row[1]))

    def _keep(self, post: Post, signal_id: SignalId | None) -> None:
        self._store.execute(
            "INSERT OR REPLACE INTO heard VALUES (?, ?, ?)",
            (post.message_id, signal_id, _encode(post)),
        )


def _word(answer: Answer) -> str:
    return (
        answer.outcome.kind.value if isinstance(answer, OutcomeDecided) else type(answer).__name__
    )
