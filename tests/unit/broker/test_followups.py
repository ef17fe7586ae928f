"""Follow-ups, as stories: they set levels and are never denied for risk."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from autoscalper.domain.identity import PostId
from autoscalper.domain.instruction import (
    AddToTrade,
    CancelEntry,
    CloseTrade,
    ExitCause,
    MoveStop,
    NotePlan,
    NoteRisk,
    PriceBasis,
    RiskLevel,
    SetTargets,
    StopAt,
    StopAtBreakEven,
    Targets,
    TrimTrade,
)
from autoscalper.domain.order import Purpose
from autoscalper.domain.outcome import OutcomeKind
from tests.unit.broker.story import CALL, PUT, SETTINGS, Story, entry, named, opened


def outcome(story: Story, post_id: PostId) -> str:
    return str(story.outcomes[post_id])


def test_an_exit_cancels_the_protection_and_sells_all() -> None:
    story = opened()
    post_id = story.exit()
    assert outcome(story, post_id) == "traded: closing 2"
    story.wait(1)
    assert story.live() == {"X0": 2}
    story.fill(Purpose.EXIT, price="0.55")
    story.wait(1)
    assert (story.held, story.live()) == (0, {})


def test_an_exit_while_the_gateway_is_away_is_carried_out_when_it_is_back() -> None:
    story = opened()
    story.lose()
    post_id = story.exit()
    assert outcome(story, post_id) == "traded: closing 2 as soon as the gateway is back"
    story.wait(3600, step=60)
    story.connect()
    story.wait(1)
    assert story.live() == {"X0": 2}


def test_an_exit_of_an_entry_that_still_rests_cancels_it() -> None:
    story = Story()
    story.connect()
    story.post(entry())
    story.wait(1.5)
    story.exit()
    story.wait(3)
    assert (story.held, story.live()) == (0, {})


def test_getting_out_just_after_the_stop_filled_finds_no_open_trade() -> None:
    story = opened()
    story.fill(Purpose.STOP_LOSS, price="0.32")
    post_id = story.exit()
    assert outcome(story, post_id) == "denied: no open trade"


def test_nothing_to_get_out_of_is_said() -> None:
    story = Story()
    story.connect()
    for post_id in (
        story.exit(),
        story.trim(),
        story.move_stop("0.20"),
        story.post(SetTargets(targets=Targets(prices=(Decimal("0.90"),)))),
    ):
        assert outcome(story, post_id) == "denied: no open trade"


def test_a_trim_sells_half_and_at_least_one_and_leaves_a_stop_for_the_rest() -> None:
    story = opened()
    post_id = story.trim()
    assert outcome(story, post_id) == "traded: selling 1 of 2"
    story.wait(1)
    story.fill(Purpose.EXIT, price="0.50")
    story.wait(2)
    assert (story.held, story.live()) == (1, {"T0": 1, "S0": 1})
    story.trim()
    story.wait(1)
    story.fill(Purpose.EXIT, price="0.50")
    story.wait(2)
    assert (story.held, story.live()) == (0, {})


@pytest.mark.parametrize(
    ("trim", "sold"),
    [
        (TrimTrade(fraction=Decimal("0.25")), 1),
        (TrimTrade(fraction=Decimal("0.75")), 3),
        (TrimTrade(quantity=3), 3),
        (TrimTrade(quantity=9), 4),
    ],
)
def test_a_trim_sells_the_fraction_or_the_count(trim: TrimTrade, sold: int) -> None:
    story = opened(replace(SETTINGS, max_contracts=4))
    post_id = story.post(trim)
    assert outcome(story, post_id) == f"traded: selling {sold} of 4"


def test_a_trim_can_move_the_stop_in_the_same_post() -> None:
    story = opened()
    post_id = story.post(TrimTrade(stop=StopAtBreakEven()))
    assert outcome(story, post_id) == "traded: selling 1 of 2; stop to 0.40"


def with_an_add_under_way() -> Story:
    story = opened(replace(SETTINGS, max_contracts=4, initial_contracts=2))
    story.post(AddToTrade(contract=named(CALL), price=Decimal("0.40")))
    story.wait(1.5)
    assert story.live() == {"S0": 2, "A0": 2, "T1": 2, "S1": 2}
    return story


def test_a_trim_calls_an_unfilled_add_off_and_sells_what_it_says() -> None:
    story = with_an_add_under_way()
    story.trim(1)
    story.wait(4)
    story.fill(Purpose.EXIT, price="0.50")
    story.wait(4)
    assert story.held == 1


def test_a_trim_that_an_add_overtakes_sells_no_more_than_it_says() -> None:
    story = with_an_add_under_way()
    story.flows = False
    story.trim(1)
    story.gateway.fill(story.at_gateway(Purpose.ADD), 2, Decimal("0.40"))
    story.flows = True
    story.wait(4)
    story.fill(Purpose.EXIT, price="0.50")
    story.wait(4)
    assert story.held == 3


def test_a_second_trim_counts_from_what_the_first_leaves() -> None:
    story = with_an_add_under_way()
    story.flows = False
    story.trim(1)
    post_id = story.trim(1)
    assert outcome(story, post_id) == "traded: selling 1 of 1"


def test_a_stop_moves_to_a_price_and_to_what_our_own_fills_cost() -> None:
    story = opened()
    assert outcome(story, story.move_stop("0.35")) == "traded: stop to 0.35"
    story.wait(3)
    assert story.at_gateway(Purpose.STOP_LOSS).terms.stop_price == Decimal("0.35")
    assert outcome(story, story.move_stop(StopAtBreakEven())) == "traded: stop to 0.40"
    story.wait(3)
    assert story.at_gateway(Purpose.STOP_LOSS).terms.stop_price == Decimal("0.40")


def test_a_looser_stop_is_refused_unless_the_user_allows_it() -> None:
    story = opened()
    said = "denied: a stop at 0.22 is looser than the one at 0.33"
    assert outcome(story, story.move_stop("0.22")) == said
    loose = opened(replace(SETTINGS, allow_looser_stops=True))
    assert outcome(loose, loose.move_stop("0.22")) == "traded: stop to 0.22"


def test_a_stop_without_a_level_or_on_the_underlying_moves_nothing() -> None:
    story = opened()
    underlying = StopAt(price=Decimal(238), basis=PriceBasis.UNDERLYING)
    assert story.outcomes[story.move_stop(underlying)].kind is OutcomeKind.DENIED
    assert outcome(story, story.post(MoveStop(stop=None))) == "denied: the post names no stop level"
    assert story.trade.stop_price == Decimal("0.33")


def test_targets_are_taken_nearest_first() -> None:
    story = opened()
    targets = Targets(prices=(Decimal("0.90"), Decimal("0.75")))
    assert outcome(story, story.post(SetTargets(targets=targets))) == "traded: targets to 0.75 0.90"
    story.wait(3)
    assert story.at_gateway(Purpose.TAKE_PROFIT, 0).terms.limit_price == Decimal("0.75")


def test_targets_of_the_underlying_are_kept_to_show() -> None:
    story = opened()
    targets = Targets(prices=(Decimal(245),), basis=PriceBasis.UNDERLYING)
    post_id = story.post(SetTargets(targets=targets))
    assert story.outcomes[post_id].kind is OutcomeKind.IGNORED
    assert story.trade.target_price == Decimal("0.63")


def test_plans_and_risk_notes_trade_nothing() -> None:
    story = opened()
    before = story.live()
    for note in (NotePlan(), NoteRisk()):
        assert outcome(story, story.post(note)) == "ignored: noted, nothing to trade"
    assert story.live() == before


def test_a_cancel_takes_back_an_unfilled_entry_and_closes_a_filled_one() -> None:
    story = Story()
    story.connect()
    story.post(entry())
    story.wait(1.5)
    story.post(CancelEntry())
    story.wait(3)
    assert (story.held, story.live()) == (0, {})
    filled = opened()
    assert outcome(filled, filled.post(CancelEntry())) == "traded: closing 2"


def test_an_edit_before_the_order_makes_the_newest_text_win() -> None:
    story = Story()
    story.connect()
    story.lose()
    post_id = story.post(entry(price="0.40"))
    story.edit(post_id, entry(price="0.30"))
    story.connect()
    story.wait(1.5)
    assert story.order(Purpose.ENTRY).terms.limit_price == Decimal("0.33")


def test_an_edit_to_another_contract_calls_the_waiting_entry_off() -> None:
    story = Story()
    story.connect()
    story.lose()
    post_id = story.post(entry())
    edited = story.edit(post_id, entry(PUT))
    assert outcome(story, post_id) == "denied: the post was edited"
    assert story.outcomes[edited].kind is OutcomeKind.DENIED
    story.connect()
    story.wait(2)
    assert not story.book.orders


def test_an_edit_after_the_fill_moves_stop_and_target_and_nothing_else() -> None:
    story = opened()
    opening = story.trade.opened_by
    edited = story.edit(PostId(opening), entry(stop=StopAt(price=Decimal("0.36"))))
    assert outcome(story, edited) == "traded: stop to 0.36"


def test_an_edit_that_reads_as_an_exit_closes_nothing() -> None:
    story = opened()
    edited = story.edit(PostId(story.trade.opened_by), CloseTrade())
    assert outcome(story, edited) == "ignored: an edit opens and closes no position"
    assert story.trade.hold == 2


def test_a_deleted_post_cancels_its_unfilled_entry_and_no_filled_one() -> None:
    story = Story()
    story.connect()
    post_id = story.post(entry())
    story.wait(1.5)
    deleted = story.delete(post_id)
    assert outcome(story, deleted) == "ignored: canceling the unfilled entry"
    story.wait(3)
    assert (story.held, story.live()) == (0, {})
    filled = opened()
    kept = filled.delete(PostId(filled.trade.opened_by))
    assert outcome(filled, kept) == "ignored: nothing to take back"
    assert filled.trade.hold == 2


def test_a_deleted_post_calls_its_waiting_entry_off() -> None:
    story = Story()
    story.connect()
    story.lose()
    post_id = story.post(entry())
    story.delete(post_id)
    assert outcome(story, post_id) == "denied: the post was deleted"


def test_a_follow_up_that_names_another_contract_leaves_this_one_alone() -> None:
    story = opened()
    post_id = story.post(CloseTrade(contract=named(PUT)))
    assert outcome(story, post_id) == "denied: no open trade"
    assert story.trade.hold == 2


def test_a_risk_note_makes_the_entry_smaller_that_waits() -> None:
    story = Story()
    story.connect()
    story.lose()
    story.post(entry())
    note = story.post(NoteRisk(risk_level=RiskLevel.EXTREME))
    assert outcome(story, note) == "ignored: noted, the entry gets smaller"
    story.connect()
    story.wait(1.5)
    # Without the note it buys two.
    assert story.order(Purpose.ENTRY).terms.order_qty == 1


@pytest.mark.parametrize("cause", ExitCause)
def test_whatever_the_trader_calls_it_an_exit_closes_the_trade(cause: ExitCause) -> None:
    story = opened()
    assert outcome(story, story.post(CloseTrade(cause=cause))) == "traded: closing 2"
    story.wait(1)
    assert story.live() == {"X0": 2}


def split(*prices: str) -> Story:
    story = opened(targets=Targets(prices=tuple(map(Decimal, prices))))
    story.wait(2)
    return story


def test_a_trim_at_a_target_that_sold_by_itself_sells_nothing_more() -> None:
    story = split("0.65", "0.80")
    story.fill(Purpose.TAKE_PROFIT, price="0.65", number=0)
    story.wait(60)
    post_id = story.post(TrimTrade(price=Decimal("0.66"), stop=StopAtBreakEven()))
    assert outcome(story, post_id) == "traded: a target sold 1 of 2 before; stop to 0.40"
    story.wait(3)
    assert story.held == 1
    assert story.gateway.stops(story.con_id) == 1
    # It was told once: the next one is meant for what is left.
    post_id = story.post(TrimTrade())
    assert outcome(story, post_id) == "traded: selling 1 of 1"


@pytest.mark.parametrize(("price", "waits"), [("0.90", 1), ("0.66", 660)])
def test_a_trim_far_above_the_target_or_long_after_it_sells_more(price: str, waits: int) -> None:
    story = split("0.65", "0.95")
    story.fill(Purpose.TAKE_PROFIT, price="0.65", number=0)
    story.wait(waits, step=10)
    post_id = story.post(TrimTrade(price=Decimal(price)))
    assert outcome(story, post_id) == "traded: selling 1 of 1"


def test_a_target_that_nobody_named_is_not_what_a_trim_speaks_of() -> None:
    story = opened()
    story.fill(Purpose.TAKE_PROFIT, qty=1, price="0.63")
    story.wait(2)
    post_id = story.post(TrimTrade())
    assert outcome(story, post_id) == "traded: selling 1 of 1"


def test_an_alert_that_was_edited_and_is_posted_again_is_the_same_alert() -> None:
    story = Story()
    post_id = story.post(entry(price="0.40"))
    story.edit(post_id, entry(price="0.42"))
    story.connect()
    story.fill(Purpose.ENTRY)
    story.wait(2)
    story.fill(Purpose.STOP_LOSS, price="0.3")
    story.wait(30)
    again = story.post(entry(price="0.42"))
    story.wait(3)
    assert str(story.outcomes[again]) == "duplicate: the same alert again"
