from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

#: A listener that says which events it saw, and prints what must not reach supervisord.
LISTENER = """
import asyncio, sys
from autoscalper.watchdog import listener

async def main():
    answers = listener.take_standard_output()
    print("a stray line", flush=True)
    async for event in listener.events(answers):
        sys.stderr.write(f"saw {event}\\n")
        sys.stderr.flush()
        if event == "BREAK":
            raise ZeroDivisionError

asyncio.run(main())
"""


@pytest.fixture
def listener() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [sys.executable, "-c", LISTENER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        yield process
        process.kill()


def tell(process: subprocess.Popen[bytes], event: str, payload: bytes) -> None:
    header = (
        f"ver:3.0 server:autoscalper serial:21 pool:watchdog poolserial:10"
        f" eventname:{event} len:{len(payload)}\n"
    )
    assert process.stdin is not None
    process.stdin.write(header.encode() + payload)
    process.stdin.flush()


def answer(process: subprocess.Popen[bytes], length: int) -> bytes:
    assert process.stdout is not None
    return process.stdout.read(length)


def test_events_are_answered_one_by_one_and_nothing_else_is_said(
    listener: subprocess.Popen[bytes],
) -> None:
    for event, payload in [("TICK_5", b"when:1763818500"), ("SUPERVISOR_STATE_CHANGE", b"")]:
        assert answer(listener, 6) == b"READY\n"
        tell(listener, event, payload)
        assert answer(listener, 11) == b"RESULT 2\nOK"
    assert answer(listener, 6) == b"READY\n"
    rest, errors = listener.communicate(timeout=30)
    assert rest == b""
    assert errors.decode().splitlines() == [
        "a stray line",
        "saw TICK_5",
        "saw SUPERVISOR_STATE_CHANGE",
    ]
    assert listener.returncode == 0


def test_an_event_that_breaks_us_was_answered_before(listener: subprocess.Popen[bytes]) -> None:
    assert answer(listener, 6) == b"READY\n"
    tell(listener, "BREAK", b"payload")
    said, errors = listener.communicate(timeout=30)
    assert said == b"RESULT 2\nOK"
    assert b"ZeroDivisionError" in errors
