from __future__ import annotations

import pytest
from msgspec.structs import replace

from autoscalper.broker.at_hand import AtHand
from autoscalper.domain.order import Purpose
from tests.unit.broker.story import PUT, Story, entry, opened


@pytest.fixture
def story() -> Story:
    return opened(price="0.40")


def test_a_closed_trade_is_not_at_hand_and_one_that_opens_again_is(story: Story) -> None:
    trade, at_hand = story.trade, AtHand()
    at_hand.put(trade)
    assert list(at_hand.open.values()) == [trade]
    at_hand.put(replace(trade, closed_at=story.now))
    assert at_hand.open == {}
    at_hand.put(trade)
    assert list(at_hand.open.values()) == [trade]


def test_what_changed_is_handed_out_once(story: Story) -> None:
    at_hand = AtHand()
    at_hand.put(story.trade)
    assert at_hand.take_unsettled() == [story.trade]
    assert at_hand.take_unsettled() == []
    at_hand.touch(story.trade.trade_id)
    assert at_hand.take_unsettled() == [story.trade]


def test_what_changed_is_counted_apart_from_what_is_settled(story: Story) -> None:
    at_hand = AtHand()
    at_hand.put(story.trade)
    at_hand.take_unsettled()
    assert at_hand.take_uncounted() == {story.trade.trade_id}
    assert at_hand.take_uncounted() == set()


def test_what_changed_is_told_of_once_a_trade_with_each_of_its_orders(story: Story) -> None:
    at_hand, entering = AtHand(), story.order(Purpose.ENTRY)
    at_hand.change(entering)
    assert at_hand.take_untold_orders() == [entering.client_order_id]
    assert at_hand.take_untold_trades() == {story.trade.trade_id}
    assert at_hand.take_untold_orders() == []
    assert at_hand.take_untold_trades() == set()


def test_the_books_own_view_is_what_looking_for_it_would_give(story: Story) -> None:
    book = story.book
    story.post(entry(PUT, price="0.55"))
    waiting = list(book.waiting.values())
    assert book.at_hand.undecided == [each for each in waiting if each.trade_id is None]
    for trade in book.trades.values():
        meant = [each for each in waiting if each.trade_id == trade.trade_id]
        assert book.at_hand.entering(trade.trade_id) == meant
    assert book.open_trades() == [each for each in book.trades.values() if each.is_open]
    order = story.order(Purpose.ENTRY)
    assert book.order_by_ib_id(order.ib_order_id) == order


def test_a_forgotten_trade_takes_its_orders_along(story: Story) -> None:
    book, trade = story.book, story.trade
    orders = book.orders_of(trade)
    book.forget_trade(trade.trade_id)
    assert book.open_trades() == []
    assert [book.order_by_ib_id(each.ib_order_id) for each in orders] == [None] * len(orders)
