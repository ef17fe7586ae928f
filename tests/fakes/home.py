"""Real processes of AutoScalper in directories of their own, for tests that kill them."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from autoscalper.runtime import heartbeat

#: Seconds that a condition is waited for before the test fails: as long as a busy machine takes.
PATIENCE_SECONDS = 60.0


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Return as soon as ``condition`` holds.

    Raises:
        AssertionError: it did not in time; the message says ``what`` was waited for.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.005)


async def until(condition: Callable[[], object], what: str) -> None:
    """Do as ``wait_until`` does, and let the event loop turn meanwhile."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        await asyncio.sleep(0.005)


class Home:
    """Directories, an environment and the processes that run in them."""

    def __init__(self, directory: Path) -> None:
        self.run_dir = directory / "run"
        self.data_dir = directory / "data"
        self.log_dir = directory / "logs"
        for each in (self.run_dir, self.data_dir, self.log_dir):
            each.mkdir()
        self.environment: dict[str, str] = {
            "PATH": os.environ["PATH"],
            "RUN_DIR": str(self.run_dir),
            "DATA_DIR": str(self.data_dir),
            "LOG_DIR": str(self.log_dir),
        }
        self.running: dict[str, subprocess.Popen[str]] = {}

    def start(self, process: str, *, module: str = "", **settings: str) -> subprocess.Popen[str]:
        """Start ``process`` and return when it beats.

        ``module`` and its arguments are what runs, if it is not the process's own module.
        """
        (self.run_dir / f"{process}.heartbeat").unlink(missing_ok=True)
        child = self.launch(process, settings, module)
        self.running[process] = child
        wait_until(lambda: self.beats(process) or child.poll() is not None, f"{process} to beat")
        assert child.poll() is None, f"{process} ended with {child.returncode}"
        return child

    def launch(
        self, process: str, settings: Mapping[str, str], module: str = ""
    ) -> subprocess.Popen[str]:
        """Start ``process`` and return at once."""
        with (self.log_dir / f"{process}.out").open("a") as output:
            return subprocess.Popen(
                [sys.executable, "-m", *(module or f"autoscalper.{process}").split()],
                env={**self.environment, **settings},
                stdout=output,
                stderr=subprocess.PIPE,
                text=True,
            )

    def beats(self, process: str) -> bool:
        return heartbeat.read(self.run_dir, process) is not None

    def kill(self, process: str) -> None:
        """End ``process`` without a chance to tidy up."""
        self._end(process, signal.SIGKILL)

    def terminate(self, process: str) -> int:
        """Ask ``process`` to end and return its exit code."""
        return self._end(process, signal.SIGTERM)

    def output(self, process: str) -> str:
        """Return what ``process`` has said on standard output."""
        return (self.log_dir / f"{process}.out").read_text()

    def refused(self, process: str, **settings: str) -> tuple[int, str]:
        """Return exit code and standard error of a ``process`` that does not start."""
        with self.launch(process, settings) as child:
            try:
                _, complaint = child.communicate(timeout=PATIENCE_SECONDS)
            finally:
                child.kill()
        return child.returncode, complaint

    def arm(self, point: str) -> None:
        """Let the next process that reaches ``point`` die there."""
        crash_dir = self.run_dir.parent / "crash"
        crash_dir.mkdir(exist_ok=True)
        self.environment["CRASH_DIR"] = str(crash_dir)
        (crash_dir / point).touch()

    def has_died(self, process: str) -> bool:
        """Return whether ``process`` was killed, and forget it if it was."""
        if self.running[process].poll() is None:
            return False
        child = self.running.pop(process)
        child.communicate()
        return child.returncode == -signal.SIGKILL

    def end(self) -> None:
        """Kill whatever still runs."""
        for process in tuple(self.running):
            self.kill(process)

    def _end(self, process: str, signum: signal.Signals) -> int:
        child = self.running.pop(process)
        child.send_signal(signum)
        child.communicate(timeout=PATIENCE_SECONDS)
        return child.returncode


@contextmanager
def a_home() -> Iterator[Home]:
    """Make a home, and take it down with everything in it."""
    # Not pytest's own directory: the path of a unix socket must be short.
    directory = Path(tempfile.mkdtemp(prefix="as-"))
    home = Home(directory)
    try:
        yield home
    finally:
        home.end()
        shutil.rmtree(directory)
