"""Quotes that are streamed, and for how long."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from msgspec.structs import replace

from autoscalper.broker import market_data
from autoscalper.broker.commands import Command, StopWatching, WatchQuote
from autoscalper.broker.events import ContractLearned, QuoteRefused
from autoscalper.domain.contract import OptionContract
from autoscalper.domain.order import Purpose
from tests.unit.broker.story import CALL, Story, entry, opened

ENDED = StopWatching(contract=CALL)
QUARTER = 15 * 60
SPARE = replace(CALL, strike=CALL.strike + 1)


def learned(story: Story, contract: OptionContract) -> None:
    details = story.book.contracts[CALL]
    story.hear(ContractLearned(contract=contract, details=details, is_near=True))
    story.settle()


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


def refused(story: Story, contract: OptionContract = CALL) -> list[Command]:
    story.commands.clear()
    return story.hear(QuoteRefused(contract=contract))


def test_where_ibkr_has_no_line_others_are_given_back_and_it_is_asked_again() -> None:
    story = opened()
    learned(story, SPARE)
    assert refused(story) == [StopWatching(contract=SPARE)]
    assert not story.book.watched

    story.wait(1)
    assert [each.contract for each in story.commands if isinstance(each, WatchQuote)] == [CALL]
    learned(story, SPARE)
    assert SPARE not in story.book.watched
    story.lose()
    story.connect()
    learned(story, SPARE)
    assert SPARE in story.book.watched


def test_where_ibkr_has_no_line_and_nothing_can_be_given_back_it_is_asked_seldom() -> None:
    story = opened()
    for _ in range(2):
        assert refused(story) == []
        story.wait(9)
        assert CALL not in story.book.watched
        story.wait(2)
        assert CALL in story.book.watched


def test_what_nothing_needs_is_not_asked_for_again() -> None:
    story = opened()
    learned(story, SPARE)
    refused(story, SPARE)
    story.wait(30)
    assert SPARE not in story.book.watched
    assert CALL in story.book.watched
    assert not any(isinstance(each, StopWatching) for each in story.commands)


def test_an_entry_behind_learned_quotes_at_the_limit_of_lines_is_priced_by_its_quote() -> None:
    story = opened()
    learned(story, SPARE)
    other = replace(CALL, strike=CALL.strike + 2)
    story.gateway.asks[other] = (Decimal("0.36"), Decimal("0.37"))
    story.gateway.is_quoting = False
    story.post(entry(other, price="0.41"))
    refused(story, other)
    story.gateway.is_quoting = True
    story.wait(0.75, step=0.25)
    orders = [each for each in story.book.orders.values() if each.contract == other]
    assert orders[0].terms.limit_price == Decimal("0.37")


def test_of_many_quotes_those_that_were_needed_last_go_on() -> None:
    story = opened()
    for number in range(market_data.MOST_LINES + 5):
        story.post(entry(replace(CALL, strike=Decimal(300 + number)), price="0.10"))
        story.now += timedelta(seconds=1)
    story.wait(0.5)
    assert len(story.book.watched) == market_data.MOST_LINES
    assert CALL in story.book.watched
    assert min(each.strike for each in story.book.watched if each != CALL) == 306
