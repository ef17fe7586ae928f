from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from autoscalper.ingest import discord_watermarks
from autoscalper.ingest.discord_watermarks import Logins, Watermarks
from autoscalper.runtime.store import Store

NOON = datetime(2026, 3, 18, 16, 0, tzinfo=UTC)


def opened(directory: Path) -> Store:
    return Store(directory / "ingest.db", durable=False, schema=discord_watermarks.SCHEMA)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = opened(tmp_path)
    yield store
    store.close()


def test_a_channel_that_was_never_read_has_no_watermark(store: Store) -> None:
    assert Watermarks(store).of("11") is None


def test_a_watermark_survives_the_process(tmp_path: Path) -> None:
    store = opened(tmp_path)
    Watermarks(store).move("11", 1574056668163997696)
    store.close()
    again = opened(tmp_path)
    assert Watermarks(again).of("11") == 1574056668163997696
    assert Watermarks(again).of("12") is None
    again.close()


def test_a_watermark_never_moves_back(store: Store) -> None:
    marks = Watermarks(store)
    marks.move("11", 5)
    marks.move("11", 3)
    assert marks.of("11") == 5
    marks.move("11", 6)
    assert marks.of("11") == 6


def test_an_empty_channel_can_be_read_up_to_zero(store: Store) -> None:
    Watermarks(store).move("11", 0)
    assert Watermarks(store).of("11") == 0


def test_logins_survive_the_process_oldest_first(tmp_path: Path) -> None:
    store = opened(tmp_path)
    Logins(store).note(NOON + timedelta(seconds=1))
    Logins(store).note(NOON)
    store.close()
    again = opened(tmp_path)
    assert Logins(again).all() == (NOON, NOON + timedelta(seconds=1))
    again.close()


def test_only_the_newest_logins_are_remembered(store: Store) -> None:
    logins = Logins(store)
    for number in range(130):
        logins.note(NOON + timedelta(seconds=number))
    assert logins.all()[0] == NOON + timedelta(seconds=30)
    assert len(logins.all()) == 100
