from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from autoscalper.broker import journal, trading_day
from autoscalper.broker.book import Book
from autoscalper.broker.journal import Journal
from autoscalper.domain.contract import OptionContract, Right
from autoscalper.domain.exchange import exchange_day
from autoscalper.domain.instruction import AddToTrade, CloseTrade
from autoscalper.domain.order import Purpose
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.domain.settings import BrokerSettings
from autoscalper.links import any_to_alert
from autoscalper.runtime.log import Log
from autoscalper.runtime.store import Store
from tests.unit.broker.story import CALL, MORNING, PUT, Story, entry, named, opened

#: May lose $20 a day: two contracts that fall by ten cents.
CAREFUL = BrokerSettings(account_balance=Decimal(10000), daily_max_loss_percent=Decimal("0.2"))


def call(strike: int) -> OptionContract:
    return OptionContract(
        underlying="IWM", expiry=date(2026, 11, 20), strike=Decimal(strike), right=Right.CALL
    )


def trade_and_lose(story: Story, strike: int) -> None:
    contract = call(strike)
    story.post(entry(contract))
    story.fill(Purpose.ENTRY)
    story.wait(1.5)
    story.fill(Purpose.STOP_LOSS, price="0.33")
    story.wait(1.5)


def test_what_is_held_counts_at_the_bid_and_what_was_sold_at_its_price() -> None:
    story = opened()
    story.quote("0.45", "0.46")
    assert trading_day.today(story.book, story.now, story.book.settings).result == Decimal(10)
    story.fill(Purpose.STOP_LOSS, 1, price="0.33")
    assert trading_day.today(story.book, story.now, story.book.settings).result == Decimal(-2)


def test_without_a_market_what_is_held_counts_as_if_it_were_stopped() -> None:
    story = opened()
    story.book.quotes.clear()
    assert trading_day.today(story.book, story.now, story.book.settings).result == Decimal(-14)


def test_a_loss_that_is_only_on_paper_ends_the_day_and_is_told_once() -> None:
    story = opened(CAREFUL)
    story.quote("0.31", "0.32")
    story.wait(1)
    assert trading_day.today(story.book, story.now, story.book.settings).result == Decimal(-18)
    story.quote("0.30", "0.31")
    story.wait(5)
    (told,) = [text for text in story.reports() if "the day's loss" in text]
    assert "-$20.00, $20.00 may be lost" in told


def test_a_day_that_is_over_denies_entries_and_adds_although_the_market_came_back() -> None:
    story = opened(CAREFUL)
    story.quote("0.30", "0.31")
    story.wait(1)
    story.quote("0.44", "0.45")
    new = story.post(entry(PUT))
    add = story.post(AddToTrade(price=Decimal("0.42")))
    for post_id in (new, add):
        assert story.outcomes[post_id].kind is OutcomeKind.DENIED
        assert "daily loss: reached before, +$8.00 today" in story.outcomes[post_id].detail


def test_a_day_that_is_over_denies_no_exit() -> None:
    story = opened(CAREFUL)
    story.quote("0.30", "0.31")
    story.wait(1)
    post_id = story.exit()
    assert story.outcomes[post_id].kind is OutcomeKind.TRADED
    assert "X0" in story.live()


def test_the_next_day_begins_with_nothing_lost() -> None:
    story = opened(CAREFUL)
    story.post(CloseTrade())
    story.fill(Purpose.EXIT, price="0.20")
    story.wait(1.5)
    story.now = MORNING + timedelta(days=3)
    assert trading_day.today(story.book, story.now, story.book.settings).result == 0
    post_id = story.post(entry(PUT))
    story.fill(Purpose.ENTRY)
    story.wait(1.5)
    assert story.outcomes[post_id].kind is OutcomeKind.TRADED


def test_what_is_held_over_night_counts_from_what_it_was_worth_when_the_day_began() -> None:
    story = Story()
    story.connect()
    story.post(entry(PUT))
    story.fill(Purpose.ENTRY)
    story.quote("0.50", "0.51", PUT)
    story.now = datetime(2026, 11, 21, 5, 0, 1, tzinfo=UTC)
    story.wait(1)
    story.quote("0.46", "0.47", PUT)
    assert trading_day.today(story.book, story.now, story.book.settings).result == Decimal(-8)


def test_three_losing_trades_in_a_row_end_the_day() -> None:
    story = Story()
    story.connect()
    for strike in (240, 242, 244):
        trade_and_lose(story, strike)
    post_id = story.post(entry(call(246)))
    assert story.outcomes[post_id].detail == (
        "loss streak: 3 losing trades in a row today, 3 end the day"
    )


def test_no_more_is_risked_than_the_day_may_still_lose() -> None:
    # $6 are left of $20: a contract at 0.43 that is stopped at 0.33 risks $10.
    story = opened(CAREFUL)
    story.post(CloseTrade(contract=named(CALL)))
    story.fill(Purpose.EXIT, price="0.33")
    story.wait(1.5)
    post_id = story.post(entry(PUT))
    assert story.outcomes[post_id].detail == (
        "risk: one contract risks $10.00, the budget is $6.00"
    )


def test_the_day_outlives_a_restart() -> None:
    story = opened(CAREFUL)
    with tempfile.TemporaryDirectory() as directory:
        store = Store(Path(directory) / "broker.db", durable=False, schema=journal.SCHEMA)
        memory = Journal(store, Log(store, any_to_alert.FROM_BROKER, _Stopped()))
        story.book.end_day(exchange_day(story.now))
        for each in (*story.book.trades.values(),):
            story.book.put_trade(each)
        for order in story.book.orders.values():
            story.book.put_order(order)
        story.book.changes.contracts = dict(story.book.contracts)
        story.book.changes.fills = {
            fill.exec_id: fill for fills in story.book.fills.values() for fill in fills
        }
        with store.transaction():
            memory.keep(story.book.take_changes())
        again = Book(CAREFUL)
        memory.load(again, story.now)
        store.close()
    again.quotes = story.book.quotes
    before = trading_day.today(story.book, story.now, story.book.settings)
    assert before.is_over
    assert trading_day.today(again, story.now, again.settings) == before


class _Stopped:
    def now(self) -> datetime:
        return MORNING

    def monotonic(self) -> float:
        return 0.0
