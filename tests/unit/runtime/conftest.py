from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autoscalper.runtime.store import Store
from tests.unit.runtime.numbers import SCHEMA

#: Opens a store by name.
OpenStore = Callable[[str], Store]


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[OpenStore]:
    """Open stores by name; they are closed at the end, or before by the test."""
    opened = []

    def open_one(name: str) -> Store:
        store = Store(tmp_path / f"{name}.db", durable=False, schema=SCHEMA)
        opened.append(store)
        return store

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"ipc://{tmp_path}/link.ipc"


@pytest.fixture
def root_logger_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
