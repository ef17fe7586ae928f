"""Frames and fields of the TWS socket protocol.

A frame is a four-byte big-endian length and that many bytes; the payload is a row of fields, each
ended by a NUL, in UTF-8 (IBKR TWS API, "Message framing", API versions v100 and later).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

_LENGTH = struct.Struct(">I")
_PRICE_GRAIN = Decimal("0.00000001")

#: What a client sends before its first frame.
GREETING = b"API\0"
#: Longest frame that a client may send, in bytes; IBKR's own clients refuse 16 MiB and more.
MAX_FRAME_BYTES = 0xFFFFFF
#: How a gateway writes a number that nobody set (Java's Double.MAX_VALUE, Integer.MAX_VALUE and
#: Long.MAX_VALUE).
UNSET_DOUBLE = "1.7976931348623157E308"
UNSET_INT = "2147483647"
UNSET_LONG = "9223372036854775807"

Value = str | int | Decimal | None


class ProtocolError(Exception):
    """A client sent bytes that are no message. The text says what was expected and what came."""


def encode(*values: Value) -> bytes:
    """Return one frame with ``values`` as its fields; None is an empty field."""
    return encode_texts([text(value) for value in values])


def encode_texts(fields: Sequence[str]) -> bytes:
    """Return one frame with ``fields``, which are on the wire as they are."""
    payload = ("\0".join(fields) + "\0").encode()
    return _LENGTH.pack(len(payload)) + payload


def text(value: Value) -> str:
    """Return ``value`` as a field; None is an empty one."""
    # The order of the tests is the order of how often each type occurs.
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)


def split_frames(buffer: bytearray) -> list[bytes]:
    """Remove the complete frames from the front of ``buffer`` and return their payloads.

    Raises:
        ProtocolError: a frame announces more than ``MAX_FRAME_BYTES``.
    """
    payloads = []
    start = 0
    while len(buffer) - start >= _LENGTH.size:
        (length,) = _LENGTH.unpack_from(buffer, start)
        if length > MAX_FRAME_BYTES:
            raise ProtocolError(
                f"expected a frame of at most {MAX_FRAME_BYTES} bytes, was {length}"
            )
        end = start + _LENGTH.size + length
        if len(buffer) < end:
            break
        payloads.append(bytes(buffer[start + _LENGTH.size : end]))
        start = end
    del buffer[:start]
    return payloads


class FieldReader:
    """Reads the fields of one payload from left to right.

    Every method raises ``ProtocolError`` when there is no further field or it does not parse.
    """

    def __init__(self, payload: bytes) -> None:
        """Start at the first field; bytes that are no UTF-8 are kept as escapes."""
        self._fields = payload.decode(errors="backslashreplace").split("\0")
        if self._fields and self._fields[-1] == "":
            self._fields.pop()
        self._next = 0

    @property
    def left(self) -> int:
        """Return how many fields have not been read."""
        return len(self._fields) - self._next

    def text(self) -> str:
        """Return the next field as it is."""
        if self._next >= len(self._fields):
            raise ProtocolError(
                f"expected a field at index {self._next}, was the end of the message"
            )
        self._next += 1
        return self._fields[self._next - 1]

    def texts(self, count: int) -> list[str]:
        """Return the next ``count`` fields as they are."""
        end = self._next + count
        if count < 0 or end > len(self._fields):
            raise ProtocolError(f"expected {count} more fields, were {self.left}")
        fields = self._fields[self._next : end]
        self._next = end
        return fields

    def integer(self) -> int:
        """Return the next field as a whole number; an empty field is zero."""
        return whole(self.text())

    def flag(self) -> bool:
        """Return the next field as yes or no; an empty field is no."""
        return self.integer() != 0


def whole(field: str) -> int:
    """Return the whole number in a field; an empty field is zero.

    Raises:
        ProtocolError: the field holds something else.
    """
    try:
        return int(field) if field else 0
    except ValueError:
        raise ProtocolError(f"expected a whole number, was {field[:40]!r}") from None


def decimal(field: str) -> Decimal | None:
    """Return the number in a field, or None for a field that is empty or holds the unset double.

    Clients print binary floating point, so the number is rounded to eight places.

    Raises:
        ProtocolError: the field holds something else, or no finite number.
    """
    if not field:
        return None
    try:
        number = Decimal(field)
        if not number.is_finite():
            raise ProtocolError(f"expected a finite number, was {field[:40]!r}")
        if abs(number) > Decimal("1e300"):
            return None
        return number.quantize(_PRICE_GRAIN).normalize() + 0
    except InvalidOperation:
        raise ProtocolError(f"expected a number, was {field[:40]!r}") from None
