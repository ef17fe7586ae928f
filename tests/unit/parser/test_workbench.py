from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from autoscalper.parser.scoring import Label, Labelled
from autoscalper.parser.workbench import LookThrough, ReadOne, Said, Score, answer
from autoscalper.runtime.errors import SettingsInvalid
from tests.fakes.model_servers import ModelServer, a_claim, aimock, fixture

WEDNESDAY = date(2026, 3, 18)
MORNING = datetime(2026, 3, 18, 14, 0, tzinfo=UTC)
UNCLEAR = "KO 72c 3/20 dipping a toe here .80"
FIELDS = {
    "deed": "enter",
    "words": "dipping a toe",
    "underlying": "KO",
    "strike": "72",
    "right": "call",
    "expiry": "3/20",
    "price": ".80",
}


def labelled(text: str, event: str, **fields: Any) -> Labelled:
    given: dict[str, Any] = {
        "id": text,
        "text": text,
        "room": "r1",
        "ts": MORNING,
        "label": Label(event=event),
        "acceptable_events": [event],
        "enter_allowed": "no",
        "entry_complete": False,
    }
    return Labelled(**(given | fields))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    with aimock([fixture("dipping", a_claim(**FIELDS))]) as running:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "key")
        monkeypatch.setenv("ANTHROPIC_API_URL", running.url)
        yield running


def test_one_post_is_read_with_its_characters() -> None:
    reply = answer(ReadOne(text="BTO KO 72c 3/20 @ .80", posted_on=WEDNESDAY))
    assert reply["prediction"]["expiry"] == "2026-03-20"
    characters = {each["field"]: each["characters"] for each in reply["evidence"]}
    assert (characters["underlying"], characters["price"]) == ("KO", ".80")
    assert reply["would_ask"] is False


def test_one_post_shows_what_the_model_would_be_asked() -> None:
    reply = answer(ReadOne(text="KO 72c", posted_on=WEDNESDAY))
    assert reply["reading"]["type"] == "Abstained"
    assert (reply["would_ask"], reply["question"]) == (True, {"post": "KO 72c"})


def test_labelled_posts_are_scored_with_their_context_and_by_room() -> None:
    posts = [
        labelled("out", "EXIT", context=["BTO KO 72c 3/20 @ .80"]),
        labelled("good morning", "IGNORE", room="r2"),
    ]
    reply = answer(Score(posts=posts))
    assert reply["figures"]["exits_recall"] == 1.0
    assert {room: each["messages"] for room, each in reply["rooms"].items()} == {"r1": 1, "r2": 1}
    first = reply["predictions"][0]
    assert (first["id"], first["event"], first["underlying"]) == ("out", "EXIT", "KO")
    assert first["us"] > 0


def test_the_model_reads_the_rest_if_it_is_wanted(server: ModelServer) -> None:
    posts = [labelled(UNCLEAR, "NEW"), labelled("KO 72c", "IGNORE")]
    grammar = answer(Score(posts=posts))
    both = answer(Score(posts=posts, with_model=True))
    assert [each["event"] for each in grammar["predictions"]] == [None, None]
    assert [each["event"] for each in both["predictions"]] == ["NEW", "IGNORE"]
    assert (both["asked"], both["unread"]) == (2, 0)
    assert sorted(server.posts_asked()) == ["KO 72c", UNCLEAR]


def test_the_model_is_not_asked_without_a_key() -> None:
    with pytest.raises(SettingsInvalid, match="ANTHROPIC_API_KEY"):
        answer(Score(posts=[], with_model=True))


def test_a_history_is_read_in_its_order_with_its_conversations() -> None:
    def said(number: int, text: str, **fields: Any) -> Said:
        at = MORNING.replace(minute=number)
        return Said(message_id=str(number), author_id="a", text=text, posted_at=at, **fields)

    posts = [
        said(2, "out"),
        said(1, "BTO KO 72c 3/20 @ .80"),
        said(4, "out", reply_to="3"),
        said(3, "BTO PFE 29c 3/20 @ .50"),
        said(5, "good morning"),
    ]
    readings = answer(LookThrough(posts=posts))["readings"]
    assert [each["message_id"] for each in readings] == ["1", "2", "3", "4", "5"]
    assert [each["prediction"].get("underlying") for each in readings] == [
        "KO", "KO", "PFE", "PFE", None,
    ]  # fmt: skip
    assert readings[-1]["reason"]


def run(request: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "autoscalper.parser.workbench"]
    return subprocess.run(command, input=request, capture_output=True, text=True, check=False)


def test_it_is_a_program_with_one_request_and_one_reply() -> None:
    done = run(json.dumps({"type": "read", "text": "gm", "posted_on": "2026-03-18"}))
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["prediction"]["event"] == "IGNORE"


def test_a_request_that_makes_no_sense_is_one_line_and_code_two() -> None:
    done = run(json.dumps({"type": "read", "text": "gm"}))
    assert (done.returncode, done.stdout) == (2, "")
    assert "posted_on" in done.stderr
    assert len(done.stderr.splitlines()) == 1
