"""The limits on entries and adds. All that fail are told, each with its numbers.

Nothing here is ever asked about an exit, a trim or a stop.
"""

from __future__ import annotations

import enum
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from autoscalper.domain.contract import OptionContract
from autoscalper.domain.exchange import EXCHANGE_ZONE
from autoscalper.domain.instruction import RiskLevel
from autoscalper.domain.last_day import NO_ENTRIES_BEFORE, is_too_late
from autoscalper.domain.pricing import ONE_HUNDRED, shown, signed
from autoscalper.domain.profiles import Profile
from autoscalper.domain.settings import BrokerSettings
from autoscalper.domain.sizing import Size


class Rule(enum.Enum):
    """What can deny an entry."""

    UNDERLYING = "underlying"
    OPEN_TRADES = "open trades"
    ONE_TRADE_PER_CONTRACT = "contract"
    ADDS = "adds"
    CONTRACTS = "contracts"
    RISK = "risk"
    STOP = "stop"
    DAILY_LOSS = "daily loss"
    LOSS_STREAK = "loss streak"
    SPREAD = "spread"
    PRICE = "price"
    STRIKE = "strike"
    CHAIN = "chain"
    FUNDS = "funds"
    HOURS = "hours"
    CHANNEL = "channel"


class Denial(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that failed, and the numbers, in words for people."""

    rule: Rule
    numbers: str

    def __str__(self) -> str:
        return f"{self.rule.value}: {self.numbers}"


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """How the trading day went so far."""

    #: Dollars made since it began, sold and unsold.
    result: Decimal
    #: Dollars that may be lost on it.
    allowed_loss: Decimal
    #: Losing trades in a row, at the worst.
    losses_in_a_row: int
    #: Whether the loss reached its limit before, whatever it is now.
    is_over: bool

    @property
    def allowance(self) -> Decimal:
        """Return the dollars that may still be lost."""
        return self.allowed_loss + self.result


#: By how much a posted price may differ from the market, and a strike from its underlying, before
#: it must mean something else.
PLAUSIBLE_FACTOR = 2


def check_channel(profile: Profile, settings: BrokerSettings) -> list[Denial]:
    """Return a denial where nothing may be opened from a channel's posts."""
    if profile.off:
        return [Denial(rule=Rule.CHANNEL, numbers="it is switched off")]
    if profile.paper and settings.is_real:
        # It is the paper broker's, unless the mark is newer than what the parser goes by.
        return [Denial(rule=Rule.CHANNEL, numbers="it is on paper here: restart AutoScalper")]
    return []


def is_too_old(age: timedelta, settings: BrokerSettings) -> bool:
    """Return whether an entry of that age may not be taken any more."""
    return age > timedelta(seconds=settings.entry_max_age_seconds)


def size_factor(risk_level: RiskLevel, settings: BrokerSettings) -> Decimal:
    """Return by what the size is multiplied for a trade that the trader calls risky."""
    return {
        RiskLevel.NORMAL: Decimal(1),
        RiskLevel.HIGH: settings.high_risk_size_reduction,
        RiskLevel.EXTREME: settings.extreme_risk_size_reduction,
    }[risk_level]


def check_new_trade(
    contract: OptionContract, open_contracts: list[OptionContract], settings: BrokerSettings
) -> list[Denial]:
    """Return every rule that forbids a new trade in ``contract``, whatever its price."""
    denials = []
    allowed = settings.allowed_underlyings
    if allowed and contract.underlying not in allowed:
        denials.append(
            Denial(
                rule=Rule.UNDERLYING,
                numbers=f"{contract.underlying} is not among {', '.join(allowed)}",
            )
        )
    if contract in open_contracts:
        denials.append(
            Denial(rule=Rule.ONE_TRADE_PER_CONTRACT, numbers=f"a trade in {contract} is open")
        )
    if len(open_contracts) >= settings.max_open_trades:
        numbers = f"{len(open_contracts)} are open, {settings.max_open_trades} are allowed"
        denials.append(Denial(rule=Rule.OPEN_TRADES, numbers=numbers))
    return denials


def check_add(adds: int, held: int, settings: BrokerSettings) -> list[Denial]:
    """Return every rule that forbids one more add to a trade that had ``adds`` of them."""
    denials = []
    if adds >= settings.max_adds_per_trade:
        numbers = f"{adds} made, {settings.max_adds_per_trade} are allowed"
        denials.append(Denial(rule=Rule.ADDS, numbers=numbers))
    if held >= settings.max_contracts:
        numbers = f"{held} are held, {settings.max_contracts} are allowed"
        denials.append(Denial(rule=Rule.CONTRACTS, numbers=numbers))
    return denials


def check_prices(limit_price: Decimal, stop_price: Decimal) -> list[Denial]:
    """Return a denial where the stop would not lie between zero and the entry."""
    if Decimal(0) < stop_price < limit_price:
        return []
    numbers = f"a stop at {shown(stop_price)} does not protect an entry at {shown(limit_price)}"
    return [Denial(rule=Rule.STOP, numbers=numbers)]


def check_size(size: Size) -> list[Denial]:
    """Return a denial where not even one contract fits the risk budget."""
    if size.risk_per_contract <= size.budget:
        return []
    numbers = f"one contract risks ${size.risk_per_contract:.2f}, the budget is ${size.budget:.2f}"
    return [Denial(rule=Rule.RISK, numbers=numbers)]


def is_loss_reached(day: Day) -> bool:
    """Return whether the day lost all that it may."""
    return day.is_over or day.allowance <= 0


def check_day(day: Day, settings: BrokerSettings) -> list[Denial]:
    """Return every rule that forbids more risk on this day."""
    denials = []
    if is_loss_reached(day):
        reached = "reached before, " if day.allowance > 0 else ""
        numbers = (
            f"{reached}{signed(day.result)} today, ${day.allowed_loss:.2f} may be lost in a day"
        )
        denials.append(Denial(rule=Rule.DAILY_LOSS, numbers=numbers))
    if day.losses_in_a_row >= settings.max_loss_streak:
        numbers = (
            f"{day.losses_in_a_row} losing trades in a row today,"
            f" {settings.max_loss_streak} end the day"
        )
        denials.append(Denial(rule=Rule.LOSS_STREAK, numbers=numbers))
    return denials


def check_market(
    posted: Decimal | None, bid: Decimal | None, ask: Decimal | None, settings: BrokerSettings
) -> list[Denial]:
    """Return every rule that the market breaks; None where a price is not known."""
    if ask is None:
        return []
    if bid is None:
        return [Denial(rule=Rule.SPREAD, numbers=f"nobody bids, {shown(ask)} is asked")]
    denials = []
    mid = (bid + ask) / 2
    spread = (ask - bid) / mid * ONE_HUNDRED
    most = settings.max_bid_ask_spread_percent
    if spread > most:
        numbers = f"{shown(bid)} to {shown(ask)} is {spread:.1f} %, {most:f} % are allowed"
        denials.append(Denial(rule=Rule.SPREAD, numbers=numbers))
    if posted is not None and not mid / PLAUSIBLE_FACTOR <= posted <= mid * PLAUSIBLE_FACTOR:
        numbers = f"posted {shown(posted)}, the market is at {shown(bid)} to {shown(ask)}"
        denials.append(Denial(rule=Rule.PRICE, numbers=numbers))
    return denials


def check_strike(contract: OptionContract, underlying: Decimal | None) -> list[Denial]:
    """Return a denial where the strike is nowhere near its ``underlying``'s price, if known."""
    if underlying is None:
        return []
    if underlying / PLAUSIBLE_FACTOR <= contract.strike <= underlying * PLAUSIBLE_FACTOR:
        return []
    numbers = f"{shown(contract.strike)}, {contract.underlying} is at {shown(underlying)}"
    return [Denial(rule=Rule.STRIKE, numbers=numbers)]


def not_listed(contract: OptionContract, reason: str) -> Denial:
    """Return the denial of a contract that IBKR does not have, or that is not a standard one."""
    return Denial(rule=Rule.CHAIN, numbers=f"{contract}: {reason}")


def check_funds(cost: Decimal, available: Decimal | None) -> list[Denial]:
    """Return a denial where one contract costs more dollars than are ``available``, if known."""
    if available is None or cost <= available:
        return []
    numbers = f"one contract costs ${cost:.2f}, ${available:.2f} are available"
    return [Denial(rule=Rule.FUNDS, numbers=numbers)]


def check_last_day(now: datetime, flatten: datetime) -> list[Denial]:
    """Return a denial where a position would be closed at ``flatten`` and that is too near."""
    if not is_too_late(now, flatten):
        return []
    at = flatten.astimezone(EXCHANGE_ZONE)
    until = at - NO_ENTRIES_BEFORE
    numbers = f"closed at {at:%H:%M} on its last day, no entries after {until:%H:%M}"
    return [Denial(rule=Rule.HOURS, numbers=numbers)]
