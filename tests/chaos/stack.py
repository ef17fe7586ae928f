"""The real product, supervised, in a directory of its own, with everything a storm needs of it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from autoscalper.cli.door import Door
from autoscalper.cli.simulator_control import SimulatorControl, SimulatorSilent
from autoscalper.cli.stage import ROOT, Stage, make_environment, usable_port
from autoscalper.links import cli_to_ingest
from autoscalper.runtime import heartbeat
from autoscalper.runtime.link import address_of
from autoscalper.runtime.supervisord import ProcessInfo, SupervisorFailed

if TYPE_CHECKING:
    from tests.chaos.evidence import HandedIn

#: 10:00 in New York on a Wednesday: hours before anything that the time of day brings about.
MORNING = datetime(2026, 3, 18, 14, 0, tzinfo=UTC)
#: Limits so wide that every entry of a storm is taken, and ages so short that outages expire some.
SETTINGS = {
    "SIMULATOR_MARKET": "walk",
    "SIMULATOR_CASH": "10000000",
    "ACCOUNT_BALANCE": "1000000",
    "RISK_PER_TRADE_PERCENT": "50",
    "DAILY_MAX_LOSS_PERCENT": "100",
    "MAX_LOSS_STREAK": "1000",
    "MAX_CONTRACTS": "6",
    "INITIAL_CONTRACTS": "3",
    "MAX_ADDS_PER_TRADE": "3",
    "MAX_OPEN_TRADES": "1000",
    "ENTRY_MAX_AGE_SECONDS": "15",
    "ENTRY_TIMEOUT_SECONDS": "8",
}
#: Behind a label in the crash directory: the process stands still there and does not die.
STOPS = ".stops"
#: Seconds that a condition is waited for, and between two looks.
_PATIENCE_SECONDS = 60.0
_LOOK_SECONDS = 0.02


class Stack:
    """AutoScalper against its simulator. Everything that is done to it is noted with its time."""

    def __init__(
        self,
        directory: Path,
        *,
        settings: Mapping[str, str] | None = None,
        sabotage: str = "",
    ) -> None:
        """Prepare ``directory``; ``sabotage`` names a directory of ``tests/sabotage``."""
        self.directory = directory
        self.crash_dir = directory / "crash"
        self.crash_dir.mkdir(parents=True)
        inherited = dict(os.environ)
        # Python imports what is built in before it puts the working directory on its path.
        built_in = [ROOT / "tests" / "chaos" / "standstill", ROOT]
        if sabotage:
            built_in.insert(1, ROOT / "tests" / "sabotage" / sabotage)
        inherited["PYTHONPATH"] = os.pathsep.join(map(str, built_in))
        chosen = {**SETTINGS, **(settings or {}), "CRASH_DIR": str(self.crash_dir)}
        environment = make_environment(directory, usable_port(0), chosen, inherited)
        self.stage = Stage(directory, environment)
        self.run_dir, self.data_dir = self.stage.run_dir, self.stage.data_dir
        self.log_dir = directory / "logs"
        self.market = SimulatorControl(self.run_dir)
        self._origin = datetime.now(UTC)
        #: Since when, in seconds after the start, the clock is shifted by how much.
        self.shifts: list[tuple[float, timedelta]] = []
        #: The alerts that floors handed in.
        self.handed_in: list[HandedIn] = []
        #: When which process was killed.
        self.kills: list[tuple[float, str]] = []
        #: What else was done to it, in words.
        self.notes: list[tuple[float, str]] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        with ExitStack() as entered:
            entered.enter_context(self.stage)
            self._move_clock(MORNING)
            self.stage.start()
            self._entered = entered.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._entered.__exit__(kind, error, trace)

    def door(self) -> Door:
        """Return a new line to ingest, for one thread."""
        return Door(address_of(cli_to_ingest.NAME, self.run_dir, {}))

    # Time.

    def moment(self) -> float:
        """Return the real seconds since the stack was made."""
        return (datetime.now(UTC) - self._origin).total_seconds()

    def moment_of(self, shown: datetime) -> float:
        """Return the real seconds at which the shared clock showed ``shown``.

        A clock that was put back showed some times twice; the later one is meant.
        """
        ends = [at for at, _ in self.shifts[1:]] + [float("inf")]
        moment = 0.0
        for (begins, shift), end in reversed(list(zip(self.shifts, ends, strict=True))):
            moment = (shown - shift - self._origin).total_seconds()
            if begins <= moment < end:
                return moment
            if moment >= end:
                return end
        return moment

    def jump(self, seconds: float) -> None:
        """Let everybody's clock jump."""
        self._move_clock(self.stage.clock.now() + timedelta(seconds=seconds))

    def _move_clock(self, shown: datetime) -> None:
        self.shifts.append((self.moment(), shown - datetime.now(UTC)))
        self.stage.clock.move_to(shown)

    # Processes.

    def pid(self, process: str) -> int:
        """Return the pid of a process, 0 while it does not run."""
        found = self._supervised(process)
        return found.pid if found else 0

    def supervised_state(self, process: str) -> str:
        """Return supervisord's word for the state of a process."""
        found = self._supervised(process)
        return found.statename if found else ""

    def _supervised(self, process: str) -> ProcessInfo | None:
        try:
            found = self.stage.supervisor.processes()
        except SupervisorFailed:
            return None
        return next((each for each in found if each.name == process), None)

    def signal(self, process: str, signum: signal.Signals) -> int:
        """Send ``signum`` to a process and return its pid, 0 if it does not run."""
        pid = self.pid(process)
        if not pid:
            return 0
        try:
            os.kill(pid, signum)
        except ProcessLookupError:
            return 0
        return pid

    def kill(self, process: str) -> bool:
        """Kill a process and return whether it ran."""
        killed = self.signal(process, signal.SIGKILL) != 0
        if killed:
            self.note_death(process)
        return killed

    def note_death(self, process: str) -> None:
        """Note that a process was killed just now."""
        with self._lock:
            self.kills.append((self.moment(), process))

    def note(self, text: str) -> None:
        """Note what is done just now."""
        self.notes.append((self.moment(), text))

    def arm(self, label: str, *, stops: bool = False) -> Path:
        """Let the next process that reaches ``label`` die there; return the file that says so.

        With ``stops`` it stands still there instead.
        """
        armed = self.crash_dir / (f"{label}{STOPS}" if stops else label)
        armed.touch()
        return armed

    def state(self) -> str:
        """Return what the broker that runs now said of itself last, empty if it said nothing."""
        beat = heartbeat.read(self.run_dir, "broker")
        if beat is None or beat.pid != self.pid("broker"):
            return ""
        return beat.details.get("state", "")

    # The gateway.

    def ask(self, command: str, **arguments: object) -> Any:
        """Return the simulator's answer, asking again while it is away."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                return self.market.ask(command, **arguments)
            except SimulatorSilent as error:
                if _is_refusal(error) or time.monotonic() > deadline:
                    raise
                time.sleep(_LOOK_SECONDS)

    def try_ask(self, command: str, **arguments: object) -> bool:
        """Tell the simulator something, unless it is away; return whether it heard."""
        try:
            self.market.ask(command, **arguments)
        except SimulatorSilent as error:
            if _is_refusal(error):
                raise
            return False
        return True


def _is_refusal(error: SimulatorSilent) -> bool:
    return str(error).startswith("the simulator refused")
