"""What lies in the logs of yesterday's version must be understood by today's.

``golden.txt`` holds the bytes of every example: a line says link, example and bytes. A line is
never changed. When a message gets a new field, its old line stays and must still be read; a line
with the new bytes is added below it. ``python -m tests.links`` prints the lines that are missing.
"""

from __future__ import annotations

import functools
import importlib
import operator
import types
import typing
from pathlib import Path
from typing import Any

import msgspec
import pytest

import autoscalper.links
from tests.links.examples import BY_LINK

GOLDEN = Path(__file__).with_name("golden.txt")
#: Links that are a file which people may look into.
FILES = {"broker_to_alert"}
NAMES = [(link, name) for link, examples in BY_LINK.items() for name in examples]


def golden_lines(link: str, name: str) -> list[bytes]:
    rows = (line.split("\t") for line in GOLDEN.read_text().splitlines())
    return [bytes.fromhex(row[2]) for row in rows if row[:2] == [link, name]]


def carried_by(link: str) -> set[type[msgspec.Struct]]:
    """Return every type of message that the file of ``link`` lets through."""
    module = importlib.import_module(f"autoscalper.links.{link}")
    carried: set[type[msgspec.Struct]] = set()
    for name in ("Message", "Request", "Reply", "Status"):
        union = getattr(module, name, None)
        if isinstance(union, types.UnionType):
            carried |= set(typing.get_args(union))
        elif union is not None:
            carried.add(union)
    return carried


def encode(link: str, example: Any) -> bytes:
    return msgspec.json.encode(example) if link in FILES else msgspec.msgpack.encode(example)


def decode(link: str, payload: bytes) -> Any:
    codec = msgspec.json if link in FILES else msgspec.msgpack
    return codec.decode(payload, type=functools.reduce(operator.or_, carried_by(link)))


def test_every_link_has_examples() -> None:
    files = Path(autoscalper.links.__path__[0]).glob("*_to_*.py")
    assert {file.stem for file in files} == set(BY_LINK)


@pytest.mark.parametrize("link", BY_LINK)
def test_every_message_of_a_link_has_an_example(link: str) -> None:
    assert {type(example) for example in BY_LINK[link].values()} == carried_by(link)


@pytest.mark.parametrize(("link", "name"), NAMES)
def test_a_message_is_still_sent_as_it_was(link: str, name: str) -> None:
    lines = golden_lines(link, name)
    assert lines, f"no golden bytes for {name}: python -m tests.links >> {GOLDEN}"
    assert encode(link, BY_LINK[link][name]) == lines[-1]


@pytest.mark.parametrize(("link", "name"), NAMES)
def test_all_that_was_ever_sent_is_still_understood(link: str, name: str) -> None:
    for payload in golden_lines(link, name):
        assert decode(link, payload) == BY_LINK[link][name]


def test_nothing_that_was_ever_sent_lost_its_example() -> None:
    rows = {tuple(line.split("\t")[:2]) for line in GOLDEN.read_text().splitlines()}
    assert rows == set(NAMES)
