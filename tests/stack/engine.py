"""The compose stack of a copy of the tree, for tests that break it: a real engine, containers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
#: What the image and the stack are made of.
PARTS = (
    ".dockerignore",
    "autoscalper",
    "compose.yaml",
    "config",
    "docker",
    "requirements",
    "supervisord.conf",
)
#: Set by scripts/test-stack, which looks for an engine first.
WANTED = "AUTOSCALPER_TEST_STACK"
#: The command that starts and stops the engine, set where nobody else uses it.
ENGINE = "STACK_ENGINE"
PATIENCE_SECONDS = 90.0


def is_wanted() -> bool:
    """Return whether somebody asked for tests that need an engine."""
    return bool(os.environ.get(WANTED))


def wait_until(condition: Callable[[], object], what: str, seconds: float = 0) -> float:
    """Return after how many seconds ``condition`` held.

    Raises:
        AssertionError: it did not in time; the message says ``what`` was waited for.
    """
    began = time.monotonic()
    patience = seconds or PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() - began < patience, f"waited {patience:.0f} s for {what}"
        time.sleep(0.2)
    return time.monotonic() - began


class Stack:
    """One compose project in a directory of its own."""

    def __init__(self, directory: Path, name: str, *overrides: Path, **settings: str) -> None:
        """Copy the tree to ``directory`` and write ``settings`` into its .env, if any."""
        self.directory = directory
        self.name = name
        directory.mkdir(exist_ok=True)
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                ignore = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, directory / part, ignore=ignore)
            else:
                shutil.copy2(source, directory / part)
        if settings:
            lines = [f"{key}={value}\n" for key, value in settings.items()]
            (directory / ".env").write_text("".join(lines))
        files = ("compose.yaml", *map(str, overrides))
        self._command = ["docker", "compose", "-p", name]
        for file in files:
            self._command += ["-f", file]

    def compose(self, *arguments: str, check: bool = True, seconds: float = 110) -> str:
        """Return what `docker compose` with ``arguments`` says."""
        return self._run([*self._command, *arguments], check, seconds)

    def docker(self, *arguments: str, check: bool = True) -> str:
        """Return what `docker` with ``arguments`` says."""
        return self._run(["docker", *arguments], check, 60)

    def container(self, service: str) -> str:
        """Return the id of the container of ``service``."""
        return self.compose("ps", "--all", "--quiet", service).strip()

    def inspect(self, service: str, template: str) -> str:
        """Return one fact about the container of ``service``."""
        return self.docker("inspect", "--format", template, self.container(service)).strip()

    def health(self, service: str = "autoscalper") -> str:
        """Return what its healthcheck makes of ``service``."""
        return self.inspect(service, "{{.State.Health.Status}}")

    def inside(self, *command: str, service: str = "autoscalper", check: bool = True) -> str:
        """Return what ``command`` says in the container of ``service``."""
        return self.compose("exec", "--no-TTY", service, *command, check=check)

    def crash(self, service: str) -> None:
        """Kill the main process of ``service`` from outside, as a crash would be."""
        os.kill(int(self.inspect(service, "{{.State.Pid}}")), signal.SIGKILL)

    def restart_engine(self) -> None:
        """Stop the engine and start it, as a reboot of the host would; its command is known."""
        for order in ("down", "up"):
            self._run([os.environ[ENGINE], order], check=True, seconds=120)

    def broker_state(self) -> str:
        """Return what the broker says of itself, nothing while nobody answers."""
        said = self.inside("cat", "/run/autoscalper/broker.heartbeat", check=False)
        if not said.startswith("{"):
            return ""
        return str(json.loads(said)["details"]["state"])

    def pids(self) -> dict[str, str]:
        """Return the process id of each of the bot's processes, inside its container."""
        said = json.loads(self.inside("autoscalper", "status", "--json", check=False))
        return {each["process"]: str(each["pid"]) for each in said if each["pid"]}

    def signal(self, process: str, signum: str) -> None:
        """Send ``signum`` to one of the bot's processes, inside its container."""
        self.inside("sh", "-c", f"kill -{signum} {self.pids()[process]}")

    def post(self, text: str, *more: str) -> dict[str, Any]:
        """Put an alert in and return its outcome."""
        said = self.inside("autoscalper", "post", "--json", *more, text)
        outcome: dict[str, Any] = json.loads(said)
        return outcome

    def orders(self, side: str = "") -> list[dict[str, Any]]:
        """Return the orders of the simulator's ledger."""
        said = self.inside("autoscalper", "sim", "ledger", "--json", service="ib-gateway")
        orders: list[dict[str, Any]] = json.loads(said)["orders"]
        return [each for each in orders if not side or each["side"] == side]

    def trading(self) -> bool:
        """Return whether new alerts would be traded now."""
        return self.broker_state() == "trading"

    def await_trading(self) -> float:
        """Return after how many seconds the broker trades."""
        return wait_until(self.trading, "the broker to trade")

    def down(self) -> None:
        """Remove containers, volumes and network."""
        self.compose("--profile", "*", "down", "--volumes", "--timeout", "20", check=False)

    def _run(self, command: list[str], check: bool, seconds: float) -> str:
        done = subprocess.run(
            command, cwd=self.directory, capture_output=True, text=True, timeout=seconds,
            env={**os.environ, "AUTOSCALPER_VERSION": "test", "TESTS_DIR": str(ROOT / "tests")},
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout
