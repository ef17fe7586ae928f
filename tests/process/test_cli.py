from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from autoscalper.cli.outcomes import Outcomes
from tests.fakes.home import PATIENCE_SECONDS, Home, a_home, wait_until


@pytest.fixture
def home() -> Iterator[Home]:
    with a_home() as home:
        yield home


def command(home: Home, *arguments: str) -> subprocess.Popen[str]:
    """Start the command as a person does, in the environment of ``home``."""
    return subprocess.Popen(
        [sys.executable, "-m", "autoscalper.cli", *arguments],
        env=home.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def lines(count: int) -> list[str]:
    return [
        json.dumps({"message_id": f"m{number}", "text": f"hello {number}"}) + "\n"
        for number in range(count)
    ]


def wait_until_there_are(count: int, outcomes: Outcomes) -> None:
    wait_until(lambda: len(outcomes.all()) == count, f"{count} outcomes")


def test_a_replay_reports_bad_lines_by_number_and_goes_on(home: Home) -> None:
    home.start("ingest")
    file = home.data_dir / "posts.jsonl"
    file.write_text("".join([*lines(2), "{broken\n", *lines(3)]))
    child = command(home, "replay", str(file), "--speed", "0", "--json")
    said, complained = child.communicate(timeout=PATIENCE_SECONDS)
    assert (child.returncode, json.loads(said)) == (0, {"new": 3, "known": 2, "refused": 1})
    assert complained.startswith("autoscalper: line 3: ")
    assert complained.count("\n") == 1


def test_posts_from_standard_input_go_in_as_they_come(home: Home) -> None:
    for process in ("ingest", "parser", "alert"):
        home.start(process)
    outcomes = Outcomes(home.data_dir / "alert.db")
    child = command(home, "replay", "-")
    assert child.stdin is not None
    for number, line in enumerate(lines(3), start=1):
        child.stdin.write(line)
        child.stdin.flush()
        wait_until_there_are(number, outcomes)
    outcomes.close()
    said, _ = child.communicate(timeout=PATIENCE_SECONDS)
    assert said == "3 posts put in, 0 known before, 0 refused\n"


def test_a_replay_outlives_ingest_and_puts_every_line_in_once(home: Home) -> None:
    posts_in_all = 60
    home.start("ingest")
    child = command(home, "replay", "-")
    assert child.stdin is not None
    for number, line in enumerate(lines(posts_in_all)):
        if number % 20 == 10:
            home.kill("ingest")
        child.stdin.write(line)
        child.stdin.flush()
        if number % 20 == 10:
            home.start("ingest")
    said, _ = child.communicate(timeout=PATIENCE_SECONDS)
    new, known = (int(part.split()[0]) for part in said.split(",")[:2])
    assert new + known == posts_in_all
    home.start("parser")
    home.start("alert")
    outcomes = Outcomes(home.data_dir / "alert.db")
    wait_until_there_are(posts_in_all, outcomes)
    outcomes.close()


def test_a_command_without_supervisord_is_one_line_and_code_one(home: Home) -> None:
    child = command(home, "status")
    said, complained = child.communicate(timeout=PATIENCE_SECONDS)
    assert (child.returncode, said) == (1, "")
    assert complained.startswith("autoscalper: supervisord")
    assert "RUN_DIR" in complained
    assert complained.count("\n") == 1


def test_a_gateway_of_ones_own_starts_answers_and_ends(home: Home) -> None:
    gateway = command(home, "sim", "--port", "0", "--market", "anchored", "--seed", "5")
    home.running["simulator"] = gateway
    wait_until((home.run_dir / "simulator.port").exists, "the gateway to listen")
    armed = command(home, "sim", "fault", "on=placeOrder", "action=drop-after-accept", "--json")
    said, complained = armed.communicate(timeout=PATIENCE_SECONDS)
    assert complained == ""
    assert json.loads(said)["id"] == 1
    refused = command(home, "sim", "quote", "underlying=IWM")
    _, complained = refused.communicate(timeout=PATIENCE_SECONDS)
    assert refused.returncode == 1
    assert complained.startswith("autoscalper: the simulator refused quote: ")
    assert home.terminate("simulator") == 0


def test_a_misspelt_setting_is_one_line_and_code_two(home: Home) -> None:
    home.environment["MAX_CONTRACT"] = "3"
    child = command(home, "status")
    _, complained = child.communicate(timeout=PATIENCE_SECONDS)
    assert child.returncode == 2
    assert "MAX_CONTRACT is not a setting" in complained
    assert complained.count("\n") == 1
