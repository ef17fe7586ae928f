"""Talks to the simulator's control socket: one JSON line in, one JSON line out."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import msgspec

#: Seconds that a reply may take.
_PATIENCE_SECONDS = 10.0


class SimulatorSilent(Exception):
    """The simulator cannot be reached, or refused what it was asked."""


class SimulatorControl:
    """A line to the simulator that runs with one RUN_DIR."""

    def __init__(self, run_dir: Path) -> None:
        """Remember where the control socket is."""
        self._path = run_dir / "simulator.sock"

    def ask(self, command: str, **arguments: object) -> Any:
        """Return the result of ``command``, as JSON values.

        Raises:
            SimulatorSilent: it cannot be reached, or says that the command is wrong.
        """
        reply = msgspec.json.decode(self._exchange({"command": command, **arguments}))
        if not reply["ok"]:
            raise SimulatorSilent(f"the simulator refused {command}: {reply['error']}")
        return reply["result"]

    def _exchange(self, request: dict[str, object]) -> bytes:
        try:
            with socket.socket(socket.AF_UNIX) as line, line.makefile("rb") as replies:
                line.settimeout(_PATIENCE_SECONDS)
                line.connect(str(self._path))
                line.sendall(msgspec.json.encode(request) + b"\n")
                reply: bytes = replies.readline()
        except OSError as error:
            raise SimulatorSilent(
                f"the simulator does not answer at {self._path} ({error}); is it running, and is"
                " RUN_DIR the one it runs with?"
            ) from error
        if not reply.endswith(b"\n"):
            raise SimulatorSilent(f"the simulator hung up on {request['command']}")
        return reply
