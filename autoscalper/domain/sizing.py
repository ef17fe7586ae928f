"""How many contracts a trade may have."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from autoscalper.domain.pricing import ONE_HUNDRED


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """A number of contracts and the numbers that gave it, in dollars."""

    contracts: int
    risk_per_contract: Decimal
    budget: Decimal


def size_by_risk(
    *,
    balance: Decimal,
    risk_percent: Decimal,
    factor: Decimal,
    limit_price: Decimal,
    stop_price: Decimal,
    multiplier: Decimal,
    most: int,
    allowance: Decimal | None = None,
) -> Size:
    """Return how many contracts may be bought at ``limit_price`` with a stop at ``stop_price``.

    The trade may lose ``risk_percent`` of ``balance`` when its stop is hit; ``factor`` (at most
    1) reduces that for risky trades. ``allowance`` dollars bound the risk, ``most`` the contracts.
    """
    budget = balance * risk_percent / ONE_HUNDRED * factor
    if allowance is not None:
        budget = min(budget, max(allowance, Decimal(0)))
    risk = (limit_price - stop_price) * multiplier
    affordable = int(budget / risk) if risk > 0 else 0
    return Size(contracts=max(min(affordable, most), 0), risk_per_contract=risk, budget=budget)


def split(contracts: int, parts: int) -> list[int]:
    """Return ``contracts`` in ``parts`` as even as can be, the later ones larger."""
    return [(contracts + index) // parts for index in range(parts)]
