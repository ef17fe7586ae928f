from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xmlrpc.server import SimpleXMLRPCDispatcher, SimpleXMLRPCRequestHandler

import pytest


class FakeSupervisord(socketserver.UnixStreamServer, SimpleXMLRPCDispatcher):
    """A real XML-RPC server on a unix socket that says what a test put into it."""

    logRequests = False

    def __init__(self, path: Path) -> None:
        SimpleXMLRPCDispatcher.__init__(self)
        socketserver.UnixStreamServer.__init__(self, str(path), _Handler)
        self.infos: list[dict[str, Any]] = []
        self.told: list[tuple[Any, ...]] = []
        self.register_function(lambda: self.infos, "supervisor.getAllProcessInfo")
        self.register_function(self._start, "supervisor.startProcess")
        self.register_function(self._signal, "supervisor.signalProcess")

    def runs(self, name: str, *, state: str = "RUNNING", pid: int = 7, up: int = 600) -> None:
        """Have a process, with the keys and types that supervisord 4.3 sends."""
        self.infos.append(
            {
                "name": name,
                "group": name,
                "statename": state,
                "state": 20,
                "pid": pid,
                "start": 1_770_000_000,
                "now": 1_770_000_000 + up,
                "spawnerr": "",
                "exitstatus": 0,
                "description": "",
            }
        )

    def _start(self, name: Any, wait: Any) -> bool:
        if name == "unknown":
            raise ValueError("BAD_NAME")
        self.told.append(("start", name, wait))
        return True

    def _signal(self, name: Any, signum: Any) -> bool:
        self.told.append(("signal", name, signum))
        return True


class _Handler(SimpleXMLRPCRequestHandler):
    # A unix socket has no address to be shown and no delay to be switched off.
    disable_nagle_algorithm = False
    rpc_paths = ()

    def address_string(self) -> str:
        return "unix"


@pytest.fixture
def supervisord(tmp_path: Path) -> Iterator[FakeSupervisord]:
    """Serve ``tmp_path/supervisor.sock``."""
    with FakeSupervisord(tmp_path / "supervisor.sock") as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
