from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.runtime.conftest import OpenStore
from tests.unit.runtime.numbers import NUMBERS, Number, append, log_in


def test_an_empty_log_has_head_zero_and_no_entries(open_store: OpenStore) -> None:
    log = log_in(open_store("sender"))
    assert log.head == 0
    assert log.read(0, 10) == ()


def test_entries_stand_in_the_order_in_which_they_were_appended(open_store: OpenStore) -> None:
    log = log_in(open_store("sender"))
    append(log, [30, 10, 20])
    values = [NUMBERS.decode(payload).value for _, payload in log.read(0, 10)]
    assert values == [30, 10, 20]
    assert [position for position, _ in log.read(0, 10)] == [1, 2, 3]
    assert log.head == 3


def test_a_key_occurs_once_and_the_first_message_stays(open_store: OpenStore) -> None:
    log = log_in(open_store("sender"))
    with log.store.transaction():
        assert log.append("key", Number(value=1))
        assert not log.append("key", Number(value=2))
    assert log.has("key")
    assert not log.has("other")
    assert [NUMBERS.decode(payload).value for _, payload in log.read(0, 10)] == [1]


def test_what_was_appended_in_a_transaction_that_failed_is_gone(open_store: OpenStore) -> None:
    log = log_in(open_store("sender"))
    with pytest.raises(ZeroDivisionError), log.store.transaction():
        log.append("key", Number(value=1))
        raise ZeroDivisionError
    assert log.head == 0
    assert not log.has("key")


def test_what_was_appended_is_counted_and_what_was_there_already_is_not(
    open_store: OpenStore,
) -> None:
    log = log_in(open_store("sender"))
    append(log, [1, 2])
    append(log, [2])
    assert log.appended == 2


def test_reading_begins_after_a_position_and_ends_at_the_limit(open_store: OpenStore) -> None:
    log = log_in(open_store("sender"))
    append(log, range(10))
    assert [position for position, _ in log.read(4, 3)] == [5, 6, 7]


def test_the_log_is_still_there_when_the_store_is_opened_again(open_store: OpenStore) -> None:
    store = open_store("sender")
    append(log_in(store), [1, 2])
    store.close()
    assert log_in(open_store("sender")).head == 2


def test_two_logs_in_one_store_do_not_see_each_other(open_store: OpenStore) -> None:
    store = open_store("sender")
    one = log_in(store)
    append(one, [1, 2])
    store.execute("UPDATE entries SET log = 'other' WHERE position = 2")
    assert one.head == 1


def test_what_is_forgotten_is_the_oldest_and_never_the_newest(open_store: OpenStore) -> None:
    log = log_in(open_store("sender"))
    append(log, [10, 20, 30, 40])
    later = datetime.now(UTC) + timedelta(days=1)
    with log.store.transaction():
        assert log.forget(later, up_to=4, limit=1) == ["10"]
        assert log.forget(later, up_to=2, limit=100) == ["20"]
        assert log.forget(later - timedelta(days=2), up_to=4, limit=100) == []
        assert log.forget(later, up_to=4, limit=100) == ["30"]
        assert log.forget(later, up_to=4, limit=100) == []
    assert [position for position, _ in log.read(0, 10)] == [4]
    assert log.head == 4


def test_an_empty_log_has_nothing_to_forget(open_store: OpenStore) -> None:
    log = log_in(open_store("sender"))
    with log.store.transaction():
        assert log.forget(datetime.now(UTC), up_to=0, limit=100) == []
