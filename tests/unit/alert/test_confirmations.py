from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from autoscalper.alert import confirmations
from autoscalper.alert.confirmations import VALID_FOR, CloseAll, Confirmations, TakeLate, Void
from autoscalper.domain.identity import PostId
from autoscalper.links.alert_to_broker import Scope
from autoscalper.runtime.store import Store
from tests.fakes.posts import NINE_FORTY_FIVE as NOW

WISH = CloseAll(scope=Scope.OURS)
MESSAGE = 17


@pytest.fixture
def offered(tmp_path: Path) -> Iterator[Confirmations]:
    store = Store(tmp_path / "alert.db", durable=False, schema=confirmations.SCHEMA)
    yield Confirmations(store)
    store.close()


def bound(offered: Confirmations) -> str:
    nonce = offered.offer(WISH, NOW)
    offered.bind(nonce, MESSAGE, NOW)
    return nonce


def test_a_button_does_its_thing_once(offered: Confirmations) -> None:
    nonce = bound(offered)
    assert offered.spend(nonce, MESSAGE, NOW) == WISH
    assert offered.spend(nonce, MESSAGE, NOW) is Void.SPENT


def test_a_button_works_to_the_last_moment_and_not_after_it(offered: Confirmations) -> None:
    early, late = bound(offered), bound(offered)
    assert offered.spend(early, MESSAGE, NOW + VALID_FOR) == WISH
    after = NOW + VALID_FOR + timedelta(milliseconds=1)
    assert offered.spend(late, MESSAGE, after) is Void.EXPIRED


def test_the_time_counts_from_when_the_button_stands_in_the_chat(offered: Confirmations) -> None:
    nonce = offered.offer(WISH, NOW)
    shown_at = NOW + timedelta(seconds=20)
    offered.bind(nonce, MESSAGE, shown_at)
    assert offered.spend(nonce, MESSAGE, shown_at + VALID_FOR) == WISH


def test_a_button_under_another_message_does_nothing(offered: Confirmations) -> None:
    nonce = bound(offered)
    assert offered.spend(nonce, MESSAGE + 1, NOW) is Void.UNKNOWN
    assert offered.spend(nonce, MESSAGE, NOW) == WISH


def test_a_button_whose_message_may_not_be_there_does_nothing(offered: Confirmations) -> None:
    nonce = offered.offer(WISH, NOW)
    assert offered.spend(nonce, MESSAGE, NOW) is Void.UNKNOWN


def test_a_button_that_nobody_offered_does_nothing(offered: Confirmations) -> None:
    assert offered.spend("made-up", MESSAGE, NOW) is Void.UNKNOWN


def test_what_nobody_pressed_is_found_once_when_it_expires(offered: Confirmations) -> None:
    nonce = bound(offered)
    pressed = bound(offered)
    offered.spend(pressed, MESSAGE, NOW)
    after = NOW + VALID_FOR + timedelta(seconds=1)
    assert not offered.have_expired(NOW)
    assert offered.have_expired(after)
    assert offered.expire(after) == [MESSAGE]
    assert offered.expire(after) == []
    assert offered.spend(nonce, MESSAGE, NOW) is Void.SPENT


def test_each_wish_comes_back_as_it_was(offered: Confirmations) -> None:
    for wish in (CloseAll(scope=Scope.ACCOUNT), TakeLate(post_id=PostId("101.1"))):
        nonce = offered.offer(wish, NOW)
        offered.bind(nonce, MESSAGE, NOW)
        assert offered.spend(nonce, MESSAGE, NOW) == wish


def test_the_buttons_data_fits_into_what_telegram_takes(offered: Confirmations) -> None:
    assert len(f"y:{offered.offer(WISH, NOW)}".encode()) <= 64
