"""The client against two stand-ins of the service that others wrote, and a relay that cuts."""

from __future__ import annotations

import asyncio
import logging
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest

from autoscalper.domain.settings import ParserSettings, Secret
from autoscalper.parser.claims import Claim, Deed, Unread
from autoscalper.parser.llm_client import LlmClient
from autoscalper.parser.questions import Question
from autoscalper.runtime.clock import Clock, SystemClock
from tests.fakes.home import until
from tests.fakes.model_servers import ModelServer, a_claim, aimock, error, fixture, llmock
from tests.fakes.posts import FixedClock
from tests.fakes.tcp_relay import a_relay

FIXTURES = [
    fixture("bye KO", a_claim(deed="exit", words="bye", underlying="KO")),
    fixture("too many", error(429, "rate_limit_error", retryAfter=30)),
    fixture("overloaded", error(529, "overloaded_error")),
    fixture("wrong key", error(401, "authentication_error")),
    fixture("cut short", {"content": '{"deed": "exit", "wor', "finishReason": "length"}),
    fixture("one field more", a_claim(secret="x")),
    fixture("one field less", '{"deed": "exit"}'),
    fixture("no JSON", "I think that this is an exit."),
    fixture("declined", {"content": a_claim(), "finishReason": "content_filter"}),
    fixture("garbled", "x", malformedRate=1),
    fixture("hung up", "x", disconnectRate=1),
    fixture("slow", a_claim(), latencyMs=30_000),
]
#: For an answer, where time is not what is tested: more than a busy machine takes.
AMPLE = "40"
EXIT = a_claim(deed="exit", words="bye", underlying="KO")


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with aimock(FIXTURES) as running:
        yield running


@pytest.fixture(scope="module")
def scripted() -> Iterator[ModelServer]:
    with llmock() as running:
        yield running


@asynccontextmanager
async def a_client(
    url: str, seconds: str = AMPLE, clock: Clock | None = None
) -> AsyncIterator[LlmClient]:
    settings = ParserSettings(
        anthropic_api_key=Secret("key"),
        anthropic_api_url=url,
        llm_timeout_seconds=Decimal(seconds),
    )
    client = LlmClient(settings, clock or SystemClock())
    try:
        yield client
    finally:
        await client.close()


async def answer_of(server: ModelServer, post: str, seconds: str = AMPLE) -> Claim | Unread:
    async with a_client(server.url, seconds) as client:
        return await client.ask(Question(post=post))


async def test_a_structured_answer_is_a_claim(server: ModelServer) -> None:
    claim = await answer_of(server, "bye KO")
    assert isinstance(claim, Claim)
    assert (claim.deed, claim.words, claim.underlying) == (Deed.EXIT, "bye", "KO")


@pytest.mark.parametrize(
    ("post", "reason", "is_final"),
    [
        ("overloaded", "is not available (529)", False),
        ("wrong key", "is not available (401)", False),
        ("too many", "asked to be left alone (429)", False),
        ("cut short", "answered in another form than it was asked for", True),
        ("one field more", "answered in another form than it was asked for", True),
        ("one field less", "answered in another form than it was asked for", True),
        ("no JSON", "answered in another form than it was asked for", True),
        ("garbled", "gave an answer that cannot be read", False),
        ("hung up", "cannot be reached", False),
    ],
)
async def test_whatever_is_no_claim_says_what_it_is(
    server: ModelServer, post: str, reason: str, is_final: bool
) -> None:
    assert await answer_of(server, post) == Unread(reason=reason, is_final=is_final)


async def test_a_refusal_is_no_claim_even_if_it_has_the_form_of_one(server: ModelServer) -> None:
    answer = await answer_of(server, "declined")
    assert isinstance(answer, Unread)
    assert answer.is_final


async def test_the_time_for_an_answer_is_a_total(server: ModelServer) -> None:
    started = time.monotonic()
    answer = await answer_of(server, "slow", seconds="0.3")
    assert answer == Unread(reason="did not answer in 0.3 s", is_final=False)
    assert time.monotonic() - started < 20


async def test_nobody_there_is_told_at_once() -> None:
    async with a_client("http://127.0.0.1:9/") as client:
        answer = await client.ask(Question(post="x"))
    assert answer == Unread(reason="cannot be reached", is_final=False)


async def test_a_long_rest_that_the_service_asks_for_is_kept(server: ModelServer) -> None:
    async with a_client(server.url) as client:
        await client.ask(Question(post="too many"))
        before = len(server.posts_asked())
        answer = await client.ask(Question(post="bye KO"))
        assert client.trouble == "asked to be left alone (429)"
    assert answer == Unread(reason="is left alone: asked to be left alone (429)", is_final=False)
    assert len(server.posts_asked()) == before


async def test_a_model_that_keeps_failing_is_left_alone(server: ModelServer) -> None:
    # The rest of 5 s stays too long to be waited for, however long the failures took.
    async with a_client(server.url, seconds="9", clock=FixedClock()) as client:
        for number in range(3):
            await client.ask(Question(post=f"overloaded {number}"))
        before = len(server.posts_asked())
        answer = await client.ask(Question(post="bye KO"))
    assert isinstance(answer, Unread)
    assert "left alone" in answer.reason
    assert len(server.posts_asked()) == before


