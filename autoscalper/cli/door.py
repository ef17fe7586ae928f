"""Hands posts to ingest, and hands them in again when ingest was away."""

from __future__ import annotations

import time

import zmq

from autoscalper.links import cli_to_ingest
from autoscalper.links.cli_to_ingest import Reply, TakePost

#: Seconds to wait for one reply before the same is asked again, on a new socket.
_REPLY_SECONDS = 2.0


class IngestSilent(Exception):
    """Ingest gave no reply within the patience of the caller."""


class Door:
    """A line to ingest's door. Handing the same post in twice puts it in once."""

    def __init__(self, address: str) -> None:
        """Remember ``address``; nothing is connected before there is something to hand in."""
        self._address = address
        self._socket: zmq.Socket[bytes] | None = None

    def hand_in(self, request: TakePost, *, patience_seconds: float = 30.0) -> Reply:
        """Return ingest's reply to ``request``, asking again while ingest is away.

        Raises:
            IngestSilent: there was none in ``patience_seconds``.
        """
        deadline = time.monotonic() + patience_seconds
        while (left := deadline - time.monotonic()) > 0:
            reply = self._ask(request, min(left, _REPLY_SECONDS))
            if reply is not None:
                return reply
        raise IngestSilent(
            f"ingest does not answer at {self._address}; is AutoScalper running, and is RUN_DIR"
            " the one it runs with?"
        )

    def close(self) -> None:
        """Let go of the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _ask(self, request: TakePost, seconds: float) -> Reply | None:
        if self._socket is None:
            self._socket = zmq.Context.instance().socket(zmq.REQ)
            self._socket.setsockopt(zmq.LINGER, 0)
            self._socket.connect(self._address)
        self._socket.send(cli_to_ingest.encode(request))
        if not self._socket.poll(int(seconds * 1000)):
            # A REQ socket that waits for a reply that was lost never sends again.
            self.close()
            return None
        reply: Reply = cli_to_ingest.decode_reply(self._socket.recv())
        return reply
