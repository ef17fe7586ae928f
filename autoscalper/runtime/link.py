"""A link: one named, typed stream of messages from one process to others."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from autoscalper.runtime.errors import AddressUnusable

M = TypeVar("M")

#: Longest path of a unix socket on Linux, in bytes (unix(7)), with room for its ending zero.
MAX_SOCKET_PATH_BYTES = 107


class Link(Generic[M]):
    """The name of a stream and how its messages become bytes and back."""

    def __init__(self, name: str, decoder: msgspec.msgpack.Decoder[M]) -> None:
        """Name the stream ``<sender>_to_<receiver>``; ``decoder`` knows the union it carries."""
        self.name = name
        self._decoder = decoder
        self._encoder = msgspec.msgpack.Encoder()

    def encode(self, message: M) -> bytes:
        """Return the bytes of ``message``."""
        return self._encoder.encode(message)

    def decode(self, payload: bytes) -> M:
        """Return the message in ``payload``.

        Raises:
            msgspec.DecodeError: the bytes are not a message of this link.
        """
        return self._decoder.decode(payload)


class Entry(msgspec.Struct, Generic[M], frozen=True):
    """A message and its place in the sender's log."""

    position: int
    message: M


def address_of(name: str, run_dir: Path, elsewhere: Mapping[str, str]) -> str:
    """Return the ZeroMQ address of link ``name``: its entry in ``elsewhere``, else a unix socket.

    Raises:
        AddressUnusable: the socket's path would be too long for the kernel.
    """
    if name in elsewhere:
        return elsewhere[name]
    path = str(run_dir / f"{name}.ipc")
    if len(path.encode()) > MAX_SOCKET_PATH_BYTES:
        raise AddressUnusable(
            f"the socket path {path} is longer than {MAX_SOCKET_PATH_BYTES} bytes; use a shorter"
            " RUN_DIR"
        )
    return f"ipc://{path}"
