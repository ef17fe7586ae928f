"""Stand-ins for the Messages API that others wrote, as processes on a port of this machine.

``@copilotkit/aimock`` (npm) answers from fixtures, and ``llmock`` (PyPI) from a scenario that a
test hands in. A machine without them skips the tests that need them.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.home import wait_until

AIMOCK = "@copilotkit/aimock@1.43.0"
_NOTHING: dict[str, Any] = {
    "deed": "nothing",
    "words": "",
    **dict.fromkeys(
        ("underlying", "strike", "right", "expiry", "price", "average", "fraction", "quantity")
    ),
    "stop": None,
    "targets": [],
}


def a_claim(**fields: Any) -> str:
    """Return the text of an answer; ``fields`` replace those of an answer that sees nothing."""
    return json.dumps(_NOTHING | fields)


def fixture(post: str, response: dict[str, Any] | str, **chaos: Any) -> dict[str, Any]:
    """Return aimock's answer to posts that contain ``post``; a text is an answer's content."""
    body = {"content": response} if isinstance(response, str) else response
    found: dict[str, Any] = {"match": {"userMessage": post}, "response": body}
    return found | ({"chaos": chaos} if chaos else {})


def error(status: int, kind: str, **fields: Any) -> dict[str, Any]:
    """Return aimock's response with an error."""
    return {"error": {"message": kind, "type": kind}, "status": status, **fields}


class ModelServer:
    """A running stand-in."""

    def __init__(self, port: int, path: str) -> None:
        self.port = port
        self._path = path

    @property
    def url(self) -> str:
        """Return what ANTHROPIC_API_URL has to be."""
        return self.url_at(self.port)

    def url_at(self, port: int) -> str:
        """Return the same through a relay at ``port``."""
        return f"http://127.0.0.1:{port}/{self._path}"

    def get(self, path: str) -> Any:
        """Return what the stand-in says of itself."""
        return _request(f"http://127.0.0.1:{self.port}/{path}", None)

    def post(self, path: str, body: object) -> None:
        """Tell the stand-in what to do."""
        _request(f"http://127.0.0.1:{self.port}/{path}", json.dumps(body).encode())

    def posts_asked(self) -> list[str]:
        """Return the posts that aimock was asked about, warm-ups left out."""
        asked = [
            json.loads(entry["body"]["messages"][-1]["content"])["post"]
            for entry in self.get("__aimock/journal")
            if entry["path"] == "/v1/messages" and entry["body"]
        ]
        return [post for post in asked if post != "good morning"]


@contextmanager
def aimock(fixtures: Sequence[dict[str, Any]]) -> Iterator[ModelServer]:
    """Run aimock with ``fixtures``; the first that fits answers, anything else sees nothing."""
    command = _installed_aimock()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "fixtures.json"
        catch_all = {"match": {}, "response": {"content": a_claim()}}
        path.write_text(json.dumps({"fixtures": [*fixtures, catch_all]}))
        port = _free_port()
        arguments = ["-p", str(port), "-f", str(path), "--log-level", "silent"]
        with _running([command, *arguments], port):
            yield ModelServer(port, "")


@contextmanager
def llmock() -> Iterator[ModelServer]:
    """Run llmock; it does what is posted to ``_llmock/scenario``."""
    beside = Path(sys.executable).with_name("llmock")
    command = str(beside) if beside.exists() else os.environ.get("LLMOCK", "")
    if not command:
        pytest.skip("llmock is not installed")
    port = _free_port()
    with _running([command, "serve", "--port", str(port), "--response-style", "static"], port):
        yield ModelServer(port, "anthropic/")


@functools.cache
def _installed_aimock() -> str:
    if shutil.which("npm") is None:
        pytest.skip("npm is not there to install aimock")
    directory = tempfile.mkdtemp(prefix="aimock-")
    atexit.register(shutil.rmtree, directory)
    done = subprocess.run(
        ["npm", "install", "--prefix", directory, "--silent", "--no-audit", "--no-fund", AIMOCK],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.skip(f"npm cannot install aimock: {done.stderr.strip()[-200:]}")
    # Its older name; `aimock` wants a configuration file.
    return str(Path(directory) / "node_modules" / ".bin" / "llmock")


@contextmanager
def _running(command: Sequence[str], port: int) -> Iterator[None]:
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: _is_open(port), f"{command[0]} to listen")
        yield
    finally:
        server.terminate()
        server.wait(10)


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _request(url: str, body: bytes | None) -> Any:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.loads(reply.read() or b"null")
