from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from autoscalper.cli.__main__ import main


def record(post_id: str, text: str, event: str, **label: Any) -> dict[str, Any]:
    is_entry = event == "NEW"
    return {
        "id": post_id,
        "room": "kiosk" if is_entry else "lobby",
        "author": "a",
        "ts": "2026-03-18T10:00:00-04:00",
        "text": text,
        "context": [],
        "label": {"event": event, **label},
        "ambiguous": False,
        "acceptable_events": [event],
        "enter_allowed": "yes" if is_entry else "no",
        "entry_complete": is_entry,
        "context_contract": None,
    }


POSTS = [
    record(
        "1", "BTO KO 72c 3/20 @ .80", "NEW", underlying="KO", direction="CALL", strike=72,
        expiry_iso="2026-03-20", price=0.8,
    ),
    record("2", "all out of KO", "EXIT", underlying="KO"),
    record("3", "good morning", "IGNORE"),
]  # fmt: skip


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    path = tmp_path / "labelled.jsonl"
    path.write_text("\n".join(json.dumps(each) for each in POSTS) + "\n\n")
    return path


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "export.json"
    author = {"id": "8", "name": "dana"}
    messages = [
        {"id": "11", "timestamp": "2026-03-18T14:00:00+00:00", "author": author,
         "content": "BTO KO 72c 3/20 @ .80"},
        {"id": "12", "timestamp": "2026-03-18T14:05:00+00:00", "author": author,
         "content": "out"},
        {"id": "13", "timestamp": "2026-03-18T14:06:00+00:00", "author": author,
         "content": "PFE 29c"},
    ]  # fmt: skip
    path.write_text(json.dumps({"channel": {"id": "7", "name": "kiosk"}, "messages": messages}))
    return path


def test_the_figures_are_told_for_all_and_for_each_room(
    labelled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", str(labelled)]) == 0
    shown = capsys.readouterr().out
    assert "exact_entry_rate      100.0 %" in shown
    assert "kiosk" in shown and "lobby" in shown


def test_json_has_the_figures_by_their_names(
    labelled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", str(labelled), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["exact_entry_rate"], figures["exits_recall"]) == (1.0, 1.0)
    assert figures["rooms"]["lobby"]["exact_entry_rate"] is None


def test_the_readings_can_be_written_for_another_scorer(labelled: Path, tmp_path: Path) -> None:
    out = tmp_path / "readings.jsonl"
    assert main(["eval", str(labelled), "--predictions", str(out)]) == 0
    first, second, third = (json.loads(line) for line in out.read_text().splitlines())
    assert (first["id"], first["event"], first["strike"]) == ("1", "NEW", 72)
    assert (second["event"], third["event"], third["abstain"]) == ("EXIT", "IGNORE", False)


def test_a_history_is_shown_as_it_would_be_read(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", "--unlabelled", str(export)]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[2].startswith("2026-03-18 10:00")
    assert "3 posts: 1 EXIT, 1 NEW, 1 not sure" in shown[-1]


def test_a_history_as_json_is_one_line_for_each_post(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "readings.jsonl"
    command = ["eval", "--unlabelled", str(export), "--json", "--predictions", str(out)]
    assert main(command) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["prediction"].get("underlying") for each in lines] == ["KO", "KO", None]
    assert lines[1]["text"] == "out"
    assert len(out.read_text().splitlines()) == 3


def test_a_line_that_is_no_json_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text(json.dumps(POSTS[0]) + "\nnonsense\n")
    assert main(["eval", str(path)]) == 2
    assert "line 2" in capsys.readouterr().err


def test_a_record_that_lacks_something_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "short.jsonl"
    path.write_text('{"id": "1"}\n')
    assert main(["eval", str(path)]) == 1
    assert "ts" in capsys.readouterr().err


def test_the_model_is_not_asked_without_a_key(
    labelled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", str(labelled), "--llm"]) == 1
    assert "ANTHROPIC_API_KEY" in capsys.readouterr().err
