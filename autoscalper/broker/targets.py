"""Several targets: which contracts are for which, and what is left when one was reached."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from autoscalper.broker.orders import Trade
from autoscalper.domain.instruction import Targets
from autoscalper.domain.pricing import Ticks
from autoscalper.domain.sizing import split


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Contracts that are protected together."""

    qty: int
    #: Where they are sold with a profit, dollars per share; None: they run.
    target: Decimal | None


def targets_of(trade: Trade) -> tuple[Decimal, ...]:
    """Return the targets that are not reached yet, the nearest first."""
    return (trade.target_price,) if trade.targets is None else trade.targets


def prices_above(floor: Decimal, targets: Targets, ticks: Ticks) -> tuple[Decimal, ...]:
    """Return the prices of ``targets`` on the grid that are above ``floor``, the nearest first."""
    return tuple(sorted({down for down in map(ticks.down, targets.prices) if down > floor}))


def with_targets(trade: Trade, prices: tuple[Decimal, ...], *, has_runner: bool) -> Trade:
    """Return ``trade`` with the targets that a trader named."""
    return msgspec.structs.replace(
        trade,
        target_price=prices[0],
        targets=prices,
        has_runner=has_runner,
        is_target_default=False,
    )


def price_of_group(trade: Trade, index: int, count: int) -> Decimal | None:
    """Return the target of the ``index``-th of ``count`` groups, None if it runs."""
    targets = targets_of(trade)
    if trade.has_runner and index == count - 1 and (count > 1 or not targets):
        return None
    return targets[min(index, len(targets) - 1)] if targets else None


def parts_of(trade: Trade, keep: int, kept: Sequence[int]) -> list[Part]:
    """Return the parts that are missing for ``keep`` contracts beside groups of ``kept`` ones.

    As even as can be, the later ones larger. Every part has a contract at least, so one contract
    has the first target.
    """
    left = keep - sum(kept)
    if left <= 0:
        return []
    wanted = min(len(targets_of(trade)) + trade.has_runner, keep)
    count = max(min(wanted - len(kept), left), 1)
    groups = len(kept) + count
    return [
        Part(qty=qty, target=price_of_group(trade, len(kept) + index, groups))
        for index, qty in enumerate(split(left, count))
    ]


def without(trade: Trade, reached: Decimal) -> Trade:
    """Return ``trade`` without the targets up to ``reached``.

    The last one stays for whatever is left, unless that shall run.
    """
    targets = targets_of(trade)
    left = tuple(price for price in targets if price > reached)
    if not left and not trade.has_runner:
        left = targets[-1:]
    nearest = left[0] if left else trade.target_price
    return msgspec.structs.replace(trade, targets=left, target_price=nearest)
