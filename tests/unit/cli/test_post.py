import io
import json

import pytest

from autoscalper.cli.__main__ import main
from tests.fakes.home import Home


def test_a_post_shows_its_outcome(listening: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["post", "good morning everyone"]) == 0
    assert capsys.readouterr().out.startswith("ignored: ")


def test_everything_that_is_said_about_a_post_arrives(
    listening: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["post", "good morning", "--author", "Dana", "--channel", "room", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert (first["author_name"], first["channel_name"]) == ("Dana", "room")
    assert main(["post", "good evening", "--edits", first["message_id"], "--json"]) == 0
    second = json.loads(capsys.readouterr().out)
    assert (second["text"], second["post_id"]) == ("good evening", f"{first['message_id']}.2")


def test_a_post_may_come_from_standard_input_and_need_not_be_waited_for(
    listening: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("good morning"))
    assert main(["post", "-", "--no-wait"]) == 0
    assert capsys.readouterr().out.startswith("by-hand-")


def test_a_post_without_an_outcome_in_time_is_a_no(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.start("ingest")
    assert main(["post", "good morning", "--timeout", "0.3"]) == 1
    assert "has no outcome yet" in capsys.readouterr().err


def test_a_post_that_is_refused_is_a_no(
    listening: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["post", "good morning", "--edits", "77"]) == 1
    assert "message 77 is not known" in capsys.readouterr().err


def test_an_ingest_that_does_not_run_is_one_line_and_code_one(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["post", "good morning", "--timeout", "0.1"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("autoscalper: ingest does not answer")
    assert said.count("\n") == 1
