"""The stand-in's REST calls: who am I, and a channel's history; everything else is not there."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict, deque
from dataclasses import dataclass

import msgspec
from aiohttp import web

from tests.fakes.discord_server.world import ME, World


@dataclass
class Trouble:
    """Answers that the next ``times`` requests get in place of the right one."""

    status: int
    times: int
    retry_after: float = 0.0


class Rest:
    """Answers the calls that a reader makes, within a rate, and fails as told."""

    def __init__(self, world: World, token: str) -> None:
        """Serve ``world`` to who knows ``token``."""
        self._world = world
        self._token = token
        #: Method and path of what was asked, and how often.
        self.asked: Counter[str] = Counter()
        self.refuse_token = False
        self.trouble: Trouble | None = None
        #: Seconds that every answer takes longer.
        self.delay_seconds = 0.0
        #: Channels whose history may not be read.
        self.forbidden: set[str] = set()
        #: Requests per channel and seconds; None: as many as you like.
        self.rate_limit: tuple[int, float] | None = None
        self.limited = 0
        self._recent: defaultdict[str, deque[float]] = defaultdict(deque)

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request."""
        self.asked[f"{request.method} {request.path}"] += 1
        await asyncio.sleep(self.delay_seconds)
        if self.refuse_token or request.headers.get("Authorization") != self._token:
            return _json(401, {"message": "401: Unauthorized", "code": 0})
        if self.trouble is not None and self.trouble.times > 0:
            return self._troubled(self.trouble)
        if request.path.endswith("/users/@me"):
            return _json(200, ME)
        if request.path.endswith("/messages") and request.method == "GET":
            return self._history(request)
        return _json(404, {"message": "404: Not Found", "code": 0})

    def _troubled(self, trouble: Trouble) -> web.Response:
        trouble.times -= 1
        if trouble.status == 429:
            return self._limited(trouble.retry_after)
        return _json(trouble.status, {"message": "trouble", "code": 0})

    def _history(self, request: web.Request) -> web.Response:
        channel_id = request.path.split("/")[-2]
        if channel_id in self.forbidden:
            return _json(403, {"message": "Missing Access", "code": 50001})
        wait = self._wait_of(channel_id)
        if wait > 0:
            return self._limited(wait)
        before, after = request.query.get("before"), request.query.get("after")
        page = self._world.history(
            channel_id,
            limit=min(int(request.query.get("limit", "50")), 100),
            before=int(before) if before else None,
            after=int(after) if after else None,
        )
        return _json(200, page)

    def _wait_of(self, channel_id: str) -> float:
        if self.rate_limit is None:
            return 0.0
        count, seconds = self.rate_limit
        recent, now = self._recent[channel_id], time.monotonic()
        while recent and recent[0] <= now - seconds:
            recent.popleft()
        if len(recent) >= count:
            return recent[0] + seconds - now
        recent.append(now)
        return 0.0

    def _limited(self, retry_after: float) -> web.Response:
        self.limited += 1
        body = {"message": "You are being rate limited.", "retry_after": retry_after}
        answer = _json(429, body | {"global": False})
        answer.headers["Retry-After"] = f"{retry_after:.3f}"
        return answer


def _json(status: int, body: object) -> web.Response:
    # The client compares the content type literally; a charset behind it makes the body a string.
    answer = web.Response(
        status=status,
        body=msgspec.json.encode(body),
        headers={"Content-Type": "application/json", "Via": "1.1 stand-in"},
    )
    # A connection that is kept would outlive an outage of the server.
    answer.force_close()
    return answer
