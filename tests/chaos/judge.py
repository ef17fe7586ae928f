"""Decides what a storm did: from the alerts, their outcomes and the gateway's ledger. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

import msgspec

from autoscalper.broker.orders import OUR_PREFIX
from autoscalper.domain.outcome import OutcomeKind
from tests.chaos import exposure
from tests.chaos.evidence import Evidence, HandedIn, LedgerOrder
from tests.chaos.exposure import MomentOf
from tests.chaos.findings import Finding
from tests.chaos.naked import Span
from tests.chaos.operating import command_findings, notice_findings, operating
from tests.chaos.trader import Kind
from tests.chaos.trades import TradeJudge

#: Seconds for which a position may be without a working stop.
LONGEST_NAKED_SECONDS = 5.0
#: Seconds for which one reference may be live twice.
LONGEST_FORK_SECONDS = 5.0
#: The share of entries that must have been traded, if there are so many: a storm in which nothing
#: is traded says nothing.
LEAST_TRADED = 0.25
LEAST_ENTRIES = 10


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted and what was found."""

    figures: dict[str, float]
    findings: tuple[Finding, ...]


class _Court(msgspec.Struct, frozen=True, kw_only=True):
    evidence: Evidence
    away: Sequence[Span]
    odd_market: Sequence[Span]
    moment_of: MomentOf
    end: float


def judge(
    evidence: Evidence,
    *,
    away: Sequence[Span],
    moment_of: MomentOf,
    end: float,
    odd_market: Sequence[Span] = (),
) -> Verdict:
    """Return the verdict; ``away`` are the seconds in which the gateway could not be reached.

    During ``odd_market`` the market showed nonsense, which is a fair reason not to enter.
    """
    court = _Court(
        evidence=evidence, away=away, odd_market=odd_market, moment_of=moment_of, end=end
    )
    naked = _spans_by(exposure.by_contract(evidence), exposure.naked, court)
    forks = _spans_by(_by_reference(evidence), exposure.forked, court)
    findings = (
        *_outcome_findings(evidence),
        *_repeated_lines(evidence),
        *_duplicate_orders(evidence),
        *_trade_findings(court),
        *_unknown_orders(evidence),
        *_oversold(evidence),
        *_unprotected(evidence),
        *_long_findings("naked", "had no stop", naked, LONGEST_NAKED_SECONDS),
        *_long_findings("fork", "was live twice", forks, LONGEST_FORK_SECONDS),
        *notice_findings(evidence),
        *_crash_findings(evidence),
        *_idle_findings(evidence),
    )
    return Verdict(
        figures={
            **_counted(evidence, findings),
            "naked_seconds_max": round(max(_lengths(naked), default=0.0), 2),
            "naked_seconds_total": round(sum(_lengths(naked)), 2),
            "naked_episode_seconds_max": round(_longest_episode(court), 2),
            "fork_seconds_max": round(max(_lengths(forks), default=0.0), 2),
        },
        findings=findings,
    )


def _counted(evidence: Evidence, findings: Sequence[Finding]) -> dict[str, float]:
    kinds = Counter(finding.kind for finding in findings)
    ends = Counter(each.outcome.kind for each in evidence.outcomes.values())
    return {
        "signals": len({each.post_id for each in evidence.handed_in}),
        "outcomes": len(evidence.outcomes),
        "orders": len(evidence.orders),
        "duplicates": kinds["duplicate"],
        "lost": kinds["lost"],
        "wrong_outcomes": kinds["outcome"],
        "unknown_orders": kinds["unknown order"],
        "oversold": kinds["oversold"],
        "unprotected": kinds["unprotected"],
        "forks": kinds["fork"],
        "late_entries": kinds["late"],
        "commands": len(evidence.commands),
        "wrong_commands": kinds["command"],
        "lost_notices": kinds["notice"],
        "crashes": kinds["crash"],
        "traded": ends[OutcomeKind.TRADED],
        "denied": ends[OutcomeKind.DENIED],
        "expired": ends[OutcomeKind.EXPIRED],
        "rejected": ends[OutcomeKind.REJECTED],
    }


def _trade_findings(court: _Court) -> Iterator[Finding]:
    evidence, moment_of = court.evidence, court.moment_of
    operated = operating(evidence, moment_of, court.end)
    for entry in _entries(evidence):
        yield from TradeJudge(evidence, entry, operated, court.odd_market, moment_of).findings()
    yield from command_findings(evidence, operated, moment_of)


def _spans_by(
    groups: dict[str, list[LedgerOrder]],
    spans_of: Callable[[Sequence[LedgerOrder], Sequence[Span], MomentOf, float], list[Span]],
    court: _Court,
) -> dict[str, list[Span]]:
    found = {
        name: spans_of(orders, court.away, court.moment_of, court.end)
        for name, orders in groups.items()
    }
    return {name: spans for name, spans in found.items() if spans}


def _by_reference(evidence: Evidence) -> dict[str, list[LedgerOrder]]:
    found: dict[str, list[LedgerOrder]] = defaultdict(list)
    for order in evidence.orders:
        if order.trade:
            found[order.order_ref].append(order)
    return {ref: orders for ref, orders in found.items() if len(orders) > 1}


