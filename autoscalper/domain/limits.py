"""The limits on entries and adds. All that fail are told, each with its numbers.

Nothing here is ever asked about an exit, a trim or a stop.
"""

from __future__ import annotations

import enum
from datetime import timedelta
from decimal import Decimal

import msgspec

from autoscalper.domain.contract import OptionContract
from autoscalper.domain.instruction import RiskLevel
from autoscalper.domain.pricing import shown
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


class Denial(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that failed, and the numbers, in words for people."""

    rule: Rule
    numbers: str

    def __str__(self) -> str:
        return f"{self.rule.value}: {self.numbers}"


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
    if size.contracts > 0:
        return []
    numbers = f"one contract risks ${size.risk_per_contract:.2f}, the budget is ${size.budget:.2f}"
    return [Denial(rule=Rule.RISK, numbers=numbers)]
