"""Reads posts for whoever wants to see how they are read, without trading: a program of its own.

`python -m autoscalper.parser.workbench` takes one request as JSON on standard input and gives one
reply as JSON on standard output. It keeps nothing and is no process of the running AutoScalper.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, assert_never

import msgspec

from autoscalper.domain.exchange import exchange_day
from autoscalper.domain.reading import Reader, Reading
from autoscalper.domain.settings import BY_PROCESS, ParserMode, ParserSettings, contradictions
from autoscalper.parser import claims, guards, modes, scoring
from autoscalper.parser.claims import Unread
from autoscalper.parser.consultant import load_model
from autoscalper.parser.conversation import Conversation
from autoscalper.parser.grammar import read
from autoscalper.parser.modes import Settled
from autoscalper.parser.prediction import Prediction, prediction
from autoscalper.parser.questions import Question, ask_about
from autoscalper.parser.scoring import Labelled
from autoscalper.runtime import config
from autoscalper.runtime.clock import SystemClock
from autoscalper.runtime.errors import SettingsInvalid
from autoscalper.runtime.service import EXIT_CANNOT_START


class ReadOne(msgspec.Struct, frozen=True, kw_only=True, tag="read"):
    """Read one post of that New York date."""

    text: str
    posted_on: date


class Score(msgspec.Struct, frozen=True, kw_only=True, tag="score"):
    """Read labelled posts and compare; with the model for the rest, if wanted."""

    posts: list[Labelled]
    with_model: bool = False


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One post of a channel's history."""

    channel_id: str = ""
    author_id: str = ""
    message_id: str = ""
    reply_to: str | None = None
    text: str
    posted_at: datetime


class LookThrough(msgspec.Struct, frozen=True, kw_only=True, tag="look_through"):
    """Read a history in its order, with the conversations that it had."""

    posts: list[Said]


Request = ReadOne | Score | LookThrough


class Asker:
    """Reads as parser would, by grammar and, where it is wanted, by the model."""

    def __init__(self, mode: ParserMode) -> None:
        """Share the reading by ``mode``."""
        self.mode = mode
        self.answers: dict[str, claims.Answer] = {}

    def by_grammar(self, text: str, day: date, conversation: Conversation) -> Reading:
        """Return what the grammar makes of a post."""
        return guards.for_people(read(text, posted_on=day, conversation=conversation), text)

    def needs_model(self, text: str, by_grammar: Reading, conversation: Conversation) -> bool:
        """Return whether the model is to be asked about a post."""
        about_trade = modes.is_about_trade(text, conversation)
        return modes.needs_model(self.mode, by_grammar, is_about_trade=about_trade)

    def settle(
        self, text: str, day: date, conversation: Conversation, question: Question | None
    ) -> Settled:
        """Return the reading that counts, with the answers that the model gave so far."""
        by_grammar = self.by_grammar(text, day, conversation)
        if not self.needs_model(text, by_grammar, conversation):
            return Settled(by_grammar, Reader.GRAMMAR)
        answer = self.answers.get(question.key) if question else None
        if answer is None or isinstance(answer, Unread):
            return Settled(modes.alone(by_grammar), Reader.GRAMMAR)
        by_model = guards.check(answer, text, posted_on=day, conversation=conversation)
        return modes.settle(self.mode, by_grammar, by_model)

    async def ask(self, questions: Sequence[Question]) -> None:
        """Ask the model everything, as many questions at once as its client allows."""
        settings = _settings()
        if not settings.anthropic_api_key.value:
            raise SettingsInvalid(["ANTHROPIC_API_KEY is empty, expected a key to ask the model"])
        model = await load_model(settings, SystemClock())
        await model.warm_up()

        async def ask_one(question: Question) -> None:
            self.answers[question.key] = await model.ask(question)

        unasked = {each.key: each for each in questions}
        async with asyncio.TaskGroup() as group:
            for question in unasked.values():
                group.create_task(ask_one(question))
        await model.close()


def answer(request: Request) -> dict[str, Any]:
    """Return the reply to a request, as what JSON can say."""
    match request:
        case ReadOne():
            return _read_one(request)
        case Score():
            return _score(request)
        case LookThrough():
            return {"readings": _look_through(request)}
        case _:
            assert_never(request)


