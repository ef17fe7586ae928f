"""What a position made on one trading day, and how losses follow each other. Pure sums."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import msgspec

from autoscalper.domain.order import Side


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """Contracts that changed hands on a trading day, at dollars per share."""

    day: date
    side: Side
    qty: int
    price: Decimal


def result_on(
    day: date, executions: Iterable[Execution], carried: Decimal | None, mark: Decimal
) -> Decimal:
    """Return what one position made on ``day``, sold and unsold, in dollars per share.

    ``executions`` are in the order of their times. What was bought before ``day`` counts from
    ``carried``, its price when the day began, or from its average cost where that is None. What
    is still held counts at ``mark``.
    """
    held, cost, made = 0, Decimal(0), Decimal(0)
    for each in executions:
        if each.side is Side.BUY:
            basis = carried if carried is not None and each.day < day else each.price
            held, cost = held + each.qty, cost + each.qty * basis
        elif held > 0:
            sold = cost / held * min(each.qty, held)
            made += each.price * min(each.qty, held) - sold if each.day == day else 0
            held, cost = max(held - each.qty, 0), cost - sold
    return made + held * mark - cost


def longest_run_of_losses(results: Iterable[Decimal]) -> int:
    """Return how many of ``results``, oldest first, were below zero in a row at the worst."""
    longest = run = 0
    for result in results:
        run = run + 1 if result < 0 else 0
        longest = max(longest, run)
    return longest
