from collections.abc import Iterator
from pathlib import Path

import pytest

from autoscalper.alert import outbox
from autoscalper.alert.outbox import Card, Outbox
from autoscalper.runtime.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "alert.db", durable=False, schema=outbox.SCHEMA)
    yield store
    store.close()


@pytest.fixture
def box(store: Store) -> Outbox:
    return Outbox(store)


def drain(box: Outbox) -> list[str]:
    """Show everything that is due and return the texts in their order."""
    texts = []
    while (due := box.next()) is not None:
        texts.append(due.card.html)
        box.shown(due, due.message_id or len(texts) + 100)
    return texts


def test_lines_come_in_the_order_in_which_they_were_said(box: Outbox) -> None:
    for text in ("one", "two", "three"):
        box.say(Card(html=text))
    assert drain(box) == ["one", "two", "three"]
    assert box.waiting == 0


def test_what_is_urgent_goes_first(box: Outbox) -> None:
    box.say(Card(html="one"))
    box.say(Card(html="fire", urgent=True))
    assert drain(box) == ["fire", "one"]


def test_the_same_line_said_again_while_it_waits_is_counted(box: Outbox) -> None:
    for _ in range(3):
        box.say(Card(html="disk is filling"))
    assert drain(box) == ["disk is filling\n<i>said 3 times</i>"]


def test_the_same_line_said_again_after_it_was_shown_is_a_new_one(box: Outbox) -> None:
    box.say(Card(html="disk is filling"))
    drain(box)
    box.say(Card(html="disk is filling"))
    assert drain(box) == ["disk is filling"]


def test_a_line_said_again_while_it_is_on_its_way_is_not_lost(box: Outbox) -> None:
    box.say(Card(html="a"))
    due = box.next()
    assert due is not None
    box.say(Card(html="a"))
    box.shown(due, 101)
    assert drain(box) == ["a"]


def test_a_card_is_sent_once_and_then_edited(box: Outbox) -> None:
    box.put("trade t1", Card(html="ordered"))
    first = box.next()
    assert first is not None and first.message_id is None
    box.shown(first, 7)
    box.put("trade t1", Card(html="filled"))
    second = box.next()
    assert second is not None
    assert (second.message_id, second.card.html) == (7, "filled")


def test_only_the_newest_text_of_a_card_is_sent(box: Outbox) -> None:
    for text in ("ordered", "filled", "closed"):
        box.put("trade t1", Card(html=text))
    assert drain(box) == ["closed"]


def test_a_card_that_changes_before_it_is_shown_keeps_its_place(box: Outbox) -> None:
    box.put("trade t1", Card(html="ordered"))
    box.say(Card(html="later"))
    box.put("trade t1", Card(html="filled"))
    assert drain(box) == ["filled", "later"]


def test_a_card_that_changes_while_it_is_on_its_way_is_due_again(box: Outbox) -> None:
    box.put("trade t1", Card(html="ordered"))
    due = box.next()
    assert due is not None
    box.put("trade t1", Card(html="filled"))
    box.shown(due, 7)
    again = box.next()
    assert again is not None
    assert (again.message_id, again.card.html) == (7, "filled")


def test_a_card_that_says_what_it_said_before_is_not_sent(box: Outbox) -> None:
    box.put("trade t1", Card(html="ordered"))
    drain(box)
    box.put("trade t1", Card(html="ordered"))
    assert box.next() is None


def test_a_card_can_take_over_a_message_that_is_there(box: Outbox) -> None:
    box.put("command c1", Card(html="closing"), shown_by=55)
    due = box.next()
    assert due is not None and due.message_id == 55


def test_a_card_whose_message_is_gone_is_sent_anew(box: Outbox) -> None:
    box.put("trade t1", Card(html="ordered"))
    drain(box)
    box.put("trade t1", Card(html="filled"))
    due = box.next()
    assert due is not None
    box.lost(due)
    again = box.next()
    assert again is not None
    assert (again.message_id, again.card.html) == (None, "filled")


def test_what_waits_is_there_after_a_restart_and_keeps_its_order(box: Outbox, store: Store) -> None:
    box.say(Card(html="one"))
    box.put("trade t1", Card(html="two"))
    reopened = Outbox(store)
    reopened.say(Card(html="three"))
    assert drain(reopened) == ["one", "two", "three"]


def test_a_drawing_is_begun_once(box: Outbox) -> None:
    box.put("summary", Card(html="today", picture="summary 2026-03-18"))
    due = box.next()
    assert due is not None
    assert [box.begin_drawing(due), box.begin_drawing(due)] == [True, False]


def test_a_slot_is_known_for_ever(box: Outbox) -> None:
    assert not box.has("summary 2026-03-18")
    box.put("summary 2026-03-18", Card(html="today"))
    drain(box)
    assert box.has("summary 2026-03-18")
