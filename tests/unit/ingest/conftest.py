from collections.abc import Iterator
from pathlib import Path

import pytest

from autoscalper.ingest import post_log
from autoscalper.ingest.post_log import PostLog
from autoscalper.runtime.store import Store
from tests.fakes.posts import FixedClock


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "ingest.db", durable=False, schema=post_log.SCHEMA)
    yield store
    store.close()


@pytest.fixture
def posts(store: Store, clock: FixedClock) -> PostLog:
    return PostLog(store, clock)
