"""The demo's day and other people's posts, through every process and the simulated gateway."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from autoscalper.cli.outcomes import Outcomes
from autoscalper.runtime.supervisord import Supervisor
from tests.fakes.home import wait_until

PATIENCE_SECONDS = 100.0


@pytest.fixture
def kept() -> Iterator[Path]:
    parent = Path(tempfile.mkdtemp(prefix="as-"))
    yield parent / "d"
    shutil.rmtree(parent)


def demo(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "autoscalper.cli", "demo", "--once", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(child: subprocess.Popen[str]) -> tuple[int, str, str]:
    said, complained = child.communicate(timeout=PATIENCE_SECONDS)
    return child.returncode, said, complained


def a_day(path: Path, *texts: str, **fields: object) -> Path:
    """Write a file of posts, a minute apart, each with ``fields``."""
    who = {"channel_id": "7", "author_id": "8", "author_name": "Dana"}
    lines = [
        {**who, "message_id": f"m{number}", "text": text, **fields,
         "posted_at": f"2026-03-18T{9 + number // 60:02d}:{number % 60:02d}:00-04:00"}
        for number, text in enumerate(texts)
    ]  # fmt: skip
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_the_demos_day_goes_as_it_should(kept: Path) -> None:
    code, said, complained = ended(demo("--keep", str(kept)))
    assert (code, complained) == (0, "")
    outcomes = Outcomes(kept / "data" / "alert.db")
    broker_log = (kept / "logs" / "broker.jsonl").read_text()
    assert "order sent" in broker_log
    assert "ib_async.Decoder" not in broker_log
    kinds = {each.decided.outcome.kind.value for each in outcomes.all()}
    outcomes.close()
    assert kinds >= {"traded", "denied", "expired", "ignored", "duplicate", "asked"}
    assert "57 posts, 57 outcomes" in said


def test_the_same_day_goes_as_well_through_the_real_discord_client() -> None:
    code, said, complained = ended(demo("--discord"))
    assert (code, complained) == (0, "")
    assert "57 posts, 57 outcomes" in said


def test_the_conversation_of_the_day_is_shown_as_telegram_would() -> None:
    code, said, complained = ended(demo("--telegram"))
    assert (code, complained) == (0, "")
    assert "telegram | DRY RUN SPY 560C Mar 18" in said


def test_a_day_that_goes_wrong_is_told_and_kept_to_look_at(tmp_path: Path) -> None:
    day = a_day(tmp_path / "day.jsonl", "good morning", expect={"kind": "traded"})
    code, said, complained = ended(demo("--replay", str(day)))
    assert code == 1
    directory = Path(said.splitlines()[-1].removeprefix("data and logs are kept in "))
    assert (directory / "data" / "alert.db").exists()
    shutil.rmtree(directory)
    assert complained.startswith("autoscalper: line 1: expected traded, was ignored: ")


def test_other_peoples_posts_are_played_and_what_was_bought_is_listed(tmp_path: Path) -> None:
    day = tmp_path / "posts.jsonl"
    records = [
        {"id": "a2", "room": "r1", "author": "r1.1", "ts": "2026-03-18T10:00:00-04:00",
         "text": "bought IWM 210c 3/20 @ 1.15"},
        {"id": "a1", "room": "r2", "author": "r2.1", "ts": "2026-03-18T09:45:00-04:00",
         "text": "good morning"},
    ]  # fmt: skip
    day.write_text("".join([json.dumps(records[0]), "\n{broken\n", json.dumps(records[1])]))
    code, said, complained = ended(demo("--replay", str(day)))
    assert code == 0
    assert complained.startswith("autoscalper: line 2: ")
    assert "2 posts, 2 outcomes" in said
    (bought,) = [line for line in said.splitlines() if "IWM 210C" in line]
    assert bought.startswith("2026-03-18 14:00  r1 ")


def test_a_process_that_was_restarted_is_told_and_loses_no_post(kept: Path, tmp_path: Path) -> None:
    day = a_day(tmp_path / "day.jsonl", *(f"hello {number}" for number in range(400)))
    child = demo("--keep", str(kept), "--replay", str(day))
    supervisor = Supervisor(kept / "run")
    outcomes = Outcomes(kept / "data" / "alert.db")
    wait_until(lambda: len(outcomes.all()) > 20, "the day to begin")
    outcomes.close()
    os.kill(pid_of("parser", supervisor), signal.SIGKILL)
    code, said, complained = ended(child)
    assert (code, complained) == (1, "autoscalper: parser was restarted\n")
    assert "400 posts, 400 outcomes" in said


def pid_of(name: str, supervisor: Supervisor) -> int:
    return next(each.pid for each in supervisor.processes() if each.name == name)
