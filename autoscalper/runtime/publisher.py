"""Serves a log to whoever follows it: a ZeroMQ ROUTER that streams entries as they are kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec
import zmq

from autoscalper.runtime import frames
from autoscalper.runtime.afterwards import afterwards
from autoscalper.runtime.clock import Clock
from autoscalper.runtime.errors import AddressUnusable
from autoscalper.runtime.log import Log
from autoscalper.runtime.sockets import Ear

logger = logging.getLogger(__name__)

M = TypeVar("M")


@dataclass
class _Follower:
    stream: int
    #: Up to where it has kept what it was sent, as it last said.
    has: int
    sent: int
    may_send_up_to: int
    heard_at: float
    restarted: bool
    told_at: float = 0.0


class Publisher(Generic[M]):
    """Streams one log to its followers, and its head while nothing happens.

    It keeps nothing about a follower beyond the connection: where to go on from is the
    follower's to know.
    """

    def __init__(self, log: Log[M], address: str, clock: Clock, *, at_once: bool = False) -> None:
        """Bind ``address`` now, so that a process that cannot be reached does not start.

        With ``at_once`` entries leave within the commit's call, before whoever committed goes on;
        otherwise a moment after it, so that what is urgent goes first.

        Raises:
            AddressUnusable: the address is taken or cannot be created.
        """
        self._log = log
        self._clock = clock
        self._followers: dict[bytes, _Follower] = {}
        self._grown = asyncio.Event()
        self._ear = Ear(zmq.ROUTER)
        self._ear.socket.sndhwm = 0
        try:
            self._ear.socket.bind(address)
        except zmq.ZMQError as error:
            self._ear.close()
            taken = error.errno == zmq.EADDRINUSE
            advice = "stop the process that holds it" if taken else "create RUN_DIR"
            raise AddressUnusable(f"{address} cannot be bound ({error}); {advice}") from error
        self._told = log.appended
        self._is_at_once = at_once
        log.store.after_commit.append(self._notice)

    @property
    def address(self) -> str:
        """Return the address that is bound, with the port that a wildcard became."""
        return self._ear.socket.getsockopt_string(zmq.LAST_ENDPOINT)

    async def publish(self) -> None:
        """Serve followers until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen(), name=f"{self._log.link.name} listen")
                group.create_task(self._stream(), name=f"{self._log.link.name} stream")
        finally:
            self._log.store.after_commit.remove(self._notice)
            self._ear.close()

    async def _listen(self) -> None:
        while True:
            identity, *parts = await self._ear.receive()
            try:
                follow = frames.decode_follow(b"".join(parts))
            except msgspec.DecodeError as error:
                logger.warning("follow not understood link=%s error=%s", self._log.link.name, error)
                continue
            self._note(identity, follow)
            self._grown.set()

    def _note(self, identity: bytes, follow: frames.Follow) -> None:
        known = self._followers.get(identity)
        now = self._clock.monotonic()
        if known is not None and known.stream == follow.stream:
            known.heard_at = now
            if follow.epoch == self._log.store.epoch:
                known.has = follow.after
            known.may_send_up_to = max(known.may_send_up_to, follow.after + frames.WINDOW)
            return
        restarted = follow.epoch != self._log.store.epoch or follow.after > self._log.head
        start = 0 if restarted else follow.after
        self._followers[identity] = _Follower(
            stream=follow.stream,
            has=start,
            sent=start,
            may_send_up_to=start + frames.WINDOW,
            heard_at=now,
            restarted=restarted,
        )

    async def _stream(self) -> None:
        while True:
            self._grown.clear()
            now = self._clock.monotonic()
            self._forget(now)
            self._push()
            # Not wait_for: on Python 3.11 it forgets a stop that comes together with the event.
            with suppress(TimeoutError):
                async with asyncio.timeout(frames.HEARTBEAT_SECONDS):
                    await self._grown.wait()

    def _notice(self) -> None:
        # Of what the commit kept for others this log has nothing to say.
        if self._log.appended == self._told:
            return
        self._told = self._log.appended
        if self._is_at_once:
            # Straight out of the commit: a task that is woken costs as much as the way.
            self._push()
        else:
            afterwards(self._grown.set)

    def _push(self) -> None:
        now = self._clock.monotonic()
        for identity, follower in tuple(self._followers.items()):
            self._send(identity, follower, now)

    def _send(self, identity: bytes, follower: _Follower, now: float) -> None:
        limit = follower.may_send_up_to - follower.sent
        entries = self._log.read(follower.sent, limit) if limit else ()
        if entries:
            # Where there is less than was asked for, it ends with the newest.
            head = self._log.head if len(entries) == limit else entries[-1][0]
            self._tell(identity, follower, head, entries)
        if now - follower.told_at >= frames.HEARTBEAT_SECONDS:
            self._tell(identity, follower, self._log.head, ())

    def _tell(
        self,
        identity: bytes,
        follower: _Follower,
        head: int,
        entries: tuple[tuple[int, bytes], ...],
    ) -> None:
        batch = frames.Batch(
            stream=follower.stream,
            epoch=self._log.store.epoch,
            restarted=follower.restarted,
            after=follower.sent,
            head=head,
            entries=entries,
        )
        if entries:
            follower.sent = entries[-1][0]
        follower.restarted = False
        follower.told_at = self._clock.monotonic()
        # Without a limit of what may wait in it, the socket takes it at once.
        self._ear.send(identity, frames.encode(batch))

    def _forget(self, now: float) -> None:
        for identity, follower in tuple(self._followers.items()):
            if now - follower.heard_at > frames.FORGET_SECONDS:
                del self._followers[identity]

    def forget(
        self, before: datetime, limit: int, too: Callable[[Sequence[str], datetime], None]
    ) -> list[str]:
        """Remove up to ``limit`` entries from before ``before`` that every follower has.

        Nothing goes while nobody follows. ``too`` is called with their keys and ``before`` in
        the same transaction. Returns the keys.
        """
        up_to = min((each.has for each in self._followers.values()), default=0)
        with self._log.store.transaction():
            keys = self._log.forget(before, up_to, limit)
            too(keys, before)
        return keys

    def lags(self) -> dict[str, Any]:
        """Return how many entries each follower that is here has not been sent yet."""
        head = self._log.head
        return {identity.hex(): head - each.sent for identity, each in self._followers.items()}
