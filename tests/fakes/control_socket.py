"""A stand-in for the simulator's control socket that says what a test tells it to."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Answer = Callable[[dict[str, Any]], Any]


class Refused(Exception):
    """Raised by an answer: the command is wrong."""


@contextmanager
def a_control_socket(run_dir: Path, answer: Answer) -> Iterator[list[dict[str, Any]]]:
    """Serve ``run_dir/simulator.sock`` with the results of ``answer``; yield what was asked."""
    asked: list[dict[str, Any]] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            for line in self.rfile:
                request = json.loads(line)
                asked.append(request)
                self.wfile.write(json.dumps(_reply(request)).encode() + b"\n")

    def _reply(request: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"sequence": len(asked), "ok": True, "result": answer(request)}
        except Refused as refused:
            return {"sequence": len(asked), "ok": False, "error": str(refused)}

    with socketserver.ThreadingUnixStreamServer(str(run_dir / "simulator.sock"), Handler) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        yield asked
        server.shutdown()
        serving.join()
