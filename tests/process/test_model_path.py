"""Parser and a stand-in of the model's service that others wrote, as real processes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autoscalper.domain.identity import ChannelId
from autoscalper.domain.instruction import CloseTrade, OpenTrade
from autoscalper.domain.reading import Reader
from autoscalper.links import any_to_alert, parser_to_broker
from autoscalper.links.any_to_alert import OutcomeDecided
from autoscalper.links.parser_to_broker import Message, SignalIssued, TickerMentioned
from autoscalper.runtime import heartbeat
from tests.fakes.home import Home, a_home, until
from tests.fakes.model_servers import ModelServer, a_claim, aimock, error, fixture
from tests.fakes.posts import a_post
from tests.process.test_parser import ENTRY, EXIT, heard, ingest_in_this_process

#: What the grammar is not sure of, and what the model says of it.
UNCLEAR = "KO 72c 3/20 dipping a toe here .80"
CLAIM = a_claim(
    deed="enter", words="dipping a toe", underlying="KO", strike="72", right="call",
    expiry="3/20", price=".80",
)  # fmt: skip
SLOW = UNCLEAR.replace("here", "slowly")


def messages(signals: list[Message]) -> list[str]:
    return [each.post.message_id for each in signals if not isinstance(each, TickerMentioned)]


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    fixtures = [
        fixture("slowly", CLAIM, latencyMs=1500),
        fixture("dipping", CLAIM),
        fixture("PFE", error(529, "overloaded_error")),
        fixture("XOM", a_claim(deed="enter", words="bought", underlying="XOM", strike="1")),
    ]
    with aimock(fixtures) as running:
        yield running


@pytest.fixture
def home(server: ModelServer) -> Iterator[Home]:
    with a_home() as home:
        home.environment |= {"ANTHROPIC_API_KEY": "key", "ANTHROPIC_API_URL": server.url}
        yield home


def details(home: Home) -> dict[str, str]:
    beat = heartbeat.read(home.run_dir, "parser")
    assert beat is not None
    return beat.details


async def test_the_model_reads_the_rest_and_the_guards_what_it_claims(home: Home) -> None:
    async with ingest_in_this_process(home) as posts:
        home.start("parser")
        posts.publish(a_post(UNCLEAR, message_id="1"))
        posts.publish(a_post("PFE 29c", message_id="2", channel_id=ChannelId("8")))
        posts.publish(a_post("XOM 112c", message_id="3", channel_id=ChannelId("9")))
        (signal,) = await heard(home, parser_to_broker.LINK, 1)
        outcomes = await heard(home, any_to_alert.FROM_PARSER, 2)
    assert isinstance(signal, SignalIssued)
    assert (signal.read_by, str(signal.instruction.contract)) == (
        Reader.MODEL,
        "KO 72C 2026-03-20",
    )
    decided = [each for each in outcomes if isinstance(each, OutcomeDecided)]
    told = {str(each.message_id): str(each.outcome) for each in decided}
    assert told["2"] == "ignored: not sure: the model is not available (529)"
    assert told["3"].startswith("ignored: not sure: the model gave")


async def test_an_exit_overtakes_a_slow_reading_and_an_entry_does_not(home: Home) -> None:
    async with ingest_in_this_process(home) as posts:
        home.start("parser")
        posts.publish(a_post(SLOW, message_id="1"))
        posts.publish(a_post(ENTRY, message_id="2"))
        posts.publish(a_post(EXIT, message_id="3"))
        posts.publish(a_post(ENTRY, message_id="4", channel_id=ChannelId("9")))
        signals = await heard(home, parser_to_broker.LINK, 4)
    order = messages(signals)
    assert order == ["3", "4", "1", "2"]
    first = signals[0]
    assert isinstance(first, SignalIssued)
    assert isinstance(first.instruction, CloseTrade)


async def test_the_grammar_answers_before_the_model_is_there(home: Home) -> None:
    async with ingest_in_this_process(home) as posts:
        posts.publish(a_post(ENTRY, message_id="1"))
        home.start("parser")
        (signal,) = await heard(home, parser_to_broker.LINK, 1)
        assert details(home)["model"] == "loading"
        await until(lambda: details(home)["model"] == "ready", "the model")
    assert isinstance(signal, SignalIssued)
    assert isinstance(signal.instruction, OpenTrade)


@pytest.mark.parametrize(
    "point", ["parser-after-commit", "parser-model-before-commit", "parser-model-after-commit"]
)
async def test_a_death_while_the_model_reads_leaves_one_answer_for_each_post(
    home: Home, point: str
) -> None:
    async with ingest_in_this_process(home) as posts:
        home.arm(point)
        home.start("parser")
        posts.publish(a_post(UNCLEAR, message_id="1"))
        await until(lambda: home.has_died("parser"), "parser to die")
        posts.publish(a_post(ENTRY, message_id="2"))
        home.start("parser")
        signals = await heard(home, parser_to_broker.LINK, 2)
    assert messages(signals) == ["1", "2"]


async def test_the_same_question_is_paid_for_once_across_a_restart(
    home: Home, server: ModelServer
) -> None:
    text = UNCLEAR + " again"
    async with ingest_in_this_process(home) as posts:
        home.start("parser")
        posts.publish(a_post(text, message_id="1"))
        await heard(home, parser_to_broker.LINK, 1)
        home.kill("parser")
        home.start("parser")
        posts.publish(a_post(text, message_id="2", channel_id=ChannelId("9")))
        signals = await heard(home, parser_to_broker.LINK, 2)
    assert len(signals) == 2
    assert server.posts_asked().count(text) == 1


async def test_without_a_key_the_grammar_reads_alone_and_says_so_once(home: Home) -> None:
    del home.environment["ANTHROPIC_API_KEY"]
    async with ingest_in_this_process(home) as posts:
        home.start("parser")
        posts.publish(a_post(UNCLEAR, message_id="1"))
        (outcome,) = await heard(home, any_to_alert.FROM_PARSER, 1)
        assert details(home)["model"] == "off"
    assert isinstance(outcome, OutcomeDecided)
    assert str(outcome.outcome).startswith("ignored: not sure")
    assert home.output("parser").count("grammar reads alone") == 1