def _lengths(spans: dict[str, list[Span]]) -> list[float]:
    return [last - first for each in spans.values() for first, last in each]


def _longest_episode(court: _Court) -> float:
    """Return the most seconds that a contract was naked in one go and the gateway in reach.

    Unlike the longest span, it does not begin anew when the gateway was away in its middle.
    """
    longest = 0.0
    for orders in exposure.by_contract(court.evidence).values():
        reachable = exposure.naked(orders, court.away, court.moment_of, court.end)
        for begins, ends in exposure.naked(orders, (), court.moment_of, court.end):
            inside = [last - first for first, last in reachable if begins <= first and last <= ends]
            longest = max(longest, sum(inside))
    return longest


def _entries(evidence: Evidence) -> list[HandedIn]:
    return [each for each in evidence.handed_in if each.alert.kind in (Kind.ENTRY, Kind.REPOST)]


def _outcome_findings(evidence: Evidence) -> Iterator[Finding]:
    handed_in = {each.post_id for each in evidence.handed_in}
    for post_id in sorted(handed_in):
        count = evidence.outcome_entries[post_id]
        if post_id not in evidence.outcomes:
            yield Finding(kind="lost", text=f"{count} outcomes, alert has none", post_id=post_id)
        elif count != 1:
            yield Finding(kind="outcome", text=f"{count} outcomes", post_id=post_id)
    for post_id in sorted(set(evidence.outcomes) - handed_in):
        yield Finding(kind="outcome", text="an outcome of no alert", post_id=post_id)


def _repeated_lines(evidence: Evidence) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for each in evidence.handed_in:
        message_id, kind = each.alert.message_id, each.alert.kind
        if kind is Kind.SAME_LINE and each.post_id != first.get(message_id):
            text = "the same line was taken for another post"
            yield Finding(kind="duplicate", text=text, post_id=each.post_id)
        first.setdefault(message_id, each.post_id)


def _duplicate_orders(evidence: Evidence) -> Iterator[Finding]:
    """Two orders for one client order id.

    Under one order id, what the gateway itself forked or lost is its own; a second order id is
    always a second order.
    """
    for ref, orders in _by_reference(evidence).items():
        sound = [order for order in orders if not order.anomaly]
        if len(sound) > 1 or len({(order.client_id, order.order_id) for order in orders}) > 1:
            text = f"{len(orders)} orders with the reference {ref}"
            yield Finding(kind="duplicate", text=text, trade=orders[0].trade)


def _unknown_orders(evidence: Evidence) -> Iterator[Finding]:
    for order in evidence.orders:
        if order.order_ref not in evidence.known_refs:
            text = f"the broker knows no {order.order_ref}"
            yield Finding(kind="unknown order", text=text, trade=order.trade)


def _oversold(evidence: Evidence) -> Iterator[Finding]:
    place = {exec_id: number for number, exec_id in enumerate(evidence.fill_order)}
    for contract, orders in exposure.by_contract(evidence).items():
        fills = [(place[fill.exec_id], order, fill) for order in orders for fill in order.fills]
        held = lowest = Decimal(0)
        for _, order, fill in sorted(fills, key=lambda each: each[0]):
            held += fill.qty if order.side == "BUY" else -fill.qty
            lowest = min(lowest, held)
        if lowest < 0:
            text = f"{contract} was short by {-lowest}"
            yield Finding(kind="oversold", text=text, trade=orders[0].trade)


def _unprotected(evidence: Evidence) -> Iterator[Finding]:
    """In the end the stops sell what is held, neither less nor more, and nothing else is left."""
    for contract, orders in exposure.by_contract(evidence).items():
        held, stops = exposure.left_over(orders)
        if held != stops:
            text = f"{held} of {contract} held in the end, and stops for {stops}"
            yield Finding(kind="unprotected", text=text, trade=orders[0].trade)
        for order in orders:
            if held <= 0 and order.is_live:
                text = f"{order.order_ref} is left over, and nothing is held"
                yield Finding(kind="unprotected", text=text, trade=order.trade)


def _long_findings(
    kind: str, what: str, spans: dict[str, list[Span]], longest: float
) -> Iterator[Finding]:
    for name, each in spans.items():
        for first, last in each:
            if last - first > longest:
                text = f"{name} {what} for {last - first:.1f} s from {first:.2f} s on"
                trade = name.split("|")[1] if name.startswith(OUR_PREFIX) else name
                yield Finding(kind=kind, text=text, trade=trade)


def _crash_findings(evidence: Evidence) -> Iterator[Finding]:
    for at, process in evidence.crashes:
        yield Finding(kind="crash", text=f"{process} ended by itself at {at:.2f} s, see its log")


def _idle_findings(evidence: Evidence) -> Iterator[Finding]:
    entries = [each.post_id for each in evidence.handed_in if each.alert.kind is Kind.ENTRY]
    decided = [evidence.outcomes[each] for each in entries if each in evidence.outcomes]
    traded = sum(each.outcome.kind is OutcomeKind.TRADED for each in decided)
    if traded < LEAST_TRADED * len(entries) and len(entries) >= LEAST_ENTRIES:
        yield Finding(kind="idle", text=f"{traded} of {len(entries)} entries were traded")


assert OUR_PREFIX.endswith("|"), "the references are taken apart at it"
