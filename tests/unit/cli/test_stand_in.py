import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from autoscalper.cli.outcomes import Outcomes
from autoscalper.cli.stage import ROOT
from autoscalper.cli.stand_in import StandIn, a_stand_in, await_listener
from autoscalper.domain.identity import PostId
from autoscalper.links.any_to_alert import OutcomeDecided
from autoscalper.links.cli_to_ingest import TakePost
from autoscalper.runtime.errors import CannotStart
from tests.fakes.home import Home


def line(**fields: str) -> str:
    who = {"channel_id": "71", "author_id": "8", "author_name": "Dana"}
    return json.dumps({**who, "posted_at": "2026-03-18T09:45:00-04:00", **fields})


@pytest.fixture
def stand_in(home: Home) -> Iterator[StandIn]:
    with a_stand_in(ROOT, home.run_dir, [line(text="hello")]) as stand_in:
        for process in ("ingest", "parser", "alert"):
            home.start(process, **stand_in.environment)
        await_listener(home.run_dir)
        yield stand_in


@pytest.fixture
def outcomes(home: Home) -> Iterator[Outcomes]:
    outcomes = Outcomes(home.data_dir / "alert.db")
    yield outcomes
    outcomes.close()


def put_in(stand_in: StandIn, **fields: str) -> PostId:
    taken = stand_in.hand_in(TakePost(line=line(**fields), number=1))
    assert taken.is_new
    return taken.post_id


def outcome_of(post_id: PostId, outcomes: Outcomes) -> OutcomeDecided:
    decided = outcomes.wait_for(post_id, patience_seconds=20)
    assert decided is not None
    return decided


def test_what_is_written_is_heard_with_its_author_and_its_time(
    stand_in: StandIn, outcomes: Outcomes
) -> None:
    decided = outcome_of(put_in(stand_in, message_id="a", text="good morning"), outcomes)
    assert (decided.text, decided.author_name) == ("good morning", "Dana")
    assert decided.posted_at.isoformat() == "2026-03-18T13:45:00+00:00"


def test_edits_and_deletions_are_the_next_versions(stand_in: StandIn, outcomes: Outcomes) -> None:
    first = put_in(stand_in, message_id="a", text="good morning")
    outcome_of(first, outcomes)
    second = put_in(stand_in, edits="a", text="good evening")
    assert outcome_of(second, outcomes).text == "good evening"
    third = put_in(stand_in, deletes="a")
    assert outcome_of(third, outcomes).understood == "deleted"
    message_id = first.rpartition(".")[0]
    assert [first, second, third] == [f"{message_id}.{version}" for version in (1, 2, 3)]


def test_a_reply_names_what_it_replies_to(stand_in: StandIn, outcomes: Outcomes) -> None:
    put_in(stand_in, message_id="a", text="good morning")
    reply = put_in(stand_in, message_id="b", text="same to you", reply_to="a")
    assert "good morning" in outcome_of(reply, outcomes).text


def test_what_the_stand_in_refuses_is_told(stand_in: StandIn) -> None:
    with pytest.raises(CannotStart, match="refused"):
        put_in(stand_in, message_id="a", text="x", channel_id="72")


def test_a_stand_in_that_is_not_there_cannot_be_started(home: Home, tmp_path: Path) -> None:
    starting = a_stand_in(tmp_path, home.run_dir, [line(text="hello")])
    with pytest.raises(CannotStart, match="from a clone"), starting:
        raise AssertionError("expected no stand-in")
