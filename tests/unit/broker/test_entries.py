"""Entries and adds, as stories."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from autoscalper.broker.commands import PlaceOrders
from autoscalper.broker.orders import Terms
from autoscalper.domain.contract import ContractTerms
from autoscalper.domain.identity import PostId
from autoscalper.domain.instruction import (
    AddToTrade,
    CloseTrade,
    OpenTrade,
    PriceBasis,
    RiskLevel,
    StopAt,
    Targets,
)
from autoscalper.domain.order import OrderType, Purpose
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.domain.settings import BrokerSettings, DefaultExpiry
from tests.unit.broker.story import CALL, PUT, SETTINGS, Story, entry, named, opened


def started(settings: BrokerSettings = SETTINGS) -> Story:
    story = Story(settings)
    story.gateway.asks[CALL] = (Decimal("0.39"), Decimal("0.40"))
    story.connect()
    return story


def outcome(story: Story, post_id: PostId) -> str:
    return str(story.outcomes[post_id])


def test_an_entry_leaves_as_one_bracket_at_the_posted_price_plus_the_chase() -> None:
    story = started()
    story.post(entry(price="0.40"))
    story.wait(1.5)
    (placed,) = (each for each in story.commands if isinstance(each, PlaceOrders))
    assert [(each.purpose, each.terms.order_qty) for each in placed.orders] == [
        (Purpose.ENTRY, 2),
        (Purpose.TAKE_PROFIT, 2),
        (Purpose.FLATTEN, 2),
        (Purpose.STOP_LOSS, 2),
    ]
    assert story.order(Purpose.ENTRY).terms.limit_price == Decimal("0.40")
    assert story.order(Purpose.STOP_LOSS).terms.stop_price == Decimal("0.30")
    assert story.order(Purpose.TAKE_PROFIT).terms.limit_price == Decimal("0.60")


@pytest.mark.parametrize(
    ("ask", "limit"),
    [
        ("0.38", "0.38"),  # the market is better than the post
        ("0.42", "0.42"),  # within the chase: 10 % of 0.40 is less than five cents
        ("0.60", "0.44"),  # beyond it: rests at the most that is allowed
    ],
)
def test_the_limit_follows_the_ask_up_to_the_chase(ask: str, limit: str) -> None:
    story = started()
    story.gateway.asks[CALL] = (Decimal(ask) - Decimal("0.01"), Decimal(ask))
    story.post(entry(price="0.40"))
    story.wait(1.5)
    assert story.order(Purpose.ENTRY).terms.limit_price == Decimal(limit)


def test_the_outcome_comes_with_the_fill_and_says_what_was_bought() -> None:
    story = started()
    post_id = story.post(entry())
    story.wait(1.5)
    assert post_id not in story.outcomes
    story.fill(Purpose.ENTRY, price="0.39")
    story.wait(1.5)
    assert outcome(story, post_id) == "traded: bought 2 at 0.39, stop 0.30, target 0.60"


def test_posted_stop_and_nearest_posted_target_win_over_the_defaults() -> None:
    story = started()
    targets = Targets(prices=(Decimal("0.80"), Decimal("0.65"), Decimal("0.20")))
    story.post(entry(stop=StopAt(price=Decimal("0.35")), targets=targets))
    story.wait(1.5)
    assert story.trade.stop_price == Decimal("0.35")
    assert story.trade.target_price == Decimal("0.65")


def test_levels_of_the_underlying_are_not_taken_for_the_premiums() -> None:
    story = started()
    story.post(
        entry(
            stop=StopAt(price=Decimal(238), basis=PriceBasis.UNDERLYING),
            targets=Targets(prices=(Decimal(245),), basis=PriceBasis.UNDERLYING),
        )
    )
    story.wait(1.5)
    assert (story.trade.stop_price, story.trade.target_price) == (Decimal("0.30"), Decimal("0.60"))


def test_a_stop_above_the_entry_is_denied_with_both_numbers() -> None:
    story = started()
    post_id = story.post(entry(stop=StopAt(price=Decimal("0.50"))))
    story.wait(1.5)
    assert outcome(story, post_id) == (
        "denied: stop: a stop at 0.50 does not protect an entry at 0.40"
    )


def test_an_entry_that_one_contract_of_would_exceed_the_budget_is_denied() -> None:
    story = started(replace(SETTINGS, account_balance=Decimal(1000)))
    post_id = story.post(entry())
    story.wait(1.5)
    assert outcome(story, post_id) == (
        "denied: risk: one contract risks $10.00, the budget is $5.00"
    )


def test_risky_trades_are_smaller() -> None:
    story = started(replace(SETTINGS, account_balance=Decimal(4000)))
    story.post(entry(risk_level=RiskLevel.HIGH))
    story.wait(1.5)
    assert story.order(Purpose.ENTRY).terms.order_qty == 1


def test_every_rule_that_fails_is_told() -> None:
    settings = replace(SETTINGS, max_open_trades=1, allowed_underlyings=("IWM",))
    story = opened(settings)
    post_id = story.post(entry(PUT))
    story.wait(1.5)
    assert outcome(story, post_id) == (
        "denied: underlying: QQQ is not among IWM; open trades: 1 are open, 1 are allowed"
    )


def test_a_second_trade_in_the_same_contract_is_denied() -> None:
    story = opened()
    post_id = story.post(entry(price="0.45"), author="bert")
    story.wait(1.5)
    assert story.outcomes[post_id].kind is OutcomeKind.DENIED
    assert "a trade in IWM 241C 2026-11-20 is open" in outcome(story, post_id)


def test_the_same_alert_of_the_same_author_within_ten_minutes_is_one() -> None:
    story = started()
    story.post(entry())
    again = story.post(entry(), text="BTO again, in case you missed it")
    other = story.post(entry(PUT), author="bert")
    assert outcome(story, again) == "duplicate: the same alert again"
    assert other not in story.outcomes
    story.wait(700, step=20)
    later = story.post(entry())
    assert later not in story.outcomes or story.outcomes[later].kind is not OutcomeKind.DUPLICATE


def test_an_entry_older_than_allowed_expires_and_never_leaves() -> None:
    story = started()
    post_id = story.post(entry(), posted_at=story.now - timedelta(seconds=61))
    assert story.outcomes[post_id].kind is OutcomeKind.EXPIRED
    assert outcome(story, post_id).startswith("expired: 61 s old, 60 s are allowed")
    assert not story.book.orders


def test_an_entry_waits_for_the_gateway_and_expires_with_the_price_it_has_now() -> None:
    story = opened()
    story.exit()
    story.fill(Purpose.EXIT)
    story.wait(3)
    story.lose()
    story.quote("0.60", "0.61")
    post_id = story.post(entry(price="0.43"))
    story.wait(60)
    assert post_id not in story.outcomes
    story.quote("0.60", "0.61")
    story.wait(1)
    assert outcome(story, post_id) == ("expired: 60 s old, 60 s are allowed; posted 0.43, now 0.61")


def test_an_entry_that_waited_shortly_is_taken_when_the_gateway_is_back() -> None:
    story = started()
    story.lose()
    story.post(entry())
    story.wait(20)
    assert not story.book.orders
    story.connect()
    story.wait(1.5)
    assert story.live() == {"E0": 2, "T0": 2, "S0": 2}


def test_an_entry_without_an_expiry_means_today() -> None:
    story = started()
    terms = ContractTerms(underlying="IWM", strike=Decimal(241), right=CALL.right)
    story.post(OpenTrade(contract=terms, price=Decimal("0.40")))
    story.wait(1.5)
    assert story.trade.contract == CALL


def test_an_entry_without_an_expiry_is_denied_where_the_user_wants_that() -> None:
    story = started(replace(SETTINGS, default_expiry=DefaultExpiry.REJECT))
    terms = ContractTerms(underlying="IWM", strike=Decimal(241), right=CALL.right)
    post_id = story.post(OpenTrade(contract=terms, price=Decimal("0.40")))
    assert outcome(story, post_id) == "denied: the post names no expiry"


NO_EXPIRY = OpenTrade(
    contract=ContractTerms(underlying="IWM", strike=Decimal(241), right=CALL.right),
    price=Decimal("0.40"),
)


def nearest(next_expiry: date | None) -> Story:
    story = Story(replace(SETTINGS, default_expiry=DefaultExpiry.NEAREST))
    story.gateway.next_expiry = next_expiry
    story.connect()
    return story


@pytest.mark.parametrize("day", [CALL.expiry, date(2026, 11, 23)])
def test_an_entry_without_an_expiry_means_the_nearest_where_the_user_wants_that(day: date) -> None:
    story = nearest(day)
    story.post(NO_EXPIRY)
    story.wait(1.5)
    assert story.trade.contract == replace(CALL, expiry=day)


def test_the_nearest_expiry_is_found_although_the_gateway_was_away() -> None:
    story = nearest(date(2026, 11, 23))
    story.lose()
    story.post(NO_EXPIRY)
    story.wait(5)
    story.connect()
    story.wait(1.5)
    assert story.trade.contract.expiry == date(2026, 11, 23)


def test_an_edit_of_an_entry_with_the_nearest_expiry_keeps_it() -> None:
    story = nearest(date(2026, 11, 23))
    story.gateway.is_quoting = False
    post_id = story.post(NO_EXPIRY)
    edit = story.edit(post_id, replace(NO_EXPIRY, price=Decimal("0.36")))
    assert story.outcomes[edit].kind is OutcomeKind.TRADED
    story.wait(1.5)
    assert story.order(Purpose.ENTRY).terms.limit_price == Decimal("0.36")


def test_an_expiry_that_is_named_is_never_replaced() -> None:
    story = nearest(date(2026, 11, 23))
    story.post(entry(CALL))
    story.wait(1.5)
    assert story.trade.contract == CALL


def test_without_a_price_and_without_a_quote_nothing_is_bought() -> None:
    story = started()
    story.gateway.is_quoting = False
    post_id = story.post(entry(price=None))
    story.wait(3)
    assert outcome(story, post_id) == "denied: the post names no price and there is no quote"


def test_entries_pause_before_the_daily_restart() -> None:
    story = started()
    story.now = story.now.replace(hour=4, minute=44, second=30) + timedelta(days=1)
    post_id = story.post(entry())
    story.wait(5)
    assert not story.book.orders
    assert post_id not in story.outcomes


def test_an_unfilled_entry_is_canceled_after_its_time() -> None:
    story = started()
    post_id = story.post(entry())
    story.wait(29)
    assert story.live() == {"E0": 2, "T0": 2, "S0": 2}
    story.wait(5)
    assert story.live() == {}
    assert story.outcomes[post_id].kind is OutcomeKind.EXPIRED
    assert "not filled at 0.40 within" in outcome(story, post_id)


def test_an_add_buys_more_under_a_bracket_of_its_own() -> None:
    story = opened(replace(SETTINGS, max_contracts=3, initial_contracts=2))
    post_id = story.post(AddToTrade(contract=named(CALL), price=Decimal("0.40")))
    story.wait(1.5)
    story.fill(Purpose.ADD, price="0.36")
    story.wait(1.5)
    assert story.held == 3
    assert sum(qty for name, qty in story.live().items() if name.startswith("S")) == 3
    assert outcome(story, post_id).startswith("traded: bought 1 at 0.36")


def test_an_add_beyond_its_limits_is_denied_with_every_number() -> None:
    story = opened(replace(SETTINGS, max_adds_per_trade=0))
    post_id = story.post(AddToTrade(contract=named(CALL), price=Decimal("0.36")))
    story.wait(1.5)
    assert outcome(story, post_id) == (
        "denied: adds: 0 made, 0 are allowed; contracts: 2 are held, 2 are allowed"
    )


def test_an_add_without_a_trade_is_denied() -> None:
    story = started()
    post_id = story.post(AddToTrade(price=Decimal("0.36")))
    assert outcome(story, post_id) == "denied: no open trade to add to"


def test_an_entry_is_void_when_its_author_gets_out_before_its_order() -> None:
    story = started()
    story.lose()
    entered = story.post(entry())
    left = story.post(CloseTrade(contract=named(CALL)))
    story.connect()
    story.wait(2)
    assert outcome(story, entered) == "denied: the same author got out before it was ordered"
    assert outcome(story, left) == "traded: entry called off before its order"
    assert not story.book.orders


def test_at_the_market_an_entry_is_sized_and_stopped_by_what_is_asked() -> None:
    story = Story(BrokerSettings(force_market_orders=True))
    story.connect()
    story.gateway.asks[CALL] = (Decimal("0.50"), Decimal("0.52"))
    post_id = story.post(entry(price="0.40"))
    sent = story.order(Purpose.ENTRY)
    assert (sent.order_type, sent.terms) == (OrderType.MARKET, Terms(order_qty=2))
    assert story.order(Purpose.STOP_LOSS).terms.stop_price == Decimal("0.39")
    story.wait(31)
    assert story.outcomes[post_id].detail == "not filled at the market within 30 s"


def test_at_the_market_an_add_is_a_market_order_too() -> None:
    story = Story(BrokerSettings(force_market_orders=True, initial_contracts=1))
    story.connect()
    story.post(entry())
    story.fill(Purpose.ENTRY)
    story.wait(1.5)
    story.post(AddToTrade(price=Decimal("0.42")))
    assert story.order(Purpose.ADD).order_type is OrderType.MARKET


def test_an_entry_that_comes_after_its_authors_later_exit_is_void() -> None:
    story = started()
    posted_at = story.now
    story.wait(5)
    story.post(CloseTrade(contract=ContractTerms(underlying="IWM")))
    late = story.post(entry(), posted_at=posted_at)
    assert outcome(story, late) == "denied: the same author got out since"
    other = story.post(entry(PUT), posted_at=posted_at)
    fresh = story.post(entry())
    assert not {other, fresh} & story.outcomes.keys()


def test_getting_out_of_everything_makes_every_earlier_entry_void() -> None:
    story = started()
    posted_at = story.now
    story.wait(5)
    story.exit()
    assert outcome(story, story.post(entry(), posted_at=posted_at)).startswith("denied: ")
    assert story.post(entry(), author="bert", posted_at=posted_at) not in story.outcomes


def test_a_post_is_as_old_as_its_reading_where_our_clock_is_behind() -> None:
    story = Story()
    post_id = story.post(entry(), posted_at=story.now + timedelta(minutes=10))
    story.wait(300, step=5)
    story.connect()
    story.wait(3)
    assert story.live() == {}
    assert story.outcomes[post_id].kind.value == "expired"


def test_nothing_is_added_to_what_has_no_stop() -> None:
    story = opened(BrokerSettings(max_contracts=4, initial_contracts=2))
    story.wait(2)
    for purpose in (Purpose.TAKE_PROFIT, Purpose.STOP_LOSS):
        del story.gateway.orders[story.at_gateway(purpose).order.ib_order_id]
    story.lose()
    story.connect()
    story.post(AddToTrade(price=Decimal("0.38")))
    assert not any(each.purpose is Purpose.ADD for each in story.book.orders.values())
    story.wait(3)
    stop, add = story.order(Purpose.STOP_LOSS, 1), story.order(Purpose.ADD)
    assert stop.ib_order_id < add.ib_order_id


def test_an_entry_that_finds_no_room_is_judged_when_there_is_some_and_expires_as_any() -> None:
    story = started()
    story.book.at_hand.room = 3
    first, second = story.post(entry()), story.post(entry(PUT))
    story.wait(2)
    assert not story.book.orders

    # Room for one bracket: the older entry has it, at the price of now.
    story.quote("0.36", "0.37")
    story.book.at_hand.room = 4
    story.wait(0.5)
    assert str(story.order(Purpose.ENTRY).ordered_by) == first
    assert story.order(Purpose.ENTRY).terms.limit_price == Decimal("0.37")
    assert len(story.book.orders) == 4
    story.wait(60)
    assert story.outcomes[second].kind is OutcomeKind.EXPIRED


def test_an_exit_needs_no_room() -> None:
    story = opened()
    story.book.at_hand.room = 0
    story.exit()
    story.wait(1)
    story.fill(Purpose.EXIT)
    assert story.held == 0
