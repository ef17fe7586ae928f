"""Asks a gateway who it is, as a client of its own: handshake, accounts, permission to trade.

Orders are asked for and none is sent. The messages are those of the TWS protocol at the versions
that the broker speaks (IBKR's ``ibapi``: comm.py, message.py).
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator, Sequence

import msgspec

_VERSIONS = b"v157..178"
_LENGTH = struct.Struct(">I")
#: Numbers of the messages that are sent and understood.
_START_API, _REQUEST_OPEN_ORDERS = "71", "5"
_ERROR, _NEXT_VALID_ID, _MANAGED_ACCOUNTS, _OPEN_ORDERS_END = "4", "9", "15", "53"
#: Codes: a read-only API, a client id in use, a disclaimer that nobody accepted.
_READ_ONLY, _ID_IN_USE, _DISCLAIMER = "321", "326", "10141"


class GatewaySilent(Exception):
    """No gateway answers there, or it does not let us in. The message says what to do."""


class GatewayAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway said."""

    accounts: tuple[str, ...]
    #: Whether the API may only read.
    is_read_only: bool


def ask(host: str, port: int, client_id: int, *, patience_seconds: float = 10.0) -> GatewayAnswer:
    """Return what the gateway says to a client of ``client_id``.

    Raises:
        GatewaySilent: nobody answers there, or not in time, or the client is refused.
    """
    deadline = time.monotonic() + patience_seconds
    try:
        with socket.create_connection((host, port), timeout=patience_seconds) as line:
            line.sendall(b"API\0" + _LENGTH.pack(len(_VERSIONS)) + _VERSIONS)
            messages = _messages(line, deadline)
            next(messages)
            _send(line, (_START_API, "2", str(client_id), ""))
            return _read_answer(line, messages)
    except (OSError, StopIteration) as error:
        raise GatewaySilent(f"{host}:{port} does not answer as a gateway does ({error})") from error


def _read_answer(line: socket.socket, messages: Iterator[Sequence[str]]) -> GatewayAnswer:
    accounts: tuple[str, ...] | None = None
    is_read_only = is_ready = False
    while True:
        number, *fields = next(messages)
        if number == _MANAGED_ACCOUNTS:
            accounts = tuple(each for each in fields[1].split(",") if each)
        elif number == _NEXT_VALID_ID and not is_ready:
            is_ready = True
            _send(line, (_REQUEST_OPEN_ORDERS, "1"))
        elif number == _ERROR and fields[2] in (_ID_IN_USE, _DISCLAIMER):
            raise GatewaySilent(f"the gateway refuses us: {fields[2]} {fields[3]}")
        elif number == _ERROR and fields[2] == _READ_ONLY:
            is_read_only = True
        if accounts is not None and (is_read_only or number == _OPEN_ORDERS_END):
            return GatewayAnswer(accounts=accounts, is_read_only=is_read_only)


def _send(line: socket.socket, fields: Sequence[str]) -> None:
    payload = "".join(f"{field}\0" for field in fields).encode()
    line.sendall(_LENGTH.pack(len(payload)) + payload)


def _messages(line: socket.socket, deadline: float) -> Iterator[Sequence[str]]:
    while True:
        (length,) = _LENGTH.unpack(_exactly(line, _LENGTH.size, deadline))
        yield _exactly(line, length, deadline).decode(errors="replace").split("\0")


def _exactly(line: socket.socket, wanted: int, deadline: float) -> bytes:
    received = b""
    while len(received) < wanted:
        line.settimeout(max(deadline - time.monotonic(), 0.001))
        part = line.recv(wanted - len(received))
        if not part:
            raise OSError("it hung up")
        received += part
    return received
