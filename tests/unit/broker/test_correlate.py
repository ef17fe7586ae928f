"""Which trade a follow-up means."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from autoscalper.broker import correlate
from autoscalper.domain.contract import ContractTerms
from autoscalper.domain.instruction import CloseTrade
from autoscalper.domain.order import Purpose
from tests.unit.broker.story import CALL, PUT, SETTINGS, Story, entry, named


def two_trades() -> Story:
    story = Story(replace(SETTINGS, max_open_trades=5))
    story.connect()
    for number, (contract, author) in enumerate(((CALL, "anna"), (PUT, "anna"))):
        story.post(entry(contract), author=author, message_id=f"open{number}")
        story.wait(1.5)
        story.fill(Purpose.ENTRY)
    story.wait(1.5)
    return story


def closed(story: Story) -> set[str]:
    return {trade.contract.underlying for trade in story.book.trades.values() if trade.hold == 0}


def test_a_reply_means_the_trade_of_the_post_it_replies_to() -> None:
    story = two_trades()
    story.post(CloseTrade(), reply_to="open0")
    assert closed(story) == {"IWM"}


def test_a_reply_to_a_follow_up_means_its_trade() -> None:
    story = two_trades()
    story.post(CloseTrade(), reply_to="open0", message_id="said")
    story.post(CloseTrade(), reply_to="said")
    assert closed(story) == {"IWM"}


def test_a_named_contract_means_its_trade() -> None:
    story = two_trades()
    story.post(CloseTrade(contract=ContractTerms(underlying="IWM")))
    assert closed(story) == {"IWM"}


def test_nothing_named_means_the_authors_latest_trade_in_that_channel() -> None:
    story = two_trades()
    story.exit()
    assert closed(story) == {"QQQ"}


def test_another_author_must_name_the_contract_in_full() -> None:
    story = two_trades()
    story.post(CloseTrade(), author="bert")
    story.post(CloseTrade(contract=ContractTerms(underlying="IWM")), author="bert")
    assert closed(story) == set()
    story.post(CloseTrade(contract=named(CALL)), author="bert")
    assert closed(story) == {"IWM"}


def test_two_posts_of_one_alert_have_one_key_whatever_is_around_it() -> None:
    story = Story()
    signals = (
        story.signal(entry(), text="BTO IWM 241c .40"),
        story.signal(entry(), text="again: BTO IWM 241c .40 <- in case you missed it"),
        story.signal(entry(price="0.41")),
        story.signal(entry(), author="bert"),
    )
    keys = [correlate.entry_key(signal) for signal in signals]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3
    assert signals[0].instruction.contract.strike == Decimal(241)
