"""What the tests of the simulator share."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.unit.simulator.stand import Stand, StandingClock

#: What ib_async says at ERROR or WARNING of a message that it read well: an error that the gateway
#: sent, the end of an order, the end of a connection.
_HARMLESS = re.compile(
    r"(Error|Warning) -?\d+, reqId|Canceled order|Validation error|Peer closed|Disconnect|"
    r"API connection failed|clientId|\[Errno 104\]|completed orders request timed out|"
    r"open orders request timed out|positions request timed out"
)


class _Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.complaints: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if not _HARMLESS.match(text):
            self.complaints.append(f"{record.name}: {text}")


@pytest.fixture(autouse=True)
def decoders() -> Iterator[None]:
    """Fail a test in which a client library complained about what it was sent."""
    listener = _Listener()
    loggers = [logging.getLogger(name) for name in ("ib_async", "ib_insync")]
    for each in loggers:
        each.addHandler(listener)
    yield
    for each in loggers:
        each.removeHandler(listener)
    assert listener.complaints == []


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def stand(tmp_path: Path, clock: StandingClock) -> Iterator[Stand]:
    stand = Stand(tmp_path, clock)
    yield stand
    stand.close()


@pytest.fixture
async def gateway(stand: Stand) -> AsyncIterator[Stand]:
    """A simulator that listens."""
    await stand.server.listen()
    yield stand
    stand.server.drop()
