"""What is learned before it is needed, as stories."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from autoscalper.broker import ahead, market_data
from autoscalper.broker.book import Book
from autoscalper.broker.commands import Command, FindContract, LearnChain, PlaceOrders, WatchQuote
from autoscalper.broker.events import (
    ContractDetails,
    ContractLearned,
    LinkRestored,
    QuoteChanged,
    SignalArrived,
)
from autoscalper.broker.records import Ahead
from autoscalper.domain.contract import OptionContract
from autoscalper.domain.identity import ConId
from autoscalper.domain.instruction import NotePlan
from autoscalper.domain.order import Purpose
from autoscalper.links.parser_to_broker import TickerMentioned
from tests.unit.broker.model_gateway import PENNIES
from tests.unit.broker.story import CALL, SETTINGS, Story, entry, named, opened

DETAILS = ContractDetails(
    con_id=ConId(1001),
    trading_class=CALL.underlying,
    multiplier=Decimal(100),
    ticks=PENNIES,
)


def started(**changed: object) -> Story:
    story = Story(replace(SETTINGS, **changed))
    story.connect()
    story.wait(1)
    story.commands.clear()
    return story


def mention(story: Story, underlying: str, age: timedelta = timedelta(0)) -> None:
    message = TickerMentioned(underlying=underlying, mentioned_at=story.now - age)
    story.hear(SignalArrived(message=message))
    story.wait(0.5)


def chains(commands: list[Command]) -> list[str]:
    return [each.underlying for each in commands if isinstance(each, LearnChain)]


def learned(story: Story, contract: OptionContract = CALL, *, is_near: bool = True) -> None:
    closes_at = story.now + timedelta(hours=6)
    details = replace(DETAILS, closes_at=closes_at)
    story.gateway.contracts[contract] = details
    story.hear(ContractLearned(contract=contract, details=details, is_near=is_near))
    story.settle()


def test_what_is_mentioned_is_learned_once_and_again_when_the_price_may_have_moved() -> None:
    story = started()
    mention(story, "IWM")
    mention(story, "IWM")
    assert chains(story.commands) == ["IWM"]
    story.wait(14 * 60, step=10)
    mention(story, "IWM")
    story.wait(60, step=10)
    assert chains(story.commands) == ["IWM", "IWM"]
    story.wait(20 * 60, step=10)
    assert chains(story.commands) == ["IWM", "IWM"]
    assert not story.book.ahead.mentioned


def test_what_may_not_be_traded_or_was_said_long_ago_is_not_learned() -> None:
    story = started(allowed_underlyings=("SPY",))
    mention(story, "IWM")
    mention(story, "SPY", ahead.WORTH + timedelta(seconds=1))
    assert "IWM" not in chains(story.commands)
    assert story.book.ahead.mentioned.keys() <= {"SPY"}


def test_only_so_many_underlyings_are_learned_at_a_time() -> None:
    story = started()
    for number in range(20):
        mention(story, f"T{number}")
    assert len(chains(story.commands)) == ahead.MOST


def test_an_entry_in_what_was_learned_leaves_at_once() -> None:
    story = started()
    learned(story)
    story.commands.clear()

    story.post(entry())

    assert [type(each) for each in story.commands if not isinstance(each, WatchQuote)][:1] == [
        PlaceOrders
    ]
    assert not any(isinstance(each, FindContract) for each in story.commands)
    assert CALL not in story.book.ahead.learned


def test_details_that_a_trade_needs_are_kept_and_others_are_not() -> None:
    story = started()
    kept: list[OptionContract] = []

    def keep(book: Book) -> None:
        kept.extend(book.changes.contracts)

    story.keep = keep
    learned(story)
    assert kept == []
    story.post(entry())
    assert kept == [CALL]


def test_what_was_learned_on_another_day_is_asked_for_anew() -> None:
    story = started()
    far = replace(CALL, expiry=CALL.expiry + timedelta(days=7))
    learned(story, far)
    assert far in story.book.contracts
    story.wait(24 * 3600, step=600)
    assert far not in story.book.contracts
    story.post(entry(far))
    assert any(isinstance(each, FindContract) and each.contract == far for each in story.commands)


def test_what_was_learned_on_another_day_is_not_kept_by_an_entry_that_comes_first() -> None:
    story = started()
    far = replace(CALL, expiry=CALL.expiry + timedelta(days=7))
    learned(story, far)
    story.lose()
    story.now += timedelta(days=1)
    story.post(entry(far))
    assert far not in story.book.contracts
    story.connect()
    assert any(isinstance(each, FindContract) and each.contract == far for each in story.commands)


def test_quotes_of_what_may_be_traded_leave_most_lines_free() -> None:
    story = started()
    for number in range(60):
        learned(story, replace(CALL, strike=CALL.strike + number))
    assert len(story.book.watched) == market_data.AHEAD_LINES
    assert len(story.book.contracts) == 60
    story.post(entry(replace(CALL, strike=CALL.strike + 59)))
    assert len(story.book.watched) == market_data.AHEAD_LINES + 1


def test_what_is_far_from_the_price_is_known_and_not_quoted() -> None:
    story = started()
    learned(story, is_near=False)
    assert CALL in story.book.contracts
    assert not story.book.watched


def test_a_new_connection_learns_anew_what_is_still_spoken_of() -> None:
    story = started()
    mention(story, "IWM")
    learned(story)
    story.lose()
    story.connect()
    story.wait(1)
    assert not story.book.watched
    assert chains(story.commands) == ["IWM", "IWM"]


@pytest.mark.parametrize("quotes_lost", [True, False])
def test_quotes_that_ibkr_lost_are_not_believed(quotes_lost: bool) -> None:
    story = opened()
    story.hear(QuoteChanged(contract=CALL, bid=Decimal("0.40"), ask=Decimal("0.42")))
    other = replace(CALL, strike=CALL.strike + 5)
    learned(story, other)
    story.hear(LinkRestored(quotes_lost=quotes_lost))
    assert (other in story.book.quotes) is not quotes_lost
    assert (other in story.book.watched) is not quotes_lost
    story.settle()
    assert CALL in story.book.watched


def test_once_trading_begins_the_usual_ones_are_learned() -> None:
    story = Story(replace(SETTINGS, allowed_underlyings=("IWM", "SPY")))
    story.connect()
    story.wait(1)
    assert chains(story.commands) == ["IWM", "SPY"]
    story.wait(3600, step=10)
    assert chains(story.commands) == ["IWM", "SPY"]


def test_after_a_start_what_was_traded_lately_is_learned() -> None:
    story = opened()
    story.commands.clear()
    story.book.ahead = Ahead()
    story.wait(1)
    assert chains(story.commands) == [CALL.underlying]


def test_before_trading_begins_nothing_is_learned() -> None:
    story = Story(replace(SETTINGS, allowed_underlyings=("IWM",)))
    story.now -= timedelta(hours=5)
    story.connect()
    story.wait(1)
    assert chains(story.commands) == []


def again(story: Story) -> None:
    story.lose()
    story.connect()


def test_a_plan_counts_as_a_mention_and_asks_for_nothing_that_an_entry_would_wait_behind() -> None:
    story = started()
    story.post(NotePlan(contract=named(CALL)))
    story.wait(0.5)
    assert chains(story.commands) == [CALL.underlying]
    assert not any(isinstance(each, FindContract) for each in story.commands)


def test_what_is_on_paper_beside_real_orders_takes_no_lines_for_what_may_be() -> None:
    story = Story(replace(SETTINGS, allowed_underlyings=("IWM",)), is_paper=True)
    story.connect()
    mention(story, "IWM")
    assert chains(story.commands) == []


def test_what_is_learned_again_is_not_quoted_anew() -> None:
    story = started()
    learned(story)
    story.wait(60)
    story.commands.clear()
    learned(story)
    assert not any(isinstance(each, WatchQuote) for each in story.commands)
    assert story.book.watched[CALL] == story.now


def test_an_entry_that_waits_for_its_contract_has_what_is_learned_of_it_for_good_and_quoted() -> (
    None
):
    story = started()
    kept: list[OptionContract] = []
    story.keep = lambda book: kept.extend(book.changes.contracts)
    story.flows = False
    story.post(entry())
    story.gateway.inbox.clear()
    story.commands.clear()
    learned(story, is_near=False)
    assert kept == [CALL]
    assert CALL not in story.book.ahead.learned
    assert [each.contract for each in story.commands if isinstance(each, WatchQuote)] == [CALL]
    assert story.order(Purpose.ENTRY).contract == CALL


def test_a_flood_of_mentions_is_learned_in_part_and_never_forgotten_of_too_late() -> None:
    story = started()
    for number in range(10_000):
        message = TickerMentioned(underlying=f"T{number}", mentioned_at=story.now)
        story.hear(SignalArrived(message=message))
    story.wait(1)
    assert len(chains(story.commands)) == ahead.MOST == len(story.book.ahead.mentioned)
    assert not story.book.changes.heard

    for number in range(ahead.MOST_LEARNED + 100):
        learned(story, replace(CALL, strike=Decimal(number + 1)), is_near=False)
    assert len(story.book.ahead.learned) == ahead.MOST_LEARNED
    story.post(entry(replace(CALL, strike=Decimal(ahead.MOST_LEARNED + 50))))
    assert story.at_gateway(Purpose.ENTRY).order.contract.strike > ahead.MOST_LEARNED


def test_what_was_learned_and_forgotten_while_nobody_was_connected_is_no_trouble() -> None:
    story = started()
    learned(story)
    story.lose()
    story.wait(9 * 24 * 3600, step=12 * 3600)
    assert CALL not in story.book.contracts
    story.connect()
    story.wait(1)
    assert not story.book.ahead.learned


def test_nothing_that_was_learned_outlives_a_restart() -> None:
    story = started()
    mention(story, "IWM")
    learned(story)
    assert story.book.changes.is_empty
    book = Book(SETTINGS)
    assert (book.contracts, book.ahead.mentioned, book.ahead.learned) == ({}, {}, {})


@settings(max_examples=30, deadline=None)
@given(moments=st.lists(st.integers(0, 7), max_size=12), seed=st.integers(0, 99))
def test_what_is_spoken_of_and_learned_changes_no_trade(moments: list[int], seed: int) -> None:
    dice = random.Random(seed)

    def speak(story: Story, moment: int) -> None:
        for _ in range(moments.count(moment)):
            message = TickerMentioned(underlying=CALL.underlying, mentioned_at=story.now)
            story.hear(SignalArrived(message=message))
            of = replace(CALL, strike=CALL.strike + dice.choice((0, 0, 1)))
            details = replace(DETAILS, con_id=ConId(dice.randint(1, 9)))
            story.hear(ContractLearned(contract=of, details=details, is_near=dice.random() < 0.5))

    def live(speaks: bool) -> Story:
        story = Story()
        story.connect()
        story.post(entry())
        steps: list[Callable[[], object]] = [
            lambda: story.fill(Purpose.ENTRY),
            lambda: story.quote("0.40", "0.42"),
            lambda: story.move_stop("0.36"),
            lambda: story.trim(1),
            lambda: again(story),
            story.exit,
            lambda: story.fill(Purpose.EXIT),
        ]
        for moment, step in enumerate(steps):
            if speaks:
                speak(story, moment)
            step()
            story.wait(2)
        return story

    quiet, spoken = live(speaks=False), live(speaks=True)
    assert spoken.book.orders == quiet.book.orders
    assert spoken.book.trades == quiet.book.trades
    assert spoken.outcomes == quiet.outcomes
