"""What supervisord says of the processes it runs."""

from __future__ import annotations

import http.client
import xmlrpc.client
from pathlib import Path

import msgspec
from supervisor.xmlrpc import SupervisorTransport


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """One supervised process, as supervisord's ``getAllProcessInfo`` describes it."""

    name: str
    #: ``RUNNING``, ``STARTING``, ``BACKOFF``, ``STOPPED``, ``EXITED``, ``FATAL``, ...
    statename: str
    #: 0 while there is none.
    pid: int
    #: Seconds since 1970 at which the present or last run began.
    start: int
    #: Exit code of the last run that ended, 0 before any did.
    exitstatus: int
    description: str


class SupervisorSilent(Exception):
    """Supervisord cannot be reached."""


class Supervisor:
    """A line to the supervisord that runs with one RUN_DIR."""

    def __init__(self, run_dir: Path) -> None:
        """Remember where supervisord's socket is."""
        self._address = f"unix://{run_dir / 'supervisor.sock'}"

    def processes(self) -> tuple[Process, ...]:
        """Return all processes.

        Raises:
            SupervisorSilent: supervisord does not run or does not answer.
        """
        return msgspec.convert(self._call("getAllProcessInfo"), tuple[Process, ...])

    def stop_all(self) -> None:
        """Stop all processes, side by side, and return when they have ended.

        Raises:
            SupervisorSilent: supervisord does not run or does not answer.
        """
        self._call("stopAllProcesses")

    def _call(self, method: str) -> object:
        transport = SupervisorTransport(None, None, self._address)
        try:
            server = xmlrpc.client.ServerProxy("http://supervisor", transport=transport)
            return getattr(server.supervisor, method)()
        except (OSError, http.client.HTTPException, xmlrpc.client.Error) as error:
            raise SupervisorSilent(f"supervisord does not answer at {self._address}") from error
        finally:
            transport.close()
