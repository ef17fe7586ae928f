"""A fresh AutoScalper for a demo: its directories, its environment, its supervisord.

Nothing of it outlives the command that made it: it ends on Ctrl-C, on SIGTERM and at the end.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

import msgspec

import autoscalper
from autoscalper.domain.settings import BY_PROCESS, contradictions
from autoscalper.runtime import config, heartbeat
from autoscalper.runtime.clock import ShiftedClock
from autoscalper.runtime.errors import CannotStart
from autoscalper.runtime.link import address_of
from autoscalper.runtime.supervisord import ProcessInfo, Supervisor, SupervisorFailed

#: Where the clone is that this package belongs to.
ROOT = Path(autoscalper.__file__).resolve().parent.parent

#: Seconds in which all processes must have started.
_START_SECONDS = 60.0
#: Seconds in which supervisord must have ended: more than all its stopwaitsecs together.
_STOP_SECONDS = 95.0
_LOOK_SECONDS = 0.05
#: A line with which a process says that it cannot start as it is set up.
_COMPLAINT = re.compile(r"^autoscalper: (.*)$", re.MULTILINE)
#: The longest name of a socket in RUN_DIR: supervisord binds its own with its pid behind it.
_LONGEST_SOCKET = "supervisor.sock.4194304"
#: Processes of a demo, and what broker says of itself when it may trade.
_PROCESSES = ("simulator", "alert", "broker", "parser", "ingest")
_READY = "trading"
#: Signals that end a demo.
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stage:
    """Runs all processes against the simulated gateway, under a clock that the demo moves."""

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        """Set the stage in ``directory`` with ``environment`` for the processes.

        Raises:
            CannotStart: the path of the directory is too long for sockets.
        """
        self.directory = directory
        self.run_dir = directory / "run"
        self.data_dir = directory / "data"
        self.alert_store = self.data_dir / "alert.db"
        self._output = directory / "logs" / "supervisord.log"
        address_of(_LONGEST_SOCKET, self.run_dir, {})
        for each in (self.run_dir, self.data_dir, self._output.parent):
            each.mkdir(parents=True, exist_ok=True)
        self.clock = ShiftedClock(self.run_dir / "clock")
        self.supervisor = Supervisor(self.run_dir)
        self._environment = environment
        self._child: subprocess.Popen[bytes] | None = None
        self._started: dict[str, ProcessInfo] = {}

    def __enter__(self) -> Self:
        self._handlers = {signum: signal.signal(signum, _interrupt) for signum in _ENDING}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A second Ctrl-C must not leave half of it running.
        for signum in _ENDING:
            signal.signal(signum, signal.SIG_IGN)
        self.stop()
        for signum, handler in self._handlers.items():
            signal.signal(signum, handler)

    def start(self, more: Mapping[str, str] = MappingProxyType({})) -> None:
        """Start everything, with ``more`` settings, and return when broker may trade.

        Raises:
            CannotStart: a process cannot start as it is set up, or did not in time.
        """
        configuration = ROOT / "supervisord.conf"
        if not configuration.exists():
            raise CannotStart(f"{configuration} is missing; run the demo from a clone")
        command = (sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(configuration))
        # Appending: the processes write to the same file through offsets of their own.
        with self._output.open("ab") as output:
            self._child = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**self._environment, **more},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._await_trading()
        self._started = {each.name: each for each in self.supervisor.processes()}

    def stop(self) -> None:
        """End every process that was started, the patient way first."""
        child = self._child
        if child is None:
            return
        self._child = None
        try:
            self.supervisor.stop_all()
        except SupervisorFailed:
            pass
        child.terminate()
        try:
            child.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()

    def trades_known(self) -> int | None:
        """Return how many open trades broker last said it knows of, None if it never did."""
        beat = heartbeat.read(self.run_dir, "broker")
        trades = None if beat is None else beat.details.get("open_trades")
        return None if trades is None else int(trades)

    def restarted(self) -> tuple[str, ...]:
        """Return the processes that are not the ones that were started."""
        return tuple(
            process.name
            for process in self.supervisor.processes()
            if process.pid != self._started[process.name].pid
        )

    def _await_trading(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._is_trading():
            self._look_for_complaints()
            if time.monotonic() > deadline:
                raise CannotStart(
                    f"not ready after {_START_SECONDS:.0f} s; read {self._output.parent}"
                )
            time.sleep(_LOOK_SECONDS)

    def _is_trading(self) -> bool:
        beats = {name: heartbeat.read(self.run_dir, name) for name in _PROCESSES}
        broker = beats["broker"]
        ready = broker is not None and broker.details.get("state") == _READY
        return ready and all(beat is not None for beat in beats.values())

    def _look_for_complaints(self) -> None:
        assert self._child is not None
        said = self._output.read_text(errors="replace")
        complaint = _COMPLAINT.search(said)
        if complaint:
            raise CannotStart(complaint[1])
        if self._child.poll() is not None:
            raise CannotStart(f"supervisord ended: {' '.join(said.split()) or 'it said nothing'}")


def make_directory(kept: Path | None) -> Path:
    """Return a fresh directory for a stage: ``kept``, or one of its own in the temporary ones.

    Raises:
        CannotStart: ``kept`` holds something already.
    """
    if kept is None:
        return Path(tempfile.mkdtemp(prefix="autoscalper-"))
    if kept.exists() and any(kept.iterdir()):
        raise CannotStart(f"{kept} is not empty; name a directory that is new or empty")
    kept.mkdir(parents=True, exist_ok=True)
    return kept.resolve()


def remove_directory(directory: Path) -> None:
    """Remove what ``make_directory`` made."""
    shutil.rmtree(directory, ignore_errors=True)


def make_environment(
    directory: Path,
    port: int,
    chosen: Mapping[str, str],
    inherited: Mapping[str, str],
) -> dict[str, str]:
    """Return the environment of a stage's processes.

    The person's own settings and secrets stay out of it; ``chosen`` are the demo's. What looks
    like a misspelt setting is kept and refused by name.

    Raises:
        SettingsInvalid: a process would not start with it.
    """
    own = {name.upper() for each in BY_PROCESS.values() for name in _fields(each)}
    environment = {name: value for name, value in inherited.items() if name not in own}
    environment |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{inherited.get('PATH', os.defpath)}",
        "LOG_DIR": str(directory / "logs"),
        "DATA_DIR": str(directory / "data"),
        "RUN_DIR": str(directory / "run"),
        "CLOCK_FILE": str(directory / "run" / "clock"),
        "CONFIG_FILE": os.devnull,
        "DRY_RUN": "true",
        "SIMULATOR_PORT": str(port),
        "SIMULATOR_AUTOSTART": "true",
        "PAPER_AUTOSTART": "false",
        **chosen,
    }
    for settings in BY_PROCESS.values():
        config.load(
            settings,
            known=BY_PROCESS.values(),
            contradictions=contradictions,
            environment=environment,
        )
    return environment


def usable_port(wanted: int) -> int:
    """Return ``wanted``, or a free port for 0.

    Raises:
        CannotStart: ``wanted`` is taken.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError as error:
            raise CannotStart(
                f"port {wanted} cannot be used ({error.strerror}); leave --port out, or stop what"
                " listens there"
            ) from error
        port: int = probe.getsockname()[1]
        return port


def _fields(settings: type[msgspec.Struct]) -> tuple[str, ...]:
    return settings.__struct_fields__


def _interrupt(signum: int, frame: object) -> None:
    raise KeyboardInterrupt
