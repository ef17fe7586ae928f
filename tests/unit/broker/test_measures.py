"""What an entry was decided on is kept with its outcome, whatever that is."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from autoscalper.broker.events import FundsReported, QuoteChanged
from autoscalper.domain.instruction import AddToTrade
from autoscalper.domain.order import Purpose
from autoscalper.links.any_to_alert import Decision, OutcomeDecided
from tests.unit.broker.story import CALL, SETTINGS, Story, entry, named, opened


def decision(story: Story) -> Decision:
    """Return what the newest outcome was decided on."""
    decided = [each for each in story.notices if isinstance(each, OutcomeDecided)][-1]
    assert decided.decision is not None
    return decided.decision


def test_a_trade_is_told_with_what_every_limit_measured() -> None:
    story = Story()
    story.connect()
    story.hear(FundsReported(available=Decimal(5000)))
    story.post(entry())
    story.fill(Purpose.ENTRY)
    story.wait(1.5)
    found = decision(story)
    assert (found.bid, found.ask) == (Decimal("0.42"), Decimal("0.43"))
    assert (found.limit_price, found.stop_price) == (Decimal("0.43"), Decimal("0.33"))
    assert found.measured == (
        "age: 0.0 s, 60 s are allowed",
        "hours: its last day is closed on 2026-11-20 at 15:45",
        "size: 2; one contract risks $10.00, the budget is $50.00",
        "open trades: 0 are open, 3 are allowed",
        "daily loss: +$0.00 today, $200.00 may be lost",
        "loss streak: 0 losing trades in a row today, 3 end the day",
        "spread: 0.42 to 0.43 is 2.4 %, 10 % are allowed",
        "balance: $10000.00",
        "funds: $5000.00 are available",
    )


def test_a_denial_is_told_with_them_too() -> None:
    story = Story(replace(SETTINGS, max_bid_ask_spread_percent=Decimal(2)))
    story.connect()
    story.gateway.is_quoting = False
    story.post(entry())
    bid, ask = Decimal("0.42"), Decimal("0.43")
    story.hear(QuoteChanged(contract=CALL, bid=bid, ask=ask, underlying=Decimal(240)))
    found = decision(story)
    assert found.underlying == Decimal(240)
    assert "spread: 0.42 to 0.43 is 2.4 %, 2 % are allowed" in found.measured


def test_an_add_is_measured_by_what_its_trade_has() -> None:
    story = opened()
    story.post(AddToTrade(contract=named(CALL), price=Decimal("0.40")))
    story.wait(1.5)
    measured = decision(story).measured
    assert "adds: 0 made, 1 are allowed" in measured
    assert "contracts: 2 are held, 2 are allowed" in measured


def test_what_was_never_measured_has_none() -> None:
    story = Story()
    story.connect()
    story.exit()
    (decided,) = (each for each in story.notices if isinstance(each, OutcomeDecided))
    assert decided.decision is None
