"""Shows the demo's conversation in a stand-in for Telegram, and sends what the user types."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from autoscalper.runtime.errors import CannotStart

#: Seconds that the stand-in may take to end once nobody writes to it any more.
_END_SECONDS = 5.0


@contextmanager
def a_chat(
    root: Path, show: Callable[[str], None], typed: IO[str] | None
) -> Iterator[Mapping[str, str]]:
    """Run a stand-in from the clone in ``root`` and yield the settings with which alert uses it.

    Every line of the conversation goes to ``show``. Lines of ``typed`` that begin with ``/`` are
    the user's commands, and ``!Yes`` presses the newest button of that name.

    Raises:
        CannotStart: it does not listen.
    """
    command = (sys.executable, "-m", "tests.fakes.telegram_server")
    # A session of its own: Ctrl-C must not take it away before its client.
    child = subprocess.Popen(
        command,
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert child.stdin is not None and child.stdout is not None
    try:
        settings = child.stdout.readline()
        if not settings:
            raise CannotStart("the stand-in for Telegram does not start; run the demo from a clone")
        _forward(child.stdout, lambda line: show(line.rstrip("\n")))
        if typed is not None:
            _forward(typed, lambda line: _type(child.stdin, line))
        yield dict(setting.split("=", 1) for setting in settings.split())
    finally:
        child.stdin.close()
        child.wait(_END_SECONDS)
        child.stdout.close()


def _forward(lines: IO[str], take: Callable[[str], None]) -> None:
    def go() -> None:
        for line in lines:
            take(line)

    threading.Thread(target=go, daemon=True).start()


def _type(stdin: IO[str] | None, line: str) -> None:
    if stdin is not None and not stdin.closed:
        stdin.write(line)
        stdin.flush()
