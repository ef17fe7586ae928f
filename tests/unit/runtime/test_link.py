from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from autoscalper.runtime.errors import AddressUnusable
from autoscalper.runtime.link import MAX_SOCKET_PATH_BYTES, address_of
from tests.unit.runtime.numbers import NUMBERS, Number


def test_a_message_survives_the_link() -> None:
    message = Number(value=7)
    assert NUMBERS.decode(NUMBERS.encode(message)) == message


@pytest.mark.parametrize("payload", [b"", b"\xc1", msgspec.msgpack.encode({"type": "Other"})])
def test_bytes_that_are_no_message_of_the_link_are_refused(payload: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        NUMBERS.decode(payload)


def test_a_link_is_a_unix_socket_in_the_run_directory() -> None:
    assert address_of("a_to_b", Path("/run/x"), {}) == "ipc:///run/x/a_to_b.ipc"


def test_a_link_may_be_elsewhere() -> None:
    elsewhere = {"a_to_b": "tcp://127.0.0.1:7000"}
    assert address_of("a_to_b", Path("/run/x"), elsewhere) == "tcp://127.0.0.1:7000"


def test_a_path_that_the_kernel_would_not_take_is_refused() -> None:
    name = "a_to_b"
    room = MAX_SOCKET_PATH_BYTES - len(f"/{name}.ipc")
    assert address_of(name, Path("/" + "d" * (room - 1)), {})
    with pytest.raises(AddressUnusable, match="use a shorter RUN_DIR"):
        address_of(name, Path("/" + "d" * room), {})
