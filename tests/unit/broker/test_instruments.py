"""What can be traded: from what IBKR lists to an order on the contract's own grid."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import ib_async
import pytest
from msgspec.structs import replace

from autoscalper.broker import ib_mapping
from autoscalper.broker.events import ContractDetails, ContractMissing
from autoscalper.domain.contract import OptionContract, Right
from autoscalper.domain.order import Purpose
from autoscalper.domain.settings import BrokerSettings
from tests.unit.broker.story import Story, entry

RICH = BrokerSettings(account_balance=Decimal(1000000))
#: IBKR's market rules: from which price on, in which steps.
PENNY = [(0.0, 0.01)]
PENNY_TO_THREE = [(0.0, 0.01), (3.0, 0.05)]
NICKEL = [(0.0, 0.05), (3.0, 0.1)]


def option(underlying: str, strike: str, expiry: date) -> OptionContract:
    return OptionContract(
        underlying=underlying, expiry=expiry, strike=Decimal(strike), right=Right.CALL
    )


def listed(
    contract: OptionContract, trading_class: str, multiplier: str = "100"
) -> ib_async.ContractDetails:
    """Return what IBKR lists of ``contract`` under a trading class."""
    return ib_async.ContractDetails(
        contract=ib_async.Option(
            conId=1000 + len(trading_class),
            symbol=contract.underlying,
            lastTradeDateOrContractMonth=f"{contract.expiry:%Y%m%d}",
            strike=float(contract.strike),
            right="C",
            multiplier=multiplier,
            tradingClass=trading_class,
            currency="USD",
        ),
        liquidHours=f"{contract.expiry:%Y%m%d}:0930-{contract.expiry:%Y%m%d}:1600",
        timeZoneId="US/Eastern",
    )


def details(
    contract: OptionContract, rule: list[tuple[float, float]], *classes: str
) -> ContractDetails:
    chosen = ib_mapping.choose(contract, [listed(contract, each) for each in classes])
    assert isinstance(chosen, ib_async.ContractDetails)
    steps = [ib_async.PriceIncrement(lowEdge=low, increment=step) for low, step in rule]
    return ib_mapping.details_of(chosen, steps)


TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("contract", "rule", "classes", "trading_class", "prices"),
    [
        # The call at 4.23 to 4.27, posted at 4.21: limit, stop and target on the grid.
        (option("SPY", "685", TODAY), PENNY, ["SPY"], "SPY", ("4.26", "3.20", "6.38")),
        (option("QQQ", "610", TODAY), PENNY, ["QQQ"], "QQQ", ("4.26", "3.20", "6.38")),
        (option("IWM", "240.5", TODAY), PENNY, ["IWM"], "IWM", ("4.26", "3.20", "6.38")),
        (option("AMD", "237.5", TODAY), PENNY_TO_THREE, ["AMD"], "AMD", ("4.25", "3.20", "6.35")),
        (option("SPX", "6850", TODAY), NICKEL, ["SPX", "SPXW"], "SPXW", ("4.20", "3.20", "6.20")),
        (option("SPX", "6855", date(2026, 12, 17)), NICKEL, ["SPX"], "SPX",
         ("4.20", "3.20", "6.20")),
        (option("NVDA", "190", date(2026, 11, 27)), PENNY, ["NVDA"], "NVDA",
         ("4.26", "3.20", "6.38")),
        (option("AAPL", "270", date(2028, 1, 21)), PENNY_TO_THREE, ["AAPL"], "AAPL",
         ("4.25", "3.20", "6.35")),
    ],
    ids=["SPY", "QQQ", "half a dollar", "stock", "index daily", "index monthly", "weekly", "far"],
)  # fmt: skip
def test_an_instrument_is_ordered_under_its_class_and_on_its_grid(
    contract: OptionContract,
    rule: list[tuple[float, float]],
    classes: list[str],
    trading_class: str,
    prices: tuple[str, str, str],
) -> None:
    story = Story(RICH)
    story.gateway.contracts[contract] = details(contract, rule, *classes)
    story.gateway.asks[contract] = (Decimal("4.23"), Decimal("4.27"))
    story.connect()
    story.post(entry(contract, "4.21"))
    story.wait(1.5)
    ordered = [
        story.order(each) for each in (Purpose.ENTRY, Purpose.STOP_LOSS, Purpose.TAKE_PROFIT)
    ]
    limit, stop, target = (order.terms for order in ordered)
    told = (limit.limit_price, stop.stop_price, target.limit_price)
    assert told == tuple(map(Decimal, prices))
    sent = ib_mapping.contract_of(contract, story.book.contracts[contract])
    assert (sent.tradingClass, sent.multiplier) == (trading_class, "100")
    assert Decimal(repr(sent.strike)) == contract.strike


@pytest.mark.parametrize(
    ("classes", "multiplier", "why"),
    [
        (["AMD1"], "10", "only adjusted contracts are listed"),
        (["2AMD"], "133", "only adjusted contracts are listed"),
        (["AMD1", "AMD2"], "100", "2 contracts fit and none is the standard class"),
        ([], "100", "IBKR lists no such contract"),
    ],
)
def test_what_was_adjusted_or_is_not_listed_is_denied_by_its_name(
    classes: list[str], multiplier: str, why: str
) -> None:
    contract = option("AMD", "240", TODAY)
    reason = ib_mapping.choose(contract, [listed(contract, each, multiplier) for each in classes])
    assert reason == why
    story = Story(RICH)
    story.connect()
    story.flows = False
    post_id = story.post(entry(contract))
    story.hear(ContractMissing(contract=contract, reason=why))
    assert str(story.outcomes[post_id]) == f"denied: chain: AMD 240C 2026-11-20: {why}"


def test_a_standard_contract_beside_an_adjusted_one_is_taken() -> None:
    contract = option("AMD", "240", TODAY)
    found = [listed(contract, "AMD1", "10"), listed(contract, "AMD")]
    chosen = ib_mapping.choose(contract, found)
    assert chosen is found[1]


@pytest.mark.parametrize(
    ("today", "expiries", "nearest"),
    [
        (date(2026, 11, 18), [date(2026, 11, 20), date(2026, 11, 27)], date(2026, 11, 20)),
        (date(2026, 11, 23), [date(2026, 11, 20), date(2026, 12, 18)], date(2026, 12, 18)),
    ],
)
def test_weeklies_and_monthlies_are_found_where_the_nearest_expiry_will_do(
    today: date, expiries: list[date], nearest: date
) -> None:
    wanted = option("AMD", "240", today)
    found = [listed(replace(wanted, expiry=each), "AMD") for each in expiries]
    assert ib_mapping.nearest(wanted, found).expiry == nearest
