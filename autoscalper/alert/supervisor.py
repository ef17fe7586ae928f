"""What supervisord says of the processes it runs, asked over its socket. Blocks."""

from __future__ import annotations

import http.client
import xmlrpc.client
from pathlib import Path

import msgspec
from supervisor.xmlrpc import SupervisorTransport


class ProcessState(msgspec.Struct, frozen=True, kw_only=True):
    """One supervised process, as supervisord's ``getAllProcessInfo`` describes it."""

    name: str
    #: RUNNING, STARTING, BACKOFF, STOPPING, STOPPED, EXITED, FATAL or UNKNOWN.
    statename: str
    #: When it was started last and the time of the answer, seconds since 1970.
    start: int
    now: int


def ask(run_dir: Path) -> tuple[ProcessState, ...] | None:
    """Return all processes, None if supervisord does not run or does not answer."""
    transport = SupervisorTransport(None, None, f"unix://{run_dir / 'supervisor.sock'}")
    try:
        server = xmlrpc.client.ServerProxy("http://supervisord", transport=transport)
        answer = server.supervisor.getAllProcessInfo()
    except (OSError, http.client.HTTPException, xmlrpc.client.Error):
        return None
    finally:
        transport.close()
    return msgspec.convert(answer, tuple[ProcessState, ...])
