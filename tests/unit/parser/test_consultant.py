"""The loop between what waits and a model; the model here is a queue in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from autoscalper.domain.identity import ChannelId
from autoscalper.domain.settings import ParserMode, ParserSettings, Secret
from autoscalper.links.ingest_to_parser import PostPublished
from autoscalper.parser import claims, consultant, line, memory
from autoscalper.parser.answers import Answers
from autoscalper.parser.claims import Unread
from autoscalper.parser.consultant import Consultant, Model, load_model
from autoscalper.parser.grammar import read
from autoscalper.parser.questions import Question
from autoscalper.runtime.clock import Clock, SystemClock
from autoscalper.runtime.store import Store
from tests.fakes.home import until
from tests.fakes.posts import FixedClock, a_post

SETTINGS = ParserSettings(anthropic_api_key=Secret("key"))


class SlowModel:
    """Answers when a test lets it."""

    def __init__(self) -> None:
        self.trouble = ""
        self.asked: list[str] = []
        self.may_answer = asyncio.Event()
        self.is_closed = False

    async def ask(self, question: Question) -> claims.Answer:
        self.asked.append(question.post)
        await self.may_answer.wait()
        return Unread(reason="is asleep", is_final=False)

    async def warm_up(self) -> None:
        """Nothing to warm."""

    async def keep_warm(self) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None:
        self.is_closed = True


class Bench:
    def __init__(self, path: Path) -> None:
        self.model = SlowModel()
        self.store = Store(path, durable=False, schema=memory.SCHEMA + line.SCHEMA)
        self.answers = Answers(self.store, read, FixedClock(), mode=ParserMode.FAST)
        self.consultant = Consultant(self.answers, self.store, SETTINGS, SystemClock())

    def take(self, text: str, message_id: str, channel: str = "7") -> None:
        post = a_post(text, message_id=message_id, channel_id=ChannelId(channel))
        with self.store.transaction():
            self.answers.take(PostPublished(post=post))


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    bench = Bench(tmp_path / "parser.db")

    async def load(settings: ParserSettings, clock: Clock) -> Model:
        return bench.model

    monkeypatch.setattr(consultant, "load_model", load)
    return bench


@asynccontextmanager
async def consulting(bench: Bench) -> AsyncIterator[None]:
    running = asyncio.ensure_future(bench.consultant.consult())
    yield
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    bench.store.close()


async def test_what_waited_before_the_start_and_what_comes_later_is_asked(bench: Bench) -> None:
    bench.take("KO 72c", "1")
    async with consulting(bench):
        await until(lambda: bench.model.asked == ["KO 72c"], "the first question")
        bench.take("PFE 29c", "2", channel="9")
        await until(lambda: bench.model.asked == ["KO 72c", "PFE 29c"], "the second question")
        bench.model.may_answer.set()
        await until(lambda: bench.answers.waiting == 0, "the answers")
        assert bench.consultant.state == "ready"
    assert bench.model.is_closed


async def test_a_question_on_its_way_is_not_sent_again(bench: Bench) -> None:
    async with consulting(bench):
        bench.take("KO 72c", "1")
        await until(lambda: bench.model.asked, "the question")
        bench.take("good morning", "2", channel="9")
        bench.take("PFE 29c", "3", channel="9")
        await until(lambda: "PFE 29c" in bench.model.asked, "the other question")
        assert bench.model.asked == ["KO 72c", "PFE 29c"]


async def test_a_commit_that_leaves_nobody_in_line_is_not_looked_at(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    questions = bench.answers.questions

    def looking() -> list[Question]:
        looks.append(bench.answers.waiting)
        return questions()

    monkeypatch.setattr(bench.answers, "questions", looking)
    async with consulting(bench):
        await until(lambda: looks == [0], "the look at the start")
        bench.take("good morning", "1")
        for _ in range(5):
            await asyncio.sleep(0)
        assert looks == [0]
        bench.take("KO 72c", "2")
        await until(lambda: bench.model.asked, "the question")
        assert looks == [0, 1]


async def test_its_state_is_told_in_words(bench: Bench) -> None:
    assert bench.consultant.state == "loading"
    async with consulting(bench):
        await until(lambda: bench.consultant.state == "ready", "the model")
        bench.model.trouble = "is not available (529)"
        assert bench.consultant.state == "is not available (529)"


async def test_the_real_model_is_loaded_beside_a_loop_that_turns() -> None:
    turns = 0
    loading = asyncio.ensure_future(load_model(SETTINGS, SystemClock()))
    while not loading.done():
        turns += 1
        await asyncio.sleep(0)
    model = loading.result()
    assert (turns > 1, model.trouble) == (True, "")
    await model.close()
