"""supervisord's XML-RPC over its unix socket: the one file that touches it."""

from __future__ import annotations

import http.client
import socket
import xmlrpc.client
from pathlib import Path
from typing import Any

import msgspec

from autoscalper.runtime.errors import AutoScalperError

#: Seconds to wait for an answer; supervisord answers in milliseconds or is in trouble.
TIMEOUT_SECONDS = 5.0
#: Seconds to wait until all processes have ended: more than the longest stopwaitsecs.
STOP_SECONDS = 30.0


class SupervisorFailed(AutoScalperError):
    """supervisord did not answer, or refused."""


class ProcessInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What supervisord knows about one of its processes."""

    name: str
    #: RUNNING, STARTING, BACKOFF, STOPPING, STOPPED, EXITED, FATAL or UNKNOWN.
    statename: str
    #: 0 while it does not run.
    pid: int
    #: When it was started last and the time of the answer, seconds since 1970.
    start: int
    now: int
    #: Exit code of the last run that ended, 0 before any did.
    exitstatus: int
    #: The state in words for people.
    description: str


class Supervisor:
    """Asks supervisord about its processes and tells it what to do with them. Blocks."""

    def __init__(self, run_dir: Path) -> None:
        """Use the supervisord that runs with ``run_dir``."""
        self._path = str(run_dir / "supervisor.sock")

    def processes(self) -> tuple[ProcessInfo, ...]:
        """Return all processes, event listeners included.

        Raises:
            SupervisorFailed: no answer.
        """
        return msgspec.convert(self._call("getAllProcessInfo"), tuple[ProcessInfo, ...])

    def start(self, name: str) -> None:
        """Start process ``name`` without waiting until it runs.

        Raises:
            SupervisorFailed: no answer, or the process is not stopped.
        """
        self._call("startProcess", name, False)

    def signal(self, name: str, signum: str) -> None:
        """Send ``signum``, a name such as ``KILL``, to process ``name``.

        Raises:
            SupervisorFailed: no answer, or the process does not run.
        """
        self._call("signalProcess", name, signum)

    def stop_all(self) -> None:
        """Stop all processes side by side and return when they have ended.

        Raises:
            SupervisorFailed: no answer.
        """
        self._call("stopAllProcesses", seconds=STOP_SECONDS)

    def _call(self, method: str, *arguments: object, seconds: float | None = None) -> Any:
        transport = _UnixTransport(self._path, TIMEOUT_SECONDS if seconds is None else seconds)
        try:
            # The host is never looked up; the transport knows where to connect.
            with xmlrpc.client.ServerProxy("http://supervisord", transport=transport) as proxy:
                return getattr(proxy.supervisor, method)(*arguments)
        except (OSError, http.client.HTTPException, xmlrpc.client.Error) as error:
            raise SupervisorFailed(f"supervisord at {self._path}: {method}: {error}") from error


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, seconds: float) -> None:
        super().__init__("supervisord")
        self._path = path
        self._seconds = seconds

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self._seconds)
        self.sock.connect(self._path)


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: str, seconds: float) -> None:
        super().__init__()
        self._path = path
        self._seconds = seconds

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        connection = _UnixConnection(self._path, self._seconds)
        # Where the base class looks for the connection that it closes.
        self._connection = host, connection
        return connection
