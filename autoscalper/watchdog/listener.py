"""supervisord's event protocol: lines and payloads on standard input, answers on standard output.

Described in supervisord's manual, "Event Listener Notification Protocol".
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from typing import IO


async def events(answers: IO[bytes]) -> AsyncIterator[str]:
    """Yield the names of supervisord's events until it closes our standard input.

    An event is answered before it is handed out: supervisord sends one that was not answered
    again, so one that breaks us would break us for ever. Whoever handles it looks at the
    processes anyway, and so loses nothing.
    """
    requests = await _standard_input()
    while True:
        _answer(answers, b"READY\n")
        header = await requests.readline()
        if not header:
            return
        fields = dict(pair.split(":", 1) for pair in header.decode().split())
        await requests.readexactly(int(fields["len"]))
        _answer(answers, b"RESULT 2\nOK")
        yield fields["eventname"]


def take_standard_output() -> IO[bytes]:
    """Return standard output for the protocol alone; whatever else is printed goes to stderr."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


async def _standard_input() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    return reader


def _answer(answers: IO[bytes], text: bytes) -> None:
    answers.write(text)
    answers.flush()
