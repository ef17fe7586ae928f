"""Asks the model what the answers wait for: many questions at once, each for itself."""

from __future__ import annotations

import asyncio
import importlib
from typing import Protocol

from autoscalper.domain.settings import ParserSettings
from autoscalper.parser import claims
from autoscalper.parser.answers import Answers
from autoscalper.parser.questions import Question
from autoscalper.runtime import crashpoints
from autoscalper.runtime.clock import Clock
from autoscalper.runtime.store import Store


class Model(Protocol):
    """Whoever answers questions; see ``llm_client``."""

    @property
    def trouble(self) -> str:
        """Return why it is left alone at the moment, empty if it is not."""

    async def ask(self, question: Question) -> claims.Answer:
        """Return a claim, or why there is none, within its time."""

    async def warm_up(self) -> None:
        """Make the first answer as quick as the later ones."""

    async def keep_warm(self) -> None:
        """Keep its connection, until cancelled."""

    async def close(self) -> None:
        """Let go of its connection."""


async def load_model(settings: ParserSettings, clock: Clock) -> Model:
    """Return the client of the model, imported in a thread: that takes seconds."""
    module = await asyncio.to_thread(importlib.import_module, "autoscalper.parser.llm_client")
    model: Model = module.LlmClient(settings, clock)
    return model


class Consultant:
    """Lets the model answer whatever waits in ``Answers``, from the store's last state on."""

    def __init__(
        self, answers: Answers, store: Store, settings: ParserSettings, clock: Clock
    ) -> None:
        """Wake up after every commit of ``store`` that leaves somebody in line."""
        self._answers = answers
        self._store = store
        self._settings = settings
        self._clock = clock
        self._model: Model | None = None
        self._asked: set[str] = set()
        self._committed = asyncio.Event()
        store.after_commit.append(self._wake)

    @property
    def state(self) -> str:
        """Return how the model is, in words for people."""
        if self._model is None:
            return "loading"
        return self._model.trouble or "ready"

    async def consult(self) -> None:
        """Load the model and ask it, until cancelled."""
        model = self._model = await load_model(self._settings, self._clock)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(model.warm_up(), name="model warm up")
                group.create_task(model.keep_warm(), name="model keep warm")
                while True:
                    self._committed.clear()
                    for question in self._new_questions():
                        group.create_task(self._ask(model, question), name="model ask")
                    await self._committed.wait()
        finally:
            await model.close()

    def _wake(self) -> None:
        if self._answers.waiting:
            self._committed.set()

    def _new_questions(self) -> list[Question]:
        new = [each for each in self._answers.questions() if each.key not in self._asked]
        self._asked.update(each.key for each in new)
        return new

    async def _ask(self, model: Model, question: Question) -> None:
        answer = await model.ask(question)
        with self._store.transaction():
            self._answers.learn(question, answer)
            crashpoints.reach("parser-model-before-commit")
        self._asked.discard(question.key)
        self._answers.tell()
        crashpoints.reach("parser-model-after-commit")
