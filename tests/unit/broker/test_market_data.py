"""Quotes that are streamed, and for how long."""

from __future__ import annotations

from decimal import Decimal

from autoscalper.broker.commands import StopWatching, WatchQuote
from autoscalper.domain.order import Purpose
from tests.unit.broker.story import CALL, Story, entry, opened

ENDED = StopWatching(contract=CALL)
QUARTER = 15 * 60


def test_the_quote_of_an_open_trade_goes_on() -> None:
    story = opened()
    story.wait(2 * QUARTER, step=5)

    assert ENDED not in story.commands
    assert CALL in story.book.watched


def test_the_quote_of_what_was_sold_ends_a_while_later() -> None:
    story = opened()
    story.exit()
    story.fill(Purpose.EXIT)
    story.wait(QUARTER - 30, step=5)
    assert ENDED not in story.commands

    story.wait(60, step=5)
    assert story.commands.count(ENDED) == 1
    assert CALL not in story.book.quotes
    assert not story.book.watched


def test_what_was_let_go_is_watched_again_when_it_is_needed() -> None:
    story = Story()
    story.connect()
    story.post(entry(price="0.10"))
    story.wait(2 * QUARTER, step=5)
    assert ENDED in story.commands
    story.commands.clear()

    story.post(entry())
    assert any(isinstance(each, WatchQuote) for each in story.commands)
    assert CALL in story.book.watched


def test_a_new_connection_streams_nothing_that_is_not_asked_for_again() -> None:
    story = opened()
    story.exit()
    story.fill(Purpose.EXIT)
    story.wait(2)
    story.lose()
    story.connect()

    assert not story.book.watched


def test_a_quote_that_is_too_old_is_asked_for_anew_and_awaited() -> None:
    story = Story()
    story.connect()
    story.post(entry(price="0.10"))
    story.wait(60)
    story.commands.clear()
    story.gateway.asks[CALL] = (Decimal("0.36"), Decimal("0.37"))

    story.flows = False
    story.post(entry(price="0.41"))
    assert [each.anew for each in story.commands if isinstance(each, WatchQuote)] == [True]
    assert CALL not in story.book.quotes
    story.flows = True
    story.settle()
    assert story.order(Purpose.ENTRY).terms.limit_price == Decimal("0.37")
