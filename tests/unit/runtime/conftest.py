from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autoscalper.runtime.store import Store
from tests.unit.runtime.numbers import SCHEMA

OpenStore = Callable[[str], Store]


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[OpenStore]:
    """Open a store by name; closed at the end, or before by the test."""
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
