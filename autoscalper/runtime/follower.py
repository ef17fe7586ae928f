"""The receiver's half of a link: a cursor in the receiver's store and a stream after it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Generic, TypeVar

import msgspec
import zmq

from autoscalper.runtime import frames
from autoscalper.runtime.clock import Clock
from autoscalper.runtime.link import Entry, Link
from autoscalper.runtime.sockets import Ear
from autoscalper.runtime.store import Store

logger = logging.getLogger(__name__)

M = TypeVar("M")


class Follower(Generic[M]):
    """Yields what a sender's log holds after our cursor, for ever and in order.

    The receiver moves the cursor with ``keep`` in the same transaction as what it did with the
    messages. Whatever is lost between the two processes is asked for again, so a message can
    come twice but never not at all; its key tells.
    """

    def __init__(self, link: Link[M], address: str, store: Store, clock: Clock) -> None:
        """Go on where the cursor of ``link`` in ``store`` stands."""
        self._link = link
        self._address = address
        self._store = store
        self._clock = clock
        row = store.execute(
            "SELECT epoch, position FROM cursors WHERE log = ?", (link.name,)
        ).fetchone()
        self._epoch: str = row[0] if row else ""
        self._received: int = row[1] if row else 0
        self._stream = 0
        self._followed_from = 0
        self._asked_at = 0.0
        #: When the sender was last heard, by the monotonic clock; None until then.
        self.heard_at: float | None = None
        #: Newest position that the sender is known to have.
        self.head = 0

    @property
    def received(self) -> int:
        """Return the position of the last entry that was handed out."""
        return self._received

    def keep(self, batch: list[Entry[M]]) -> None:
        """Move the cursor past ``batch``, inside the caller's transaction."""
        self._store.execute(
            "INSERT OR REPLACE INTO cursors VALUES (?, ?, ?)",
            (self._link.name, self._epoch, batch[-1].position),
        )

    async def batches(self) -> AsyncGenerator[list[Entry[M]], None]:
        """Yield entries as they come, as many at once as the sender had; never an empty list."""
        ear = Ear(zmq.DEALER)
        ear.socket.reconnect_ivl = 20
        ear.socket.reconnect_ivl_max = 500
        ear.socket.connect(self._address)
        try:
            self._ask(ear, anew=True)
            while True:
                batch = await self._receive(ear)
                if batch is None or not self._fits(batch):
                    self._ask(ear, anew=True)
                    continue
                if batch.entries:
                    yield self._take(batch) + self._take_more(ear)
                if self._must_renew():
                    self._ask(ear, anew=False)
        finally:
            ear.close()

    def _ask(self, ear: Ear, *, anew: bool) -> None:
        self._stream += anew
        self._followed_from = self._received
        self._asked_at = self._clock.monotonic()
        follow = frames.Follow(stream=self._stream, epoch=self._epoch, after=self._received)
        # Where a sender is away so long that no more fits into the socket, it asks with the others.
        with suppress(zmq.Again):
            ear.send(frames.encode(follow))

    def _must_renew(self) -> bool:
        if self._received - self._followed_from >= frames.WINDOW // 2:
            return True
        return self._clock.monotonic() - self._asked_at >= frames.RENEW_SECONDS

    async def _receive(self, ear: Ear) -> frames.Batch | None:
        deadline = asyncio.get_running_loop().time() + frames.SILENCE_SECONDS
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    batch = frames.decode_batch(b"".join(await ear.receive()))
            except TimeoutError:
                return None
            if batch.stream == self._stream:
                self.heard_at = self._clock.monotonic()
                self.head = batch.head
                return batch

    def _take_more(self, ear: Ear) -> list[Entry[M]]:
        # What came while the receiver was busy is one transaction for it, and one wait for the
        # disk. What does not fit is left out: the next batch shows the gap, which is asked for.
        more: list[Entry[M]] = []
        while len(more) < frames.WINDOW:
            parts = ear.receive_at_once()
            if parts is None:
                break
            batch = frames.decode_batch(b"".join(parts))
            if batch.stream != self._stream or batch.restarted or not self._fits(batch):
                break
            self.head = batch.head
            if batch.entries:
                more += self._take(batch)
        return more

    def _fits(self, batch: frames.Batch) -> bool:
        if batch.restarted:
            if self._epoch:
                logger.warning("log starts over link=%s epoch=%s", self._link.name, batch.epoch)
            self._epoch, self._received = batch.epoch, 0
        return batch.epoch == self._epoch and batch.after == self._received

    def _take(self, batch: frames.Batch) -> list[Entry[M]]:
        entries = [Entry(position, self._decode(payload)) for position, payload in batch.entries]
        self._received = entries[-1].position
        return entries

    def _decode(self, payload: bytes) -> M:
        try:
            return self._link.decode(payload)
        except msgspec.DecodeError:
            # Skipping it would lose an alert; stopping is loud and loses nothing.
            logger.error("message not understood link=%s", self._link.name)
            raise