def _read_one(request: ReadOne) -> dict[str, Any]:
    asker, conversation = Asker(ParserMode.GRAMMAR), Conversation()
    reading = asker.by_grammar(request.text, request.posted_on, conversation)
    question = ask_about(request.text, conversation)
    mode = _settings().parser_mode
    return {
        "reading": msgspec.to_builtins(reading),
        "prediction": prediction(reading),
        "evidence": [
            {"field": each.field, "start": each.start, "end": each.end,
             "characters": request.text[each.start : each.end]}
            for each in getattr(reading, "evidence", ())
        ],
        "question": msgspec.to_builtins(question),
        "would_ask": question is not None and modes.needs_model(mode, reading),
    }  # fmt: skip


def _score(request: Score) -> dict[str, Any]:
    asker = Asker(ParserMode.FAST if request.with_model else ParserMode.GRAMMAR)
    questions = {each.id: _question(each, asker) for each in request.posts}
    if request.with_model:
        asked = [each for each in questions.values() if each is not None]
        asyncio.run(asker.ask(asked))
    predictions = {each.id: _predicted(each, asker, questions[each.id]) for each in request.posts}
    rooms = sorted({each.room for each in request.posts})
    return {
        "figures": scoring.score(request.posts, predictions),
        "rooms": {
            room: scoring.score([p for p in request.posts if p.room == room], predictions)
            for room in rooms
        },
        "predictions": [{"id": post_id, **each} for post_id, each in predictions.items()],
        "asked": len(asker.answers),
        "unread": sum(isinstance(each, Unread) for each in asker.answers.values()),
    }


def _question(post: Labelled, asker: Asker) -> Question | None:
    day, conversation = exchange_day(post.ts), _conversation(post, asker)
    by_grammar = asker.by_grammar(post.text, day, conversation)
    if not asker.needs_model(post.text, by_grammar, conversation):
        return None
    return ask_about(post.text, conversation, earlier=post.context)


def _predicted(post: Labelled, asker: Asker, question: Question | None) -> Prediction:
    conversation = _conversation(post, asker)
    started = time.perf_counter()
    settled = asker.settle(post.text, exchange_day(post.ts), conversation, question)
    seconds = time.perf_counter() - started
    return {**prediction(settled.reading), "us": round(seconds * 1e6, 1)}


def _conversation(post: Labelled, asker: Asker) -> Conversation:
    day, conversation = exchange_day(post.ts), Conversation()
    for text in post.context:
        reading = asker.by_grammar(text, day, conversation)
        conversation = conversation.after(reading, posted_on=day)
    return conversation


def _look_through(request: LookThrough) -> list[dict[str, Any]]:
    asker = Asker(ParserMode.GRAMMAR)
    conversations: dict[tuple[str, str], Conversation] = {}
    readings: dict[str, Reading] = {}
    found = []
    for post in sorted(request.posts, key=lambda each: each.posted_at):
        day, speaker = exchange_day(post.posted_at), (post.channel_id, post.author_id)
        before = conversations.get(speaker, Conversation())
        replied_to = readings.get(post.reply_to or "")
        seen = before.replying_to(replied_to) if replied_to is not None else before
        reading = readings[post.message_id] = asker.by_grammar(post.text, day, seen)
        conversations[speaker] = seen.after(reading, posted_on=day)
        found.append(
            {
                "message_id": post.message_id,
                "prediction": prediction(reading),
                "reason": getattr(reading, "reason", ""),
            }
        )
    return found


def _settings() -> ParserSettings:
    return config.load(ParserSettings, known=BY_PROCESS.values(), contradictions=contradictions)


def main() -> int:
    """Answer the request on standard input; return the exit code."""
    try:
        request = msgspec.json.decode(sys.stdin.buffer.read(), type=Request)
        reply = answer(request)
    except (msgspec.ValidationError, SettingsInvalid) as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_CANNOT_START
    sys.stdout.buffer.write(msgspec.json.encode(reply))
    return 0


if __name__ == "__main__":
    sys.exit(main())