async def test_a_short_rest_is_waited_for_and_the_answer_still_comes(scripted: ModelServer) -> None:
    scripted.post("_llmock/reset", {})
    behaviours = [
        {"type": "fail", "status": 429, "retry_after": 0.4},
        {"type": "reply", "text": EXIT},
    ]
    scripted.post("_llmock/scenario", {"behaviors": behaviours})
    async with a_client(scripted.url) as client:
        started = time.monotonic()
        answer = await client.ask(Question(post="bye KO"))
    assert isinstance(answer, Claim)
    assert time.monotonic() - started >= 0.4
    verdict = scripted.get("_llmock/verdict")
    assert (verdict["attempts"], verdict["findings"]) == (2, [])


async def test_what_asking_again_cannot_mend_is_asked_once(scripted: ModelServer) -> None:
    scripted.post("_llmock/reset", {})
    scripted.post("_llmock/scenario", {"behaviors": [{"type": "fail", "status": 400}]})
    answer = await answer_of(scripted, "bye KO")
    assert answer == Unread(reason="is not available (400)", is_final=False)
    assert scripted.get("_llmock/verdict")["attempts"] == 1


async def test_an_answer_that_ignores_the_schema_is_no_claim(scripted: ModelServer) -> None:
    scripted.post("_llmock/reset", {})
    answer = await answer_of(scripted, "bye KO")
    assert answer == Unread(reason="answered in another form than it was asked for", is_final=True)


async def test_many_questions_run_at_once_on_few_connections(server: ModelServer) -> None:
    async with a_relay(server.port) as relay, a_client(server.url_at(relay.port)) as client:
        posts = [Question(post=f"bye KO {number}") for number in range(40)]
        answers = await asyncio.gather(*(client.ask(post) for post in posts))
        assert all(isinstance(each, Claim) for each in answers)
        assert relay.connections <= 8


async def test_one_connection_serves_across_quiet_times(server: ModelServer) -> None:
    # This server closes a connection that was quiet for 6 s, the transport one of 5 s by default.
    async with a_relay(server.port) as relay, a_client(server.url_at(relay.port)) as client:
        await client.ask(Question(post="bye KO"))
        warming = asyncio.ensure_future(client.keep_warm())
        await asyncio.sleep(9)
        await client.ask(Question(post="bye KO"))
        warming.cancel()
        assert relay.connections == 1


async def test_a_connection_that_is_closed_while_quiet_is_replaced_before_the_next_post(
    server: ModelServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "autoscalper")
    async with a_relay(server.port) as relay, a_client(server.url_at(relay.port)) as client:
        await client.ask(Question(post="bye KO"))
        warming = asyncio.ensure_future(client.keep_warm())
        await asyncio.sleep(2.2)
        relay.cut()
        # This server does not know the models, and says so on the new connection.
        await until(lambda: "error=NotFoundError" in caplog.text, "a small request and its reply")
        await client.ask(Question(post="bye KO"))
        warming.cancel()
        assert relay.connections == 2


async def test_keeping_warm_outlives_a_service_that_is_away() -> None:
    async with a_client("http://127.0.0.1:9/") as client:
        await client.ask(Question(post="bye KO"))
        warming = asyncio.ensure_future(client.keep_warm())
        await asyncio.sleep(0.3)
        assert not warming.done()
        warming.cancel()


async def test_a_connection_that_was_closed_meanwhile_costs_nothing_but_a_new_one(
    server: ModelServer,
) -> None:
    async with a_relay(server.port) as relay, a_client(server.url_at(relay.port)) as client:
        await client.ask(Question(post="bye KO"))
        relay.cut()
        answer = await client.ask(Question(post="bye KO"))
        assert isinstance(answer, Claim)
        assert relay.connections == 2


async def test_a_connection_that_breaks_on_the_way_is_tried_once_more_at_once(
    server: ModelServer,
) -> None:
    async with a_relay(server.port) as relay, a_client(server.url_at(relay.port)) as client:
        await client.ask(Question(post="bye KO"))
        relay.hangs_up_next = True
        answer = await client.ask(Question(post="bye KO"))
        assert isinstance(answer, Claim)
        assert (relay.connections, client.trouble) == (2, "")


async def test_a_model_that_cannot_be_looked_up_is_a_warning_and_no_more(
    server: ModelServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with a_client(server.url) as client:
        await client.warm_up()
    assert "model not looked up" in caplog.text


async def test_asking_costs_less_than_five_milliseconds_of_our_own_time(
    server: ModelServer,
) -> None:
    # The processor's time, so that a busy machine and the stand-in's latency do not count.
    spent = []
    async with a_client(server.url) as client:
        for _ in range(60):
            started = time.process_time()
            await client.ask(Question(post="bye KO"))
            spent.append(time.process_time() - started)
    assert statistics.median(spent) < 0.005


@pytest.mark.parametrize("model", ["claude-haiku-5-5", "claude-other-1"])
async def test_the_model_that_is_set_is_the_one_that_is_asked(model: str) -> None:
    bodies: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        bodies.append(await reader.readexactly(length))
        writer.write(b"HTTP/1.1 401 no\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(hear, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        settings = ParserSettings(
            anthropic_api_key=Secret("key"),
            anthropic_api_url=f"http://127.0.0.1:{port}/",
            llm_model=model,
        )
        client = LlmClient(settings, SystemClock())
        await client.ask(Question(post="bye KO"))
        await client.close()
    assert f'"model":"{model}"'.encode() in bodies[0]
