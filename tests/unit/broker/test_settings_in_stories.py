"""What each setting of the broker changes: the same post, another number, another order.

Each story is told twice: as the environment has it, and as a channel narrows a wide environment.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from autoscalper.broker.events import BalanceReported
from autoscalper.broker.flatten import time_of
from autoscalper.domain.contract import ContractTerms
from autoscalper.domain.instruction import AddToTrade, OpenTrade, RiskLevel
from autoscalper.domain.order import OrderType, Purpose
from autoscalper.domain.profiles import NARROWS, Profile, Profiles, problems
from autoscalper.domain.settings import BrokerSettings, DefaultExpiry
from tests.unit.broker.story import CALL, PUT, SETTINGS, Story, entry, named

#: Rich enough that only the setting in question decides.
RICH = replace(SETTINGS, account_balance=Decimal(100000), max_contracts=9)
#: What a channel narrows: nothing of it would hold anything up.
WIDE = {
    "risk_per_trade_percent": Decimal(100),
    "daily_max_loss_percent": Decimal(100),
    "max_loss_streak": 99,
    "max_contracts": 99,
    "initial_contracts": None,
    "max_adds_per_trade": 99,
    "max_open_trades": 99,
    "allowed_underlyings": (),
    "auto_stop_loss_percent": Decimal(99),
    "risk_reward_ratio": Decimal(9),
    "high_risk_size_reduction": Decimal(1),
    "extreme_risk_size_reduction": Decimal(1),
    "max_bid_ask_spread_percent": Decimal(100),
    "entry_chase": Decimal(9),
    "entry_chase_percent": Decimal(100),
    "entry_max_age_seconds": 9999,
    "entry_timeout_seconds": 9999,
    "default_expiry": DefaultExpiry.NEAREST,
    "force_market_orders": True,
    "allow_looser_stops": True,
    "flatten_at": time(15, 59),
}
Told = Callable[[BrokerSettings], Story]


@pytest.fixture(params=["environment", "channel"])
def told(request: pytest.FixtureRequest) -> Told:
    """Return what begins a story that holds to its settings, connected."""

    def begin(settings: BrokerSettings) -> Story:
        if request.param == "environment":
            story = Story(settings)
        else:
            limits = {name: getattr(settings, name) for name in NARROWS}
            room = Profiles(by_channel={"room": Profile(limits=limits)})
            story = Story(replace(settings, **WIDE), profiles=room)
        story.connect()
        return story

    return begin


def test_a_channel_narrows_all_that_it_can() -> None:
    assert WIDE.keys() == NARROWS.keys()
    assert problems(replace(SETTINGS, **WIDE), {"room": vars_of(SETTINGS)}) == []


def vars_of(settings: BrokerSettings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in NARROWS}


def after_an_entry(told: Told, settings: BrokerSettings, **said: Any) -> Story:
    """Return the story just after the post: entry at 0.40, the market at 0.42 to 0.43."""
    story = told(settings)
    story.post(entry(**said))
    story.wait(1.5)
    return story


def opened(told: Told, settings: BrokerSettings) -> Story:
    """Return the story once all that was ordered is bought at 0.40."""
    story = after_an_entry(told, settings)
    story.fill(Purpose.ENTRY)
    story.wait(1.5)
    return story


def ordered(told: Told, settings: BrokerSettings, **said: Any) -> int:
    """Return how many contracts an entry orders."""
    return after_an_entry(told, settings, **said).order(Purpose.ENTRY).terms.order_qty


def limit(told: Told, settings: BrokerSettings) -> Decimal | None:
    """Return the limit of the entry."""
    return after_an_entry(told, settings).order(Purpose.ENTRY).terms.limit_price


def denial(told: Told, settings: BrokerSettings, **said: Any) -> str:
    """Return why the entry is not ordered."""
    (outcome,) = after_an_entry(told, settings, **said).outcomes.values()
    return str(outcome)


def add(story: Story) -> str:
    """Have the trader add at 0.40, and return the outcome if there is one at once."""
    post_id = story.post(AddToTrade(contract=named(CALL), price=Decimal("0.40")))
    story.wait(1.5)
    return str(story.outcomes.get(post_id, ""))


@pytest.mark.parametrize(("balance", "contracts"), [(4000, 2), (3000, 1)])
def test_account_balance_is_what_risk_is_a_percentage_of(
    told: Told, balance: int, contracts: int
) -> None:
    assert ordered(told, replace(RICH, account_balance=Decimal(balance))) == contracts


@pytest.mark.parametrize(("is_cap", "contracts"), [(False, 9), (True, 1)])
def test_account_balance_cap_bounds_what_the_gateway_tells(
    told: Told, is_cap: bool, contracts: int
) -> None:
    settings = replace(RICH, account_balance=Decimal(3000), account_balance_cap=is_cap)
    story = told(settings)
    story.hear(BalanceReported(net_liquidation=Decimal(90000)))
    story.post(entry())
    story.wait(1.5)
    assert story.order(Purpose.ENTRY).terms.order_qty == contracts


@pytest.mark.parametrize(("percent", "contracts"), [("0.05", 5), ("0.02", 2)])
def test_risk_per_trade_percent_sizes_an_entry(told: Told, percent: str, contracts: int) -> None:
    assert ordered(told, replace(RICH, risk_per_trade_percent=Decimal(percent))) == contracts


def test_max_loss_streak_ends_the_day_after_so_many_losses(told: Told) -> None:
    story = opened(told, replace(SETTINGS, max_loss_streak=1))
    story.fill(Purpose.STOP_LOSS, price="0.33")
    story.wait(1.5)
    post_id = story.post(entry(PUT))
    story.wait(1.5)
    assert str(story.outcomes[post_id]) == (
        "denied: loss streak: 1 losing trades in a row today, 1 end the day"
    )


@pytest.mark.parametrize("most", [1, 3])
def test_max_contracts_bounds_a_trade_with_its_adds(told: Told, most: int) -> None:
    settings = replace(RICH, max_contracts=most)
    assert ordered(told, settings) == most
    story = opened(told, settings)
    assert add(story) == f"denied: contracts: {most} are held, {most} are allowed"


def test_initial_contracts_bounds_the_first_entry_and_no_add(told: Told) -> None:
    story = opened(told, replace(RICH, initial_contracts=2))
    assert story.held == 2
    add(story)
    assert story.order(Purpose.ADD).terms.order_qty == 7


def test_max_adds_per_trade_counts_adds(told: Told) -> None:
    story = opened(told, replace(RICH, initial_contracts=1, max_adds_per_trade=2))
    for _ in range(2):
        assert add(story) == ""
        story.fill(Purpose.ADD, 1)
        story.gateway.end(story.at_gateway(Purpose.ADD))
        story.wait(660, step=30)
    assert add(story).startswith("denied: adds: 2 made, 2 are allowed")


def test_max_open_trades_counts_trades(told: Told) -> None:
    story = opened(told, replace(RICH, max_open_trades=1))
    post_id = story.post(entry(PUT))
    story.wait(1.5)
    assert str(story.outcomes[post_id]) == "denied: open trades: 1 are open, 1 are allowed"


def test_allowed_underlyings_are_the_only_ones(told: Told) -> None:
    settings = replace(RICH, allowed_underlyings=("SPY", "QQQ"))
    assert denial(told, settings) == "denied: underlying: IWM is not among SPY, QQQ"


@pytest.mark.parametrize(("percent", "stop"), [("25", "0.33"), ("50", "0.22")])
def test_auto_stop_loss_percent_places_the_stop(told: Told, percent: str, stop: str) -> None:
    story = after_an_entry(told, replace(RICH, auto_stop_loss_percent=Decimal(percent)))
    assert story.order(Purpose.STOP_LOSS).terms.stop_price == Decimal(stop)


@pytest.mark.parametrize(("ratio", "target"), [("2", "0.63"), ("1", "0.53")])
def test_risk_reward_ratio_places_the_target(told: Told, ratio: str, target: str) -> None:
    story = after_an_entry(told, replace(RICH, risk_reward_ratio=Decimal(ratio)))
    assert story.order(Purpose.TAKE_PROFIT).terms.limit_price == Decimal(target)


@pytest.mark.parametrize(("factor", "contracts"), [("0.5", 4), ("0.25", 2)])
def test_high_risk_size_reduction_makes_a_risky_trade_smaller(
    told: Told, factor: str, contracts: int
) -> None:
    settings = replace(RICH, risk_per_trade_percent=Decimal("0.08"))
    settings = replace(settings, high_risk_size_reduction=Decimal(factor))
    assert ordered(told, settings, risk_level=RiskLevel.HIGH) == contracts


@pytest.mark.parametrize(("factor", "contracts"), [("0.25", 2), ("0.125", 1)])
def test_extreme_risk_size_reduction_makes_a_lotto_smaller(
    told: Told, factor: str, contracts: int
) -> None:
    settings = replace(RICH, risk_per_trade_percent=Decimal("0.08"))
    settings = replace(settings, extreme_risk_size_reduction=Decimal(factor))
    assert ordered(told, settings, risk_level=RiskLevel.EXTREME) == contracts


def test_max_bid_ask_spread_percent_denies_a_wider_market(told: Told) -> None:
    settings = replace(RICH, max_bid_ask_spread_percent=Decimal(2))
    assert denial(told, settings) == "denied: spread: 0.42 to 0.43 is 2.4 %, 2 % are allowed"


@pytest.mark.parametrize(("chase", "price"), [("0.05", "0.43"), ("0.02", "0.42"), ("0", "0.40")])
def test_entry_chase_is_how_far_above_the_post_in_dollars(
    told: Told, chase: str, price: str
) -> None:
    assert limit(told, replace(RICH, entry_chase=Decimal(chase))) == Decimal(price)


@pytest.mark.parametrize(("percent", "price"), [("10", "0.43"), ("5", "0.42")])
def test_entry_chase_percent_is_how_far_above_the_post_in_per_cent(
    told: Told, percent: str, price: str
) -> None:
    assert limit(told, replace(RICH, entry_chase_percent=Decimal(percent))) == Decimal(price)


@pytest.mark.parametrize("seconds", [30, 90])
def test_entry_max_age_seconds_is_counted_from_the_post(told: Told, seconds: int) -> None:
    story = told(replace(RICH, entry_max_age_seconds=seconds))
    old = story.post(entry(), posted_at=story.now - timedelta(seconds=seconds + 1))
    assert f"{seconds} s are allowed" in str(story.outcomes[old])
    story.post(entry(PUT), posted_at=story.now - timedelta(seconds=seconds - 2))
    story.wait(1.5)
    assert story.order(Purpose.ENTRY).contract == PUT


@pytest.mark.parametrize("seconds", [10, 50])
def test_entry_timeout_seconds_is_how_long_an_entry_rests(told: Told, seconds: int) -> None:
    story = after_an_entry(told, replace(RICH, entry_timeout_seconds=seconds))
    story.wait(seconds - 2)
    assert story.live() == {"E0": 9, "T0": 9, "S0": 9}
    story.wait(5)
    assert story.live() == {}


@pytest.mark.parametrize(("at", "hour"), [(time(15, 45), 20), (time(14, 45), 19)])
def test_flatten_at_is_when_the_last_day_ends(told: Told, at: time, hour: int) -> None:
    story = opened(told, replace(SETTINGS, flatten_at=at))
    flatten = datetime(2026, 11, 20, hour, 45, tzinfo=UTC)
    assert time_of(story.book, CALL, story.book.settings_for(story.trade)) == flatten
    story.now = flatten - timedelta(seconds=1)
    story.wait(4)
    assert story.order(Purpose.EXIT).terms.order_qty == 2


@pytest.mark.parametrize(
    ("at", "zone", "pauses"),
    [
        ("10:00 AM", "America/New_York", True),
        ("11:45 PM", "America/New_York", False),
        ("10:00 AM", "America/Chicago", False),
        ("09:00 AM", "America/Chicago", True),
    ],
)
def test_auto_restart_time_and_time_zone_pause_entries(at: str, zone: str, pauses: bool) -> None:
    story = Story(replace(RICH, auto_restart_time=at, time_zone=zone))
    story.now = datetime(2026, 11, 20, 14, 45, tzinfo=UTC)
    story.connect()
    story.now = datetime(2026, 11, 20, 14, 59, 30, tzinfo=UTC)
    story.post(entry())
    story.wait(3)
    assert not story.book.orders if pauses else story.book.orders


def test_daily_max_loss_percent_ends_the_day(told: Told) -> None:
    story = opened(told, replace(SETTINGS, daily_max_loss_percent=Decimal("0.2")))
    story.quote("0.25", "0.26")
    story.wait(1)
    post_id = story.post(entry(PUT))
    story.wait(1.5)
    assert str(story.outcomes[post_id]).startswith(
        "denied: daily loss: -$30.00 today, $20.00 may be lost in a day"
    )


@pytest.mark.parametrize("is_forced", [False, True])
def test_force_market_orders_makes_entries_market_orders(told: Told, is_forced: bool) -> None:
    story = after_an_entry(told, replace(RICH, force_market_orders=is_forced))
    kind = story.order(Purpose.ENTRY).order_type
    assert kind is (OrderType.MARKET if is_forced else OrderType.LIMIT)


@pytest.mark.parametrize(
    ("default", "ordered_or_not"),
    [
        (DefaultExpiry.ZERO_DTE, "IWM 241C 2026-11-20"),
        (DefaultExpiry.NEAREST, "IWM 241C 2026-11-23"),
        (DefaultExpiry.REJECT, "denied: the post names no expiry"),
    ],
)
def test_default_expiry_is_for_a_post_without_one(
    told: Told, default: DefaultExpiry, ordered_or_not: str
) -> None:
    story = told(replace(RICH, default_expiry=default))
    story.gateway.next_expiry = date(2026, 11, 23)
    terms = ContractTerms(underlying="IWM", strike=Decimal(241), right=CALL.right)
    post_id = story.post(OpenTrade(contract=terms, price=Decimal("0.40")))
    story.wait(1.5)
    orders = [str(order.contract) for order in story.book.orders.values()]
    assert [*orders, str(story.outcomes.get(post_id))][0] == ordered_or_not


@pytest.mark.parametrize("is_allowed", [False, True])
def test_allow_looser_stops_lets_a_stop_go_down(told: Told, is_allowed: bool) -> None:
    story = opened(told, replace(SETTINGS, allow_looser_stops=is_allowed))
    post_id = story.move_stop("0.22")
    said = "a stop at 0.22 is looser than the one at 0.33"
    assert (said in str(story.outcomes[post_id])) is not is_allowed
