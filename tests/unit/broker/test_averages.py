"""Adds, as stories: what they may risk, what makes way for them, and what follows the average."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from autoscalper.broker.averages import at_risk, trader_has
from autoscalper.domain.identity import PostId
from autoscalper.domain.instruction import (
    AddToTrade,
    RiskLevel,
    StopAt,
    StopRule,
    Targets,
    TrimTrade,
)
from autoscalper.domain.order import OrderStatus, Purpose
from tests.unit.broker.story import SETTINGS, Story, entry, opened

ROOMY = replace(SETTINGS, max_contracts=4, initial_contracts=2)


def outcome(story: Story, post_id: PostId) -> str:
    return str(story.outcomes[post_id])


def add(story: Story, price: str = "0.38", **said: object) -> PostId:
    story.quote(price, price)
    return story.post(AddToTrade(price=Decimal(price), **said))  # type: ignore[arg-type]


def added(story: Story, price: str = "0.38", **said: object) -> Story:
    add(story, price, **said)
    story.fill(Purpose.ADD, price=price)
    story.wait(2)
    return story


def prices(story: Story, purpose: Purpose) -> set[Decimal | None]:
    live = [held for held in story.gateway.live() if held.order.purpose is purpose]
    assert sum(held.leaves_qty for held in live) == story.held
    return {held.terms.stop_price or held.terms.limit_price for held in live}


def test_a_target_makes_way_for_an_add_and_comes_back() -> None:
    story = opened(ROOMY)
    add(story)
    # The stop stays; the target is off before the add leaves, for IBKR has no both sides.
    assert story.live() == {"S0": 2, "A0": 2, "T1": 2, "S1": 2}
    story.fill(Purpose.ADD, price="0.38")
    story.wait(2)
    assert story.live() == {"S0": 2, "T1": 2, "S1": 2, "T2": 2}


def test_a_target_that_fills_as_it_makes_way_is_not_bought_again() -> None:
    story = opened(ROOMY)
    story.flows = False
    post_id = add(story)
    story.gateway.fill(story.at_gateway(Purpose.TAKE_PROFIT), 2, Decimal("0.63"))
    story.flows = True
    story.settle()
    story.wait(3)
    assert outcome(story, post_id) == "denied: no open trade to add to"
    assert (story.held, story.live()) == (0, {})


def test_the_target_of_an_entry_that_bought_nothing_yet_is_in_nobodys_way() -> None:
    story = Story(ROOMY)
    story.connect()
    story.post(entry())
    story.wait(2)
    add(story)
    story.wait(2)
    assert story.live() == {"E0": 2, "T0": 2, "S0": 2, "A0": 2, "T1": 2, "S1": 2}


def test_a_target_comes_back_where_the_add_is_never_ordered() -> None:
    story = opened(ROOMY)
    story.flows = False
    post_id = add(story)
    story.gateway.take_in()
    story.exit()
    story.flows = True
    story.settle()
    assert outcome(story, post_id).startswith("denied: ")
    story.wait(2)
    assert story.live() == {"X0": 2}


def test_an_add_that_is_refused_leaves_everything_as_it_was() -> None:
    story = opened(ROOMY)
    story.gateway.rejects = 1
    post_id = add(story)
    story.wait(3)
    assert story.outcomes[post_id].kind.value == "rejected"
    assert story.live() == {"S0": 2, "T2": 2}
    assert (story.trade.hold, story.trade.adds) == (2, 0)


def test_where_stops_count_as_the_other_side_an_add_is_told_as_refused_and_the_stop_stays() -> None:
    story = opened(ROOMY)
    story.gateway.counts_stops = True
    post_id = add(story)
    assert story.gateway.stops(story.con_id) == 2
    assert outcome(story, post_id) == (
        "rejected: 201 Cannot have open orders on both sides. IBKR takes no add beside the stop of"
        " what is held: nothing was bought, the stop stays"
    )
    story.wait(2)
    assert story.live() == {"S0": 2, "T2": 2}
    assert sum(each.purpose is Purpose.ADD for each in story.book.orders.values()) == 1


def test_adds_that_are_refused_are_no_refusals_of_a_stop_or_a_target() -> None:
    story = opened(ROOMY)
    story.gateway.counts_stops = True
    for price in ("0.38", "0.37", "0.36"):
        add(story, price)
        story.wait(2)
    assert story.live() == {"S0": 2, "T6": 2}
    story.gateway.end(story.at_gateway(Purpose.STOP_LOSS, 0))
    story.settle()
    story.wait(2)
    assert story.gateway.stops(story.con_id) == story.held == 2


def test_an_add_whose_making_way_is_lost_with_the_connection_goes_on() -> None:
    story = opened(ROOMY)
    story.flows = False
    add(story)
    story.gateway.take_in()
    story.lose()
    story.flows = True
    story.connect()
    story.quote("0.38", "0.38")
    story.wait(2)
    assert story.live() == {"S0": 2, "A0": 2, "T1": 2, "S1": 2}


def test_an_add_that_is_not_filled_was_none() -> None:
    story = opened(ROOMY)
    post_id = add(story)
    story.wait(40)
    assert outcome(story, post_id).startswith("expired: not filled")
    assert story.trade.adds == 0
    assert story.live() == {"S0": 2, "T2": 2}


def test_what_is_added_has_the_rest_of_the_trades_risk() -> None:
    # Two at 0.40 with the stop at 0.33 risk $14 of $20: a third and a fourth would risk $10.
    story = opened(replace(ROOMY, account_balance=Decimal(4000), max_bid_ask_spread_percent=50))
    assert at_risk(story.book, story.trade) == Decimal(14)
    post_id = add(story)
    story.fill(Purpose.ADD, price="0.38")
    story.wait(2)
    assert outcome(story, post_id).startswith("traded: bought 1 at 0.38")
    assert at_risk(story.book, story.trade) <= Decimal(20)


def test_an_add_that_the_rest_of_the_risk_does_not_cover_is_denied() -> None:
    story = opened(replace(ROOMY, account_balance=Decimal(4000)))
    post_id = add(story, "0.41")
    assert outcome(story, post_id) == "denied: risk: one contract risks $8.00, the budget is $6.00"
    assert story.live() == {"T0": 2, "S0": 2}


def test_a_risky_trade_stays_risky_for_its_adds() -> None:
    story = opened(replace(ROOMY, initial_contracts=1), risk_level=RiskLevel.EXTREME)
    post_id = add(story, "0.45")
    assert outcome(story, post_id) == "denied: risk: one contract risks $12.00, the budget is $5.50"


def test_levels_that_nobody_posted_follow_the_average() -> None:
    story = added(opened(ROOMY), "0.48")
    # Two at 0.40 and two at 0.48: 25 % below 0.44, and twice as far above.
    assert prices(story, Purpose.STOP_LOSS) == {Decimal("0.33")}
    assert prices(story, Purpose.TAKE_PROFIT) == {Decimal("0.66")}


def test_a_lower_average_does_not_bring_the_stop_down() -> None:
    story = added(opened(ROOMY), "0.36")
    assert prices(story, Purpose.STOP_LOSS) == {Decimal("0.33")}
    assert prices(story, Purpose.TAKE_PROFIT) == {Decimal("0.56")}
    loose = added(opened(replace(ROOMY, allow_looser_stops=True)), "0.36")
    assert prices(loose, Purpose.STOP_LOSS) == {Decimal("0.29")}


def test_levels_that_the_trader_posted_stay_where_they_are() -> None:
    targets = Targets(prices=(Decimal("0.75"),))
    story = added(opened(ROOMY, stop=StopAt(price=Decimal("0.36")), targets=targets), "0.39")
    assert prices(story, Purpose.STOP_LOSS) == {Decimal("0.36")}
    assert prices(story, Purpose.TAKE_PROFIT) == {Decimal("0.75")}


def test_a_stop_that_was_moved_is_not_moved_back_by_the_average() -> None:
    story = added(opened(ROOMY), "0.48")
    story.move_stop("0.42")
    story.wait(2)
    assert prices(story, Purpose.STOP_LOSS) == {Decimal("0.42")}
    assert prices(story, Purpose.TAKE_PROFIT) == {Decimal("0.66")}


def stop(price: str) -> StopRule:
    return StopAt(price=Decimal(price))


def test_stop_and_target_of_an_add_are_for_the_whole_trade() -> None:
    targets = Targets(prices=(Decimal("0.60"),))
    story = added(opened(ROOMY), stop=stop("0.35"), targets=targets)
    assert prices(story, Purpose.STOP_LOSS) == {Decimal("0.35")}
    assert prices(story, Purpose.TAKE_PROFIT) == {Decimal("0.60")}


def test_a_looser_stop_of_an_add_is_not_taken_and_the_add_is() -> None:
    story = opened(ROOMY)
    post_id = add(story, stop=stop("0.20"))
    story.fill(Purpose.ADD, price="0.38")
    story.wait(2)
    assert outcome(story, post_id).startswith("traded: bought 2 at 0.38, stop 0.33")


def test_a_stop_that_comes_with_a_denied_add_is_moved_all_the_same() -> None:
    story = opened()
    post_id = add(story, stop=stop("0.36"))
    assert outcome(story, post_id).endswith("2 are held, 2 are allowed; stop to 0.36")
    story.wait(2)
    assert prices(story, Purpose.STOP_LOSS) == {Decimal("0.36")}


def test_a_trim_by_the_traders_count_sells_our_share_of_it() -> None:
    story = opened(ROOMY, quantity=10)
    added(story, quantity=10)
    assert (story.trade.trader_qty, story.held) == (20, 4)
    post_id = story.post(TrimTrade(quantity=10))
    assert outcome(story, post_id) == "traded: selling 2 of 4"
    assert story.trade.trader_qty == 10
    story.fill(Purpose.EXIT, price="0.60")
    story.wait(2)
    post_id = story.post(TrimTrade(quantity=1))
    assert outcome(story, post_id) == "traded: selling 1 of 2"


def test_a_trim_by_more_than_the_trader_has_sells_all_and_forgets_his_count() -> None:
    story = opened(quantity=4)
    post_id = story.post(TrimTrade(quantity=5))
    assert outcome(story, post_id) == "traded: selling 2 of 2"
    assert story.trade.trader_qty is None


def test_a_trim_in_words_is_counted_of_the_traders_contracts_too() -> None:
    story = opened(quantity=10)
    story.post(TrimTrade())
    assert story.trade.trader_qty == 5


def test_the_traders_count_is_lost_with_an_add_that_says_none() -> None:
    story = opened(quantity=10)
    assert trader_has(story.trade, AddToTrade()) is None
    assert trader_has(story.trade, AddToTrade(quantity=2)) == 12
    assert trader_has(replace(story.trade, trader_qty=None), AddToTrade(quantity=2)) is None


def test_an_add_to_what_stands_in_nobodys_way_leaves_at_once() -> None:
    story = opened(ROOMY, targets=Targets(prices=(Decimal("0.65"),), leaves_runner=True))
    story.wait(2)
    story.fill(Purpose.TAKE_PROFIT, price="0.65")
    story.wait(2)
    assert story.live() == {"S1": 1}
    add(story, "0.42")
    assert story.order(Purpose.ADD).status is OrderStatus.NEW
