"""Gives every post its one answer, in the log that it belongs to."""

from __future__ import annotations

import logging
from datetime import date
from typing import Protocol, assert_never

from autoscalper.domain.exchange import EXCHANGE_ZONE
from autoscalper.domain.identity import PostId, SignalId
from autoscalper.domain.post import Post
from autoscalper.domain.reading import Reading
from autoscalper.links import any_to_alert, ingest_to_parser, parser_to_broker
from autoscalper.links.any_to_alert import OutcomeDecided
from autoscalper.links.ingest_to_parser import PostDeleted, PostEdited, PostPublished
from autoscalper.parser import core
from autoscalper.parser.conversation import Conversation
from autoscalper.parser.core import Answer, Heard
from autoscalper.parser.memory import Memory
from autoscalper.runtime.clock import Clock
from autoscalper.runtime.log import Log
from autoscalper.runtime.store import Store

logger = logging.getLogger(__name__)


class Read(Protocol):
    """Whoever understands posts."""

    def __call__(
        self, text: str, *, posted_on: date, conversation: Conversation | None = None
    ) -> Reading:
        """Return how ``text`` reads in its conversation, on a New York date."""


class Answers:
    """Reads posts and keeps the answers: signals for the broker, outcomes for the user."""

    def __init__(self, store: Store, read: Read, clock: Clock) -> None:
        """Write into ``store``, which was opened with ``memory.SCHEMA``, what ``read`` says."""
        self.signals: Log[parser_to_broker.Message] = Log(store, parser_to_broker.LINK, clock)
        self.notices: Log[any_to_alert.Message] = Log(store, any_to_alert.FROM_PARSER, clock)
        self._memory = Memory(store)
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
        logger.info("post answered post_id=%s answer=%s", message.post_id, _word(answer))

    def _is_answered(self, post_id: PostId) -> bool:
        return self.signals.has(post_id) or self.notices.has(post_id)

    def _answer(self, message: ingest_to_parser.Message) -> Answer:
        now = self._clock.now()
        match message:
            case PostPublished(post=post):
                reading = self._understand(post)
                answer = core.answer_post(post, reading, read_at=now)
                return self._remembered(answer, post, reading)
            case PostEdited(post=post):
                reading = self._understand(post)
                answer = core.answer_edit(post, reading, self._signal_of(post), read_at=now)
                return self._remembered(answer, post, reading)
            case PostDeleted():
                heard = self._memory.heard(message.message_id)
                return core.answer_deletion(message, heard, read_at=now)
            case _:
                assert_never(message)

    def _understand(self, post: Post) -> Reading:
        posted_on = post.posted_at.astimezone(EXCHANGE_ZONE).date()
        conversation = self._memory.conversation_before(post)
        reading = self._read(post.text, posted_on=posted_on, conversation=conversation)
        self._memory.keep_conversation(post, conversation.after(reading, posted_on=posted_on))
        return reading

    def _signal_of(self, post: Post) -> SignalId | None:
        heard = self._memory.heard(post.message_id)
        return None if heard is None else heard.signal_id

    def _remembered(self, answer: Answer, post: Post, reading: Reading) -> Answer:
        signal_id = core.signal_id_of(answer)
        self._memory.keep(Heard(post=post, reading=reading, signal_id=signal_id))
        return answer


def _word(answer: Answer) -> str:
    if isinstance(answer, OutcomeDecided):
        return answer.outcome.kind.value
    return type(answer).__name__
