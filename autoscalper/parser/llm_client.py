"""The only file that talks to Anthropic's Messages API. Asks; what an answer is worth others say.

Importing it takes seconds (the SDK brings thousands of modules): do it beside the work, once.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Literal

import anthropic
import httpx2
import msgspec
from anthropic.types import ParsedMessage, TextBlockParam
from pydantic import BaseModel, ConfigDict, ValidationError

from autoscalper.domain.settings import ParserSettings
from autoscalper.parser.breaker import FIRST_REST_SECONDS, Breaker
from autoscalper.parser.claims import Answer, Claim, Unread
from autoscalper.parser.questions import INSTRUCTIONS, Question
from autoscalper.parser.warmth import Warmth
from autoscalper.runtime.clock import Clock

logger = logging.getLogger(__name__)

_API_URL = "https://api.anthropic.com"
#: Questions on their way at the same time, each on a connection of its own.
MOST_AT_ONCE = 8
#: Seconds to wait for a connection, of the total.
_CONNECT_SECONDS = 1.0
#: Seconds that a quiet connection is kept here: the service closes it after 400 (measured).
_KEEP_ALIVE_SECONDS = 380.0
#: Seconds for what is asked at the start: the service compiles the schema at its first use.
_START_SECONDS = 30.0
#: More tokens than any claim has.
_MOST_TOKENS = 400
#: Part of the time for an answer that is spent on waiting, if the service asks for it.
_PATIENCE = 0.5
#: Status codes of what passes by itself.
_UNAVAILABLE = frozenset((408, 409, 500, 502, 503, 504, 529))


class _Claim(BaseModel):
    """The form of an answer: flat, every field required, null where the post is silent."""

    model_config = ConfigDict(extra="forbid")

    deed: Literal[
        "enter", "add", "trim", "exit", "take_profit", "stopped_out", "move_stop",
        "targets", "cancel", "plan", "risk_note", "nothing", "unsure",
    ]  # fmt: skip
    words: str
    underlying: str | None
    strike: str | None
    right: Literal["call", "put"] | None
    expiry: str | None
    price: str | None
    average: str | None
    fraction: str | None
    quantity: str | None
    stop: str | None
    targets: list[str]


_SYSTEM: list[TextBlockParam] = [
    {
        "type": "text",
        "text": INSTRUCTIONS,
        "cache_control": {"type": "ephemeral", "ttl": "1h"},
    }
]


class LlmClient:
    """One warm connection to the model, and patience with a bound."""

    def __init__(self, settings: ParserSettings, clock: Clock) -> None:
        """Prepare to ask the model of ``settings``; nothing is connected yet."""
        self._clock = clock
        self._model = settings.llm_model
        self._seconds = float(settings.llm_timeout_seconds)
        self._breaker = Breaker()
        self._slots = asyncio.Semaphore(MOST_AT_ONCE)
        self._warmth = Warmth(clock)
        self._thinks_by_default = False
        self._client = anthropic.AsyncAnthropic(
            api_key=settings.anthropic_api_key.value,
            base_url=settings.anthropic_api_url or _API_URL,
            max_retries=0,
            http_client=anthropic.DefaultAsyncHttpxClient(
                timeout=httpx2.Timeout(_START_SECONDS, connect=_CONNECT_SECONDS),
                limits=httpx2.Limits(
                    max_connections=MOST_AT_ONCE,
                    max_keepalive_connections=MOST_AT_ONCE,
                    keepalive_expiry=_KEEP_ALIVE_SECONDS,
                ),
                event_hooks={
                    "request": [self._warmth.asked],
                    "response": [self._warmth.answered],
                },
            ),
        )

    @property
    def trouble(self) -> str:
        """Return why the model is left alone at the moment, empty if it is not."""
        return self._breaker.reason

    async def ask(self, question: Question) -> Answer:
        """Return the model's claim, or why there is none, within LLM_TIMEOUT_SECONDS."""
        async with self._slots:
            rest = self._breaker.rest_seconds(self._clock.monotonic())
            if rest <= self._seconds * _PATIENCE:
                await asyncio.sleep(rest)
            refusal = self._breaker.refuses(self._clock.monotonic())
            if refusal:
                return Unread(reason=refusal, is_final=False)
            return await self._answer(question, self._seconds - rest)

    async def warm_up(self) -> None:
        """Look the model up, warn if it will not do, and let the service prepare itself."""
        try:
            async with asyncio.timeout(_START_SECONDS):
                for warning in await self._look_up():
                    logger.warning("model may not do model=%s %s", self._model, warning)
        except (anthropic.AnthropicError, httpx2.HTTPError, ValueError, TimeoutError) as error:
            logger.warning(
                "model not looked up model=%s error=%s", self._model, type(error).__name__
            )
        async with self._slots:
            if not self._breaker.refuses(self._clock.monotonic()):
                await self._answer(Question(post="good morning"), _START_SECONDS)

    async def keep_warm(self) -> None:
        """See to it that a connection is there whenever a post comes, until cancelled."""
        while True:
            await asyncio.sleep(self._warmth.next_look_seconds())
            if not self._warmth.is_due():
                continue
            try:
                async with asyncio.timeout(self._seconds):
                    await self._client.models.retrieve(self._model)
            except (anthropic.AnthropicError, httpx2.HTTPError, ValueError, TimeoutError) as error:
                logger.debug("connection not kept warm error=%s", type(error).__name__)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()

    async def _look_up(self) -> list[str]:
        model = await self._client.models.retrieve(self._model)
        warnings = []
        if model.lifecycle != "active":
            warnings.append(f"lifecycle={model.lifecycle} retires_at={model.retires_at}")
        if model.capabilities is not None:
            self._thinks_by_default = not model.capabilities.thinking.types.disabled.supported
            if not model.capabilities.structured_outputs.supported:
                warnings.append("structured_outputs=unsupported")
        return warnings

    async def _answer(self, question: Question, seconds: float) -> Answer:
        try:
            async with asyncio.timeout(seconds):
                message = await self._send(question, seconds)
        except (anthropic.AnthropicError, httpx2.HTTPError, ValueError, TimeoutError) as error:
            return self._failed(error, seconds)
        self._breaker.succeeded(self._clock.monotonic())
        if message.stop_reason != "end_turn" or message.parsed_output is None:
            return Unread(reason=f"ended its answer by {message.stop_reason}", is_final=True)
        return msgspec.convert(message.parsed_output.model_dump(), Claim)

    async def _send(self, question: Question, seconds: float) -> ParsedMessage[_Claim]:
        try:
            return await self._send_once(question)
        except anthropic.APITimeoutError:
            raise
        except anthropic.APIConnectionError:
            # The service closed a connection that had been quiet; a new one is there at once.
            return await self._send_once(question)
        except anthropic.RateLimitError as error:
            wait = _retry_after(error)
            if wait > seconds * _PATIENCE:
                raise
            self._breaker.told_to_wait(_reason(error, seconds), wait, self._clock.monotonic())
            await asyncio.sleep(wait)
            return await self._send_once(question)

    async def _send_once(self, question: Question) -> ParsedMessage[_Claim]:
        return await self._client.messages.parse(
            model=self._model,
            max_tokens=_MOST_TOKENS,
            system=_SYSTEM,
            messages=[{"role": "user", "content": question.content}],
            output_format=_Claim,
            thinking=anthropic.omit if self._thinks_by_default else {"type": "disabled"},
        )

    def _failed(self, error: Exception, seconds: float) -> Unread:
        now = self._clock.monotonic()
        if isinstance(error, ValidationError):
            self._breaker.succeeded(now)
            return Unread(reason="answered in another form than it was asked for", is_final=True)
        reason = _reason(error, seconds)
        if isinstance(error, anthropic.RateLimitError):
            self._breaker.told_to_wait(reason, _retry_after(error), now)
        elif isinstance(error, anthropic.APIStatusError) and error.status_code not in _UNAVAILABLE:
            self._breaker.refused(reason, now)
            logger.error("model refuses model=%s reason=%s", self._model, reason)
        else:
            self._breaker.failed(reason, now)
        logger.warning("model not read model=%s error=%s", self._model, type(error).__name__)
        return Unread(reason=reason, is_final=False)


def _reason(error: Exception, seconds: float) -> str:
    match error:
        case TimeoutError() | anthropic.APITimeoutError():
            return f"did not answer in {seconds:g} s"
        case anthropic.RateLimitError():
            return "asked to be left alone (429)"
        case anthropic.APIStatusError():
            return f"is not available ({error.status_code})"
        case ValueError():
            return "gave an answer that cannot be read"
        case _:
            return "cannot be reached"


def _retry_after(error: anthropic.RateLimitError) -> float:
    try:
        seconds = float(error.response.headers.get("retry-after", ""))
    except ValueError:
        return FIRST_REST_SECONDS
    return seconds if seconds >= 0 else FIRST_REST_SECONDS
