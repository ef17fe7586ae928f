"""What was held, covered and live at each moment, by contract and by order. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from tests.chaos.evidence import Evidence, LedgerFill, LedgerOrder
from tests.chaos.naked import Span, Steps, naked_spans

#: Statuses in which an order can fill.
_WORKING = ("PreSubmitted", "Submitted", "PendingCancel")

MomentOf = Callable[[datetime], float]


def by_contract(evidence: Evidence) -> dict[str, list[LedgerOrder]]:
    """Return our orders by the contract, as people name it."""
    found: dict[str, list[LedgerOrder]] = defaultdict(list)
    for order in evidence.orders:
        if order.trade:
            named = order.contract
            found[f"{named['underlying']} {named['strike']}{named['right']}"].append(order)
    return found


def naked(
    orders: Sequence[LedgerOrder], away: Sequence[Span], moment_of: MomentOf, end: float
) -> list[Span]:
    """Return when more of a contract was held than its stops would have sold.

    Two orders of one reference are one stop: the second would sell what the first has sold.
    """
    parents = {(order.client_id, order.order_id): order for order in orders}
    covered: dict[str, list[Steps]] = defaultdict(list)
    for order in orders:
        if order.order_type == "STP" and order.side == "SELL":
            parent = parents.get((order.client_id, order.parent_id))
            covered[order.order_ref].append(_coverage(order, parent, moment_of))
    stops = [_largest(steps) for steps in covered.values()]
    return naked_spans(_holdings(orders, moment_of), stops, away, end)


def forked(
    orders: Sequence[LedgerOrder], away: Sequence[Span], moment_of: MomentOf, end: float
) -> list[Span]:
    """Return when more than one of ``orders``, which share a reference, was live."""
    lives = [_life(order, moment_of) for order in orders]
    live = Steps(at=[], value=[])
    for at in sorted({at for steps in lives for at in steps.at}):
        live.change(at, sum(steps(at) for steps in lives))
    return naked_spans(live, [Steps(at=[0.0], value=[1])], away, end)


def left_over(orders: Sequence[LedgerOrder]) -> tuple[int, int]:
    """Return what is held of a contract in the end, and what its live stops would still sell."""
    held = sum(int(order.cum_qty if order.side == "BUY" else -order.cum_qty) for order in orders)
    stops: dict[str, int] = defaultdict(int)
    for order in orders:
        if order.is_live and order.side == "SELL" and order.order_type == "STP":
            leaves = int(order.order_qty - order.cum_qty)
            stops[order.order_ref] = max(stops[order.order_ref], leaves)
    return held, sum(stops.values())


def _largest(stops: Sequence[Steps]) -> Steps:
    largest = Steps(at=[], value=[])
    for at in sorted({at for steps in stops for at in steps.at}):
        largest.change(at, max(steps(at) for steps in stops))
    return largest


def _life(order: LedgerOrder, moment_of: MomentOf) -> Steps:
    steps = Steps(at=[], value=[])
    for line in order.history:
        steps.change(moment_of(line.at), int(line.status in _WORKING))
    return steps


def _holdings(orders: Iterable[LedgerOrder], moment_of: MomentOf) -> Steps:
    fills = [(moment_of(fill.at), order, fill) for order in orders for fill in order.fills]
    held, steps = 0, Steps(at=[], value=[])
    for at, order, fill in sorted(fills, key=_first):
        held += int(fill.qty) if order.side == "BUY" else -int(fill.qty)
        steps.change(at, held)
    return steps


def _first(fill: tuple[float, LedgerOrder, LedgerFill]) -> float:
    return fill[0]


def _coverage(order: LedgerOrder, parent: LedgerOrder | None, moment_of: MomentOf) -> Steps:
    """Return what a stop would have sold; a child sells no more than its parent bought."""
    lines = [(moment_of(line.at), order, line) for line in order.history]
    if parent is not None:
        lines += [(moment_of(line.at), parent, line) for line in parent.history]
    steps, leaves, bought = Steps(at=[], value=[]), 0, 0 if parent is not None else 1_000_000
    for at, whose, line in sorted(lines, key=lambda each: each[0]):
        if whose is order:
            works = line.status in _WORKING
            leaves = int(line.order_qty - line.cum_qty) if works else 0
        else:
            bought = int(line.cum_qty)
        steps.change(at, min(leaves, bought))
    return steps
