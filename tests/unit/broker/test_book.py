"""The book's own promises."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from autoscalper.broker.book import Book
from autoscalper.broker.orders import describe, net_qty
from autoscalper.domain.identity import IbOrderId, PostId
from autoscalper.domain.order import Purpose
from tests.unit.broker.story import MORNING, SETTINGS, opened


def test_what_changed_is_handed_out_once() -> None:
    book = Book(SETTINGS)
    assert book.take_changes().is_empty
    book.raise_high_water_mark(IbOrderId(7))
    changes = book.take_changes()
    assert (changes.is_empty, changes.high_water_mark) == (False, 7)
    assert book.take_changes().is_empty


def test_order_ids_only_rise() -> None:
    book = Book(SETTINGS)
    book.raise_high_water_mark(IbOrderId(40))
    book.raise_high_water_mark(IbOrderId(12))
    assert [book.next_ib_order_id() for _ in range(3)] == [41, 42, 43]


def test_a_post_is_heard_once() -> None:
    book = Book(SETTINGS)
    assert book.hear(PostId("m1.1"), MORNING)
    assert not book.hear(PostId("m1.1"), MORNING)
    assert book.hear(PostId("m1.2"), MORNING)


def test_the_balance_is_the_users_until_the_gateway_tells_it() -> None:
    book = Book(SETTINGS)
    assert book.balance() == Decimal(10000)
    book.net_liquidation = Decimal(25000)
    assert book.balance() == Decimal(25000)


def test_the_users_balance_can_be_an_upper_bound() -> None:
    book = Book(replace(SETTINGS, account_balance_cap=True))
    book.net_liquidation = Decimal(25000)
    assert book.balance() == Decimal(10000)
    book.net_liquidation = Decimal(9000)
    assert book.balance() == Decimal(9000)


def test_what_a_trade_holds_is_bought_less_sold_less_gone() -> None:
    story = opened()
    assert story.book.held(story.trade) == 2
    story.book.put_trade(replace(story.trade, external_qty=1))
    assert story.book.held(story.trade) == 1
    assert net_qty(story.book.orders_of(story.trade)) == 2


def test_an_order_is_described_with_its_side_size_kind_and_price() -> None:
    story = opened()
    assert describe(story.order(Purpose.ENTRY)) == "buy 2 limit 0.43 (entry)"
    assert describe(story.order(Purpose.STOP_LOSS)) == "sell 2 stop 0.33 (stop loss)"
