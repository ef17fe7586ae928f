"""What is old costs nothing any more, and what still counts is kept."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from autoscalper.broker import forgetting
from autoscalper.broker.events import CommandArrived
from autoscalper.domain.identity import CommandId, PostId
from autoscalper.domain.order import Purpose
from autoscalper.links.alert_to_broker import CloseTrades
from tests.unit.broker.story import CALL, PUT, Story, entry, opened


def closed() -> Story:
    story = opened()
    story.exit()
    story.fill(Purpose.EXIT)
    story.wait(3)
    assert story.trade.closed_at is not None
    return story


def test_a_trade_that_is_closed_for_days_is_forgotten_with_all_that_is_its() -> None:
    story = closed()
    book = story.book
    stop = story.order(Purpose.STOP_LOSS)
    closed_at = story.trade.closed_at
    assert closed_at is not None
    forgetting.forget(book, closed_at + timedelta(days=2))
    assert book.trades and book.orders and book.fills and book.exec_ids

    forgetting.forget(book, closed_at + timedelta(days=2, seconds=1))
    assert not (book.trades or book.orders or book.fills or book.exec_ids or book.told)
    assert book.order_by_ib_id(stop.ib_order_id) is None
    assert book.take_changes().is_empty


def test_an_open_trade_is_never_forgotten() -> None:
    story = opened()
    forgetting.forget(story.book, story.now + timedelta(days=400))
    assert story.trade.trade_id in story.book.trades
    assert CALL in story.book.contracts
    assert story.live() == {"T0": 2, "S0": 2}


def test_a_signal_stays_heard_for_longer_than_its_sender_keeps_it() -> None:
    story = closed()
    heard = set(story.book.heard)
    kept = timedelta(days=story.book.settings.keep_data_days)
    forgetting.forget(story.book, story.now + kept + timedelta(days=7))
    assert set(story.book.heard) == heard != set()

    forgetting.forget(story.book, story.now + kept + timedelta(days=15))
    assert not story.book.heard


def test_contracts_go_a_week_after_their_expiry() -> None:
    story = closed()
    book = story.book
    book.put_contract(PUT, book.contracts[CALL])
    forgetting.forget(book, story.now + timedelta(days=10))
    assert set(book.contracts) == {PUT}


def test_a_repost_is_known_for_a_day() -> None:
    story = closed()
    assert story.book.recent_alerts
    forgetting.forget(story.book, story.now + timedelta(hours=23))
    assert story.book.recent_alerts
    forgetting.forget(story.book, story.now + timedelta(hours=25))
    assert not story.book.recent_alerts


def test_a_command_that_is_done_is_known_for_as_long_as_it_can_be_heard_again() -> None:
    story = opened()
    for number in range(2):
        command = CloseTrades(command_id=CommandId(f"c{number}"), given_at=story.now)
        story.hear(CommandArrived(command=command))
        story.settle()
    kept = timedelta(days=story.book.settings.keep_data_days) + forgetting.HEARD_MARGIN
    later = story.now + kept + timedelta(hours=1)
    forgetting.forget(story.book, later)
    assert len(story.book.requests) == 2

    story.fill(Purpose.EXIT)
    story.wait(3)
    forgetting.forget(story.book, later - timedelta(hours=2))
    assert len(story.book.requests) == 2
    forgetting.forget(story.book, later)
    assert not story.book.requests


def test_it_is_done_once_a_day_while_the_broker_runs() -> None:
    story = closed()
    story.wait(1)
    old = PostId("old")
    story.book.heard[old] = story.now - timedelta(days=400)
    story.wait(5)
    assert old in story.book.heard

    story.now += timedelta(days=1)
    story.wait(1)
    assert old not in story.book.heard


def test_what_was_forgotten_does_not_come_back_with_another_trade() -> None:
    story = closed()
    high = story.book.high_water_mark
    story.now += timedelta(days=3)
    story.wait(1)
    assert not story.book.orders

    story.post(entry(replace(CALL, expiry=story.now.date())))
    assert story.order(Purpose.ENTRY).ib_order_id > high


def test_what_was_told_of_a_forgotten_trade_goes_with_it() -> None:
    story = closed()
    story.wait(1)
    forgetting.forget(story.book, story.now + timedelta(days=3))
    assert not story.book.told
    assert not story.book.told_orders


def test_what_was_warned_of_is_warned_of_again_under_the_key_that_the_log_knows() -> None:
    story = opened()
    book = story.book
    book.take_changes()
    book.warn("no stop", "a position has no stop", story.now)
    book.warn("no stop", "a position has no stop", story.now)
    ((first, _),) = book.take_changes().notices

    forgetting.forget(book, story.now + timedelta(days=1))
    assert not book.warned
    book.warn("no stop", "a position has no stop", story.now + timedelta(days=1))
    ((second, _),) = book.take_changes().notices
    assert first == second
