"""The demo as a person runs it: what stops it, and what it leaves behind."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autoscalper.runtime.supervisord import Supervisor
from tests.fakes.home import wait_until

#: Seconds in which a demo of two posts is over, on a slow machine.
PATIENCE_SECONDS = 60.0
WHO = {"channel_id": "7", "author_id": "8", "author_name": "Dana"}


@pytest.fixture
def kept() -> Iterator[Path]:
    """A short path that does not exist yet, for what the demo keeps."""
    parent = Path(tempfile.mkdtemp(prefix="as-"))
    yield parent / "d"
    shutil.rmtree(parent)


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """A file with two posts of a Wednesday morning."""
    posts = [
        {"message_id": "1", "text": "good morning", "posted_at": "2026-03-18T09:31:00-04:00"},
        {"message_id": "2", "text": "BTO IWM 210c 0DTE @ 0.88",
         "posted_at": "2026-03-18T09:45:00-04:00"},
    ]  # fmt: skip
    file = tmp_path / "day.jsonl"
    file.write_text("".join(json.dumps({**WHO, **post}) + "\n" for post in posts))
    return file


def demo(
    *arguments: str, before: Callable[[], None] | None = None, **environment: str
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "autoscalper.cli", "demo", *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=before,
    )


def ended(child: subprocess.Popen[str]) -> tuple[int, str, str]:
    said, complained = child.communicate(timeout=PATIENCE_SECONDS)
    return child.returncode, said, complained


def processes_in(directory: Path) -> list[int]:
    """Return the processes whose environment names ``directory``."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"RUN_DIR={directory}".encode() in environment.read_bytes():
                found.append(int(environment.parent.name))
        except OSError:
            continue
    return found


def assert_refused(outcome: tuple[int, str, str], complaint: str) -> None:
    code, _, complained = outcome
    assert complaint in complained
    assert complained.startswith("autoscalper: ")
    assert complained.count("\n") == 1
    assert code == 2


def test_a_misspelt_setting_starts_nothing(kept: Path) -> None:
    outcome = ended(demo("--once", "--keep", str(kept), MAX_CONTRACT="3"))
    assert_refused(outcome, "MAX_CONTRACT is not a setting, expected perhaps MAX_CONTRACTS")
    assert not (kept / "run").exists()


def test_a_port_in_use_starts_nothing(kept: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        outcome = ended(demo("--once", "--keep", str(kept), "--port", str(port)))
    assert_refused(outcome, f"port {port} cannot be used")
    assert not kept.exists()


def test_a_directory_that_cannot_be_made_starts_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert_refused(ended(demo("--once", "--keep", str(tmp_path / "file" / "d"))), "file")


def test_a_path_too_long_for_a_socket_leaves_nothing_running(tmp_path: Path) -> None:
    long = tmp_path / ("long" * 25)
    outcome = ended(demo("--once", "--keep", str(long)))
    assert_refused(outcome, "RUN_DIR")
    assert processes_in(long / "run") == []


def test_a_full_disk_leaves_nothing_running(kept: Path) -> None:
    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, 16_384))

    outcome = ended(demo("--once", "--keep", str(kept), before=fill))
    assert_refused(outcome, "disk")
    assert processes_in(kept / "run") == []


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_demo_and_everything_it_started(
    kept: Path, day: Path, signum: signal.Signals
) -> None:
    child = demo("--keep", str(kept), "--replay", str(day))
    said = child.stdout
    assert said is not None
    wait_until(lambda: "Ctrl-C" in said.readline(), "the day to be over")
    assert len(processes_in(kept / "run")) == 7
    states = {each.name: each.statename for each in Supervisor(kept / "run").processes()}
    # A dry run trades a channel on paper as any other.
    assert states.pop("paper") == "STOPPED"
    assert set(states.values()) == {"RUNNING"}
    child.send_signal(signum)
    assert ended(child)[0] == 130
    assert processes_in(kept / "run") == []


def test_a_signal_while_it_starts_leaves_nothing_behind(kept: Path, day: Path) -> None:
    child = demo("--keep", str(kept), "--replay", str(day))
    wait_until(lambda: len(processes_in(kept / "run")) > 3, "some processes to run")
    child.send_signal(signal.SIGINT)
    assert ended(child)[0] == 130
    assert processes_in(kept / "run") == []


def test_a_directory_of_its_own_is_gone_afterwards(day: Path) -> None:
    code, said, _ = ended(demo("--once", "--replay", str(day)))
    assert code == 0
    directory = Path(said.splitlines()[0].removeprefix("starting in "))
    assert str(directory).startswith("/tmp/")
    assert not directory.exists()
