"""Whether the connection to the model's service is still there when the next post comes.

A service closes a connection that was quiet for too long, and opening one costs some round trips:
with TLS and the way to the service 100 to 300 ms, at the worst of moments. So a quiet connection is
used before that, as seldom as will do, and one that was closed all the same is replaced at once.
"""

from __future__ import annotations

import re
from typing import Protocol

import httpx2

from autoscalper.runtime.clock import Clock

#: Seconds that a connection may be quiet where the service does not say how long it waits: less
#: than the 60 s of common proxies. Anthropic's own service waits 400 s (measured).
QUIET_SECONDS = 45.0
#: Seconds between two looks at a quiet connection, at most and at least.
LOOK_EVERY_SECONDS, _LEAST_SECONDS = 1.0, 0.1
#: Part of the time that the service says it waits, after which the connection is used again.
_PART = 0.8
#: A service that closes a connection sooner than after so many seconds is not worth the requests.
_SHORTEST_SECONDS = 2.0
_TIMEOUT = re.compile(r"\btimeout=(\d{1,6})\b")


class _Stream(Protocol):
    def get_extra_info(self, info: str) -> object: ...


class Warmth:
    """What is known of the connection that was used last; ``asked`` and ``answered`` are hooks."""

    def __init__(self, clock: Clock) -> None:
        """Know of no connection yet."""
        self._clock = clock
        self._used_at = clock.monotonic()
        self._bearable = QUIET_SECONDS
        self._stream: _Stream | None = None

    async def asked(self, _: httpx2.Request) -> None:
        """Note that a request leaves: what comes now is its answer."""
        self._used_at = self._clock.monotonic()
        self._stream = None

    async def answered(self, response: httpx2.Response) -> None:
        """Keep what ``response`` says of its connection."""
        self._used_at = self._clock.monotonic()
        if response.headers.get("connection", "").lower() == "close":
            return
        self._stream = response.extensions.get("network_stream")
        told = _TIMEOUT.search(response.headers.get("keep-alive", ""))
        if told and int(told[1]) * _PART >= _SHORTEST_SECONDS:
            self._bearable = min(int(told[1]) * _PART, QUIET_SECONDS)

    def is_due(self) -> bool:
        """Return whether a request is worth it now, to keep the connection or to have a new one."""
        quiet = self._clock.monotonic() - self._used_at
        if quiet >= self._bearable:
            return True
        if self._stream is None or not self._stream.get_extra_info("is_readable"):
            return False
        # Nothing was asked, so what can be read is the end.
        self._stream = None
        return quiet >= _SHORTEST_SECONDS

    def next_look_seconds(self) -> float:
        """Return how long to wait before the next look."""
        quiet = self._clock.monotonic() - self._used_at
        return min(max(self._bearable - quiet, _LEAST_SECONDS), LOOK_EVERY_SECONDS)
