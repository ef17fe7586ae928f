"""Gives every post its one answer, in the log that it belongs to."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol, assert_never

from msgspec.structs import replace

from autoscalper.domain.exchange import exchange_day
from autoscalper.domain.identity import ChannelId, PostId, SignalId
from autoscalper.domain.instruction import CloseTrade, MoveStop, TrimTrade
from autoscalper.domain.post import Post
from autoscalper.domain.profiles import Profiles
from autoscalper.domain.reading import Abstained, Ignored, Instructed, Reader, Reading
from autoscalper.domain.settings import ParserMode
from autoscalper.links import any_to_alert, ingest_to_parser, parser_to_broker
from autoscalper.links.any_to_alert import OutcomeDecided
from autoscalper.links.ingest_to_parser import PostDeleted, PostEdited, PostPublished
from autoscalper.parser import claims, core, guards, mentions, modes
from autoscalper.parser.claims import Unread
from autoscalper.parser.conversation import Conversation
from autoscalper.parser.core import Answer, Heard
from autoscalper.parser.line import Line, Waiting, channel_of, message_id_of
from autoscalper.parser.memory import Memory
from autoscalper.parser.modes import Settled
from autoscalper.parser.questions import Question, ask_about
from autoscalper.runtime.afterwards import afterwards
from autoscalper.runtime.clock import Clock
from autoscalper.runtime.log import Log
from autoscalper.runtime.store import Store

logger = logging.getLogger(__name__)


class Read(Protocol):
    """Whoever understands posts at once."""

    def __call__(
        self, text: str, *, posted_on: date, conversation: Conversation | None = None
    ) -> Reading:
        """Return how ``text`` reads in its conversation, on a New York date."""


class Answers:
    """Reads posts and keeps the answers: signals for the broker, outcomes for the user.

    The answers of a channel leave in the order of its posts. A post that needs the model waits in
    line, and so do those behind it, but for an exit, trim or stop that the grammar is sure of.
    """

    def __init__(
        self,
        store: Store,
        read: Read,
        clock: Clock,
        *,
        mode: ParserMode = ParserMode.GRAMMAR,
        profiles: Profiles | None = None,
        are_orders_real: bool = False,
    ) -> None:
        """Write into ``store``, opened with the schemas of ``memory`` and ``line``.

        Where ``are_orders_real``, a channel on paper is the paper broker's.
        """
        self.signals: Log[parser_to_broker.Message] = Log(store, parser_to_broker.LINK, clock)
        self.notices: Log[any_to_alert.Message] = Log(store, any_to_alert.FROM_PARSER, clock)
        self._memory = Memory(store)
        self._line = Line(store)
        self._read = read
        self._clock = clock
        self._mode = mode
        self._profiles = profiles or Profiles()
        self._are_orders_real = are_orders_real
        #: Questions that came back without an answer worth remembering.
        self._unread: dict[str, Unread] = {}
        self._untold: list[tuple[PostId, str]] = []

    @property
    def waiting(self) -> int:
        """Return how many messages wait in line."""
        return len(self._line)

    def take(self, message: ingest_to_parser.Message) -> None:
        """Answer ``message`` inside the caller's transaction, or put it in line.

        A message that was answered before or waits already changes nothing.
        """
        if self._is_answered(message.post_id) or self._line.has(message.post_id):
            return
        signals = self.signals.appended
        by_grammar = self._by_grammar(message)
        is_held_up = self._is_held_up(message, by_grammar)
        needs_model = self._needs_model(message, by_grammar)
        question = self._question(message) if is_held_up or needs_model else None
        if is_held_up or not self._try(message, by_grammar, question, needs_model=needs_model):
            is_asked = needs_model and question is not None
            self._line.add(Waiting(message=message, question=question, is_asked=is_asked))
        if isinstance(message, PostPublished) and self.signals.appended == signals:
            self._mention(message.post)
        if not isinstance(message, PostDeleted) and self._mode is not ParserMode.GRAMMAR:
            self._memory.keep_words(message.post)

    def _mention(self, post: Post) -> None:
        if self._clock.now() - post.posted_at > mentions.SPAN:
            return
        for key, mention in mentions.mentions_in(post):
            self.signals.append(key, mention)

    def tell(self) -> None:
        """Log afterwards what was answered since the last call, which is on disk."""
        untold, self._untold = self._untold, []
        if untold:
            afterwards(lambda: _log(untold))

    def forget(self, post_ids: Sequence[str], before: datetime) -> None:
        """Forget, inside the caller's transaction, these posts and what is from before ``before``.

        A post that comes again after that is answered again.
        """
        for each in post_ids:
            self._memory.forget(each)
        self._memory.forget_model_answers(before)

    def resume(self) -> None:
        """Go on, inside the caller's transaction, with the lines that a process before left."""
        for channel_id in self._line.channels():
            self._advance(channel_id)

    def questions(self) -> list[Question]:
        """Return what the model is to be asked."""
        return [each for each in self._line.questions() if each.key not in self._unread]

    def learn(self, question: Question, answer: claims.Answer) -> None:
        """Answer, inside the caller's transaction, what waited for the model's ``answer``."""
        if isinstance(answer, Unread) and not answer.is_final:
            self._unread[question.key] = answer
        else:
            self._memory.keep_model_answer(question.key, answer, self._clock.now())
        for channel_id in self._line.channels(question.key):
            self._advance(channel_id)
        still_asked = {each.key for each in self._line.questions()}
        self._unread = {key: each for key, each in self._unread.items() if key in still_asked}

    def _advance(self, channel_id: ChannelId) -> None:
        for waiting in self._line.of(channel_id):
            message = waiting.message
            # Once more: what stood before it in line may be what it refers to.
            by_grammar = self._by_grammar(message)
            needs_model = self._needs_model(message, by_grammar)
            if not self._try(message, by_grammar, waiting.question, needs_model=needs_model):
                self._line.ask(message.post_id)
                return
            self._line.remove(message.post_id)

    def _try(
        self,
        message: ingest_to_parser.Message,
        by_grammar: Reading,
        question: Question | None,
        *,
        needs_model: bool,
    ) -> bool:
        answer = self._answer(message, by_grammar, question, needs_model=needs_model)
        if answer is None:
            return False
        if isinstance(answer, OutcomeDecided):
            self.notices.append(message.post_id, answer)
        else:
            is_paper = self._are_orders_real and self._profiles.of(answer.post).paper
            self.signals.append(message.post_id, replace(answer, is_paper=is_paper))
        self._untold.append((message.post_id, _word(answer)))
        return True

    def _is_answered(self, post_id: PostId) -> bool:
        return self.signals.has(post_id) or self.notices.has(post_id)

    def _answer(
        self,
        message: ingest_to_parser.Message,
        by_grammar: Reading,
        question: Question | None,
        *,
        needs_model: bool,
    ) -> Answer | None:
        now = self._clock.now()
        if isinstance(message, PostDeleted):
            heard = self._memory.heard(message.message_id)
            return core.answer_deletion(message, heard, read_at=now)
        post = message.post
        settled = self._settle(post, by_grammar, question, needs_model=needs_model)
        if settled is None:
            return None
        reading, reader = settled.reading, settled.read_by
        match message:
            case PostPublished():
                answer = core.answer_post(post, reading, read_by=reader, read_at=now)
            case PostEdited():
                before = self._signal_of(post)
                answer = core.answer_edit(post, reading, before, read_by=reader, read_at=now)
            case _:
                assert_never(message)
        return self._remembered(answer, post, reading)

    def _settle(
        self,
        post: Post,
        by_grammar: Reading,
        question: Question | None,
        *,
        needs_model: bool,
    ) -> Settled | None:
        if not needs_model:
            return Settled(by_grammar, Reader.GRAMMAR)
        if question is None:
            return Settled(modes.alone(by_grammar), Reader.GRAMMAR)
        answer = self._unread.get(question.key) or self._memory.model_answer(question.key)
        if answer is None:
            return None
        return modes.settle(self._mode, by_grammar, self._by_model(post, answer))

    def _needs_model(self, message: ingest_to_parser.Message, by_grammar: Reading) -> bool:
        if isinstance(message, PostDeleted) or self._mode is ParserMode.GRAMMAR:
            return False
        conversation = self._memory.conversation_before(message.post)
        return modes.needs_model(
            self._mode,
            by_grammar,
            is_about_trade=modes.is_about_trade(message.post.text, conversation),
        )

    def _by_grammar(self, message: ingest_to_parser.Message) -> Reading:
        if isinstance(message, PostDeleted):
            return Ignored(reason="deleted")
        post = message.post
        conversation = self._conversation_before(post)
        reading = self._read(post.text, posted_on=_day(post), conversation=conversation)
        return guards.for_people(reading, post.text)

    def _conversation_before(self, post: Post) -> Conversation:
        assumed = self._profiles.of(post).default_underlying
        return replace(self._memory.conversation_before(post), default_underlying=assumed)

    def _by_model(self, post: Post, answer: claims.Answer) -> Reading:
        if isinstance(answer, Unread):
            return Abstained(reason=f"the model {answer.reason}")
        conversation = self._conversation_before(post)
        return guards.check(answer, post.text, posted_on=_day(post), conversation=conversation)

    def _is_held_up(self, message: ingest_to_parser.Message, by_grammar: Reading) -> bool:
        if self._line.is_empty(channel_of(message)):
            return False
        overtakes = isinstance(by_grammar, Instructed) and isinstance(
            by_grammar.instruction, CloseTrade | TrimTrade | MoveStop
        )
        return not overtakes or self._line.has_version_of(message_id_of(message))

    def _question(self, message: ingest_to_parser.Message) -> Question | None:
        if isinstance(message, PostDeleted) or self._mode is ParserMode.GRAMMAR:
            return None
        post = message.post
        replied_to = None if post.reply_to is None else self._memory.heard(post.reply_to)
        return ask_about(
            post.text,
            self._conversation_before(post),
            earlier=self._memory.last_words_before(post),
            replied_to=replied_to.post.text if replied_to else "",
        )

    def _signal_of(self, post: Post) -> SignalId | None:
        heard = self._memory.heard(post.message_id)
        return None if heard is None else heard.signal_id

    def _remembered(self, answer: Answer, post: Post, reading: Reading) -> Answer:
        conversation = self._memory.conversation_before(post)
        after = conversation.after(reading, posted_on=_day(post))
        self._memory.keep_conversation(post, after)
        signal_id = core.signal_id_of(answer)
        self._memory.keep(Heard(post=post, reading=reading, signal_id=signal_id))
        return answer


def _day(post: Post) -> date:
    return exchange_day(post.posted_at)


def _log(answered: list[tuple[PostId, str]]) -> None:
    for post_id, word in answered:
        logger.info("post answered post_id=%s answer=%s", post_id, word)


def _word(answer: Answer) -> str:
    if isinstance(answer, OutcomeDecided):
        return answer.outcome.kind.value
    return type(answer).__name__
