"""The watchdog under a real supervisord, with programs that give up and hang."""

from __future__ import annotations

import configparser
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.home import wait_until

ROOT = Path(__file__).parent.parent.parent

#: Breaks at every start.
BREAKS = "raise SystemExit(1)"

#: Says at its first start, after a while, that it cannot run; at the next it runs and beats.
REFUSES_AT_FIRST = """
import asyncio, sys, time
from pathlib import Path
from autoscalper.runtime.clock import SystemClock
from autoscalper.runtime.heartbeat import beating

starts = Path("starts")
starts.open("a").write("started\\n")
if len(starts.read_text().splitlines()) < 2:
    time.sleep(1.5)
    sys.exit(2)
asyncio.run(beating("refuses", Path("."), SystemClock(), dict)())
"""

#: Beat for the last time long ago, and hears nothing.
HANGS = """
import os, time
from pathlib import Path
import msgspec
from autoscalper.runtime import heartbeat
from autoscalper.runtime.clock import SystemClock

def hang_here():
    time.sleep(3600)

clock = SystemClock()
beat = heartbeat.Heartbeat(
    process="hangs", pid=os.getpid(), started_at=clock.now(), beat_at=clock.now(),
    monotonic=clock.monotonic() - 100,
)
heartbeat.path_of(Path("."), "hangs").write_bytes(msgspec.json.encode(beat))
hang_here()
"""


def configuration(directory: Path) -> Path:
    """Write the project's own configuration, with other programs."""
    config = configparser.RawConfigParser(inline_comment_prefixes=(";",))
    config.read(ROOT / "supervisord.conf")
    broker = dict(config["program:broker"])
    for section in config.sections():
        if section.startswith("program:"):
            config.remove_section(section)
    for name, script in {"breaks": BREAKS, "refuses": REFUSES_AT_FIRST, "hangs": HANGS}.items():
        (directory / f"{name}.py").write_text(script)
        config[f"program:{name}"] = broker | {
            "command": f"python -X faulthandler {name}.py",
            "directory": str(directory),
            "startretries": "0",
        }
    path = directory / "supervisord.conf"
    with path.open("w") as file:
        config.write(file)
    return path


class Supervised:
    """A supervisord and what it wrote."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.configuration = configuration(directory)
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "RUN_DIR": str(directory),
            "LOG_DIR": str(directory),
            "DATA_DIR": str(directory),
            "REVIVE_AFTER_SECONDS": "1",
        }
        self.output = directory / "output"

    def __enter__(self) -> Supervised:
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                ["supervisord", "-c", str(self.configuration)],
                env=self.environment,
                stdout=output,
                stderr=output,
            )
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def wait_for(self, text: str) -> None:
        wait_until(lambda: text in self.output.read_text(), text)

    def starts(self) -> int:
        return len((self.directory / "starts").read_text().splitlines())

    def state_of(self, program: str) -> str:
        status = subprocess.run(
            ["supervisorctl", "-c", str(self.configuration), "status"],
            env={"PATH": self.environment["PATH"], "RUN_DIR": str(self.directory)},
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        (state,) = (line.split()[1] for line in status.splitlines() if line.startswith(program))
        return state


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    with Supervised(tmp_path) as supervised:
        yield supervised


def test_what_gave_up_is_revived_and_what_hangs_says_where_and_is_started_again(
    supervised: Supervised,
) -> None:
    supervised.wait_for("exited: refuses (exit status 2; expected)")
    supervised.wait_for("process gave up process=refuses")
    supervised.wait_for("process gave up process=breaks")
    supervised.wait_for("process revived process=refuses revivals=1")
    supervised.wait_for("process hangs, aborted process=hangs")
    supervised.wait_for("in hang_here")
    wait_until(lambda: supervised.state_of("refuses") == "RUNNING", "a revived process")
    assert supervised.state_of("hangs") == "RUNNING"
    assert supervised.starts() == 2
    supervised.process.send_signal(signal.SIGTERM)
    assert supervised.process.wait(timeout=60) == 0
    assert "watchdog (exit status 0)" in supervised.output.read_text()
