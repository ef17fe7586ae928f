"""One TCP connection: greeting, frames, and the faults that meet its messages."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import struct
from collections import deque
from typing import TYPE_CHECKING

from autoscalper.simulator import codec, replies
from autoscalper.simulator.codec import ProtocolError
from autoscalper.simulator.session import Session

if TYPE_CHECKING:
    from autoscalper.simulator.server import Server

logger = logging.getLogger(__name__)

_VERSIONS = re.compile(r"v(\d+)(?:\.\.(\d+))?(?: (.*))?")
_STRIKES = 3
_PACE_SECONDS = 2
_ABORT = struct.pack("ii", 1, 0)


class Connection(asyncio.Protocol):
    """A client's socket, from accept to close."""

    def __init__(self, server: Server) -> None:
        """Belong to ``server``, which decides what a message does."""
        self._server = server
        self._buffer = bytearray()
        self._greeted = False
        self._paced = False
        self._arrivals: deque[float] = deque()
        self._strikes = 0
        self._transport: asyncio.Transport | None = None
        #: None until the versions are agreed.
        self.session: Session | None = None
        #: Takes bytes, does nothing, says nothing.
        self.is_mute = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the greeting."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.opened(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the client; its orders stay."""
        self._transport = None
        self._server.closed(self)

    def data_received(self, data: bytes) -> None:
        """Take in what came, and act on every message that is complete."""
        if self.is_mute:
            return
        self._buffer += data
        try:
            self._read()
        except ProtocolError as error:
            logger.warning("connection ends reason=%s", error)
            self.close()
        self._server.flush()

    def close(self, *, reset: bool = False) -> None:
        """End the connection: in order, with what was sent before, or with a reset."""
        if self._transport is None:
            return
        if not reset:
            self._transport.close()
            return
        # abort() alone ends in order; a reset needs a linger time of zero.
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        self._transport.abort()

    @property
    def is_open(self) -> bool:
        """Return whether bytes can still be written."""
        return self._transport is not None and not self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Send bytes, unless the connection is closing or mute."""
        if self._transport is not None and self.is_open and not self.is_mute:
            self._transport.write(data)

    def _read(self) -> None:
        if not self._greeted:
            if len(self._buffer) < len(codec.GREETING):
                return
            if not self._buffer.startswith(codec.GREETING):
                raise ProtocolError(f"expected the greeting, was {bytes(self._buffer[:20])!r}")
            del self._buffer[: len(codec.GREETING)]
            self._greeted = True
        for payload in codec.split_frames(self._buffer):
            if not self.is_open or self.is_mute:
                return
            if self.session is None:
                self._agree(payload)
            elif self._keeps_pace():
                self._server.received(self, self.session, payload)

    def _agree(self, payload: bytes) -> None:
        match = _VERSIONS.fullmatch(payload.decode(errors="replace").rstrip("\0 "))
        if match is None:
            raise ProtocolError(f"expected versions such as v157..178, was {payload[:40]!r}")
        lowest, highest, options = match.groups()
        least, most = self._server.versions
        version = min(most, int(highest or lowest))
        if version < least or int(lowest) > most:
            raise ProtocolError(f"expected a client of {least} or later, was {payload[:40]!r}")
        self._paced = "+PACEAPI" in (options or "")
        if self._server.greets():
            self.session = Session(version)
            self.write(replies.hello(version, self._server.now()))
        else:
            self.is_mute = True

    def _keeps_pace(self) -> bool:
        # TWS API, "Pacing limitations": 50 messages a second, and the third breach disconnects.
        # Looked at over two seconds, so that what piles up while this process is busy is no breach.
        limit = self._server.max_messages_per_second
        if not limit or self._paced or self.session is None:
            return True
        now = self._server.monotonic()
        self._arrivals.append(now)
        while self._arrivals[0] <= now - _PACE_SECONDS:
            self._arrivals.popleft()
        if len(self._arrivals) <= limit * _PACE_SECONDS:
            return True
        rate = len(self._arrivals) / _PACE_SECONDS
        self._arrivals.clear()
        self._strikes += 1
        text = "Max rate of messages per second has been exceeded:"
        self.session.error(-1, 100, f"{text}max={limit} rec={rate:.0f} ({self._strikes})")
        if self._strikes == _STRIKES:
            self._server.flush()
            self.close()
        return self._strikes < _STRIKES
