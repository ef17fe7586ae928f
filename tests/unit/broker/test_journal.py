"""What is remembered comes back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from autoscalper.broker import journal
from autoscalper.broker.book import Book
from autoscalper.broker.journal import Journal
from autoscalper.domain.order import Purpose
from autoscalper.links import any_to_alert
from autoscalper.runtime.clock import SystemClock
from autoscalper.runtime.log import Log
from autoscalper.runtime.store import Store
from tests.unit.broker.story import SETTINGS, Story, entry


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "broker.db", durable=True, schema=journal.SCHEMA)
    yield store
    store.close()


def memory_of(store: Store) -> Journal:
    return Journal(store, Log(store, any_to_alert.FROM_BROKER, SystemClock()))


def kept_story(store: Store) -> Story:
    story, memory = Story(), memory_of(store)

    def keep(book: Book) -> None:
        with store.transaction():
            memory.keep(book.changes)

    story.keep = keep
    story.connect()
    story.post(entry())
    story.wait(1.5)
    return story


def loaded(store: Store, story: Story) -> Book:
    book = Book(SETTINGS)
    memory_of(store).load(book, story.now)
    return book


def test_trades_orders_fills_contracts_and_marks_come_back(store: Store) -> None:
    story = kept_story(store)
    story.fill(Purpose.ENTRY)
    story.wait(1.5)
    book = loaded(store, story)
    assert book.trades == story.book.trades
    assert book.orders == story.book.orders
    assert book.exec_ids == story.book.exec_ids
    assert book.contracts == story.book.contracts
    assert book.heard == story.book.heard
    assert book.recent_alerts == story.book.recent_alerts
    assert book.high_water_mark == story.book.high_water_mark
    assert book.take_changes().is_empty


def test_an_entry_that_waits_comes_back_and_one_that_is_decided_does_not(store: Store) -> None:
    story = kept_story(store)
    assert loaded(store, story).waiting == story.book.waiting != {}
    story.fill(Purpose.ENTRY)
    story.wait(1.5)
    assert loaded(store, story).waiting == {}


def test_a_closed_trade_is_remembered_for_two_days(store: Store) -> None:
    story = kept_story(store)
    story.fill(Purpose.ENTRY)
    story.fill(Purpose.TAKE_PROFIT)
    story.wait(3)
    assert loaded(store, story).trades
    story.now += timedelta(days=3)
    assert not loaded(store, story).trades


def test_a_notice_is_kept_once_per_key(store: Store) -> None:
    story = kept_story(store)
    memory = memory_of(store)
    notice = any_to_alert.Reported(
        level=any_to_alert.Level.INFO, text="said", reported_at=story.now
    )
    log = Log(store, any_to_alert.FROM_BROKER, SystemClock())
    before = log.head
    for _ in range(2):
        story.book.notify("the same", notice)
        with store.transaction():
            memory.keep(story.book.take_changes())
    assert log.head == before + 1
