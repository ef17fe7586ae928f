"""Decides what a storm did: from the alerts, their outcomes and the gateway's ledger. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from autoscalper.broker.orders import OUR_PREFIX, digest
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.links.any_to_alert import OutcomeDecided
from tests.chaos.evidence import Evidence, HandedIn, LedgerFill, LedgerOrder
from tests.chaos.naked import Span, Steps, naked_spans
from tests.chaos.trader import Kind

#: Seconds for which a position may be without a working stop.
LONGEST_NAKED_SECONDS = 5.0
#: Denials that an entry may end with when others got in its way.
_FAIR_DENIALS = (
    "the same author got out",
    "the post was deleted",
    "the post was edited",
    "no open trade to add to",
    "adds:",
    "contracts:",
    # The market was elsewhere when the gateway was back.
    "price: posted",
)
_SELLING = re.compile(r"^selling (\d+) of \d+")
_STOP_TO = re.compile(r"^stop to ([0-9.]+)")


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that must not be."""

    #: ``duplicate``, ``lost``, ``unknown order``, ``oversold``, ``naked`` or ``outcome``.
    kind: str
    text: str
    #: The alert that it is about, and the trade.
    post_id: str = ""
    trade: str = ""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted and what was found."""

    figures: dict[str, float]
    findings: tuple[Finding, ...]


def judge(
    evidence: Evidence,
    *,
    away: Sequence[Span],
    moment_of: Callable[[datetime], float],
    end: float,
) -> Verdict:
    """Return the verdict; ``away`` are the seconds in which the gateway could not be reached."""
    trades = [_Trade(evidence, each) for each in _entries(evidence)]
    naked = {
        contract: spans
        for contract, orders in _by_contract(evidence).items()
        if (spans := _naked(orders, away, moment_of, end))
    }
    findings = [
        *_outcome_findings(evidence),
        *_duplicate_orders(evidence),
        *(finding for trade in trades for finding in trade.findings()),
        *_unknown_orders(evidence),
        *_oversold(evidence),
        *_naked_findings(naked),
    ]
    kinds = Counter(finding.kind for finding in findings)
    lengths = [last - first for spans in naked.values() for first, last in spans]
    return Verdict(
        figures={
            "signals": len({each.post_id for each in evidence.handed_in}),
            "outcomes": len(evidence.outcomes),
            "orders": len(evidence.orders),
            "duplicates": kinds["duplicate"],
            "lost": kinds["lost"],
            "wrong_outcomes": kinds["outcome"],
            "unknown_orders": kinds["unknown order"],
            "oversold": kinds["oversold"],
            "naked_seconds_max": round(max(lengths, default=0.0), 2),
            "naked_seconds_total": round(sum(lengths), 2),
        },
        findings=tuple(findings),
    )


def _entries(evidence: Evidence) -> list[HandedIn]:
    return [each for each in evidence.handed_in if each.alert.kind in (Kind.ENTRY, Kind.REPOST)]


def _outcome_findings(evidence: Evidence) -> Iterator[Finding]:
    for post_id in sorted({each.post_id for each in evidence.handed_in}):
        count = evidence.outcome_entries[post_id]
        if post_id not in evidence.outcomes:
            yield Finding(kind="lost", text=f"{count} outcomes, alert has none", post_id=post_id)
        elif count > 1:
            yield Finding(kind="outcome", text=f"{count} outcomes", post_id=post_id)


def _duplicate_orders(evidence: Evidence) -> Iterator[Finding]:
    """Two orders for one client order id. What the gateway itself forked or lost is its own."""
    counted = Counter(
        order.order_ref for order in evidence.orders if order.trade and not order.anomaly
    )
    for ref, count in counted.items():
        if count > 1:
            text = f"{count} orders with the reference {ref}"
            yield Finding(kind="duplicate", text=text, trade=ref.split("|")[1])
    for order in evidence.orders:
        if order.anomaly == "forked" and order.is_live:
            text = f"{order.order_ref} is live twice"
            yield Finding(kind="duplicate", text=text, trade=order.trade)


def _unknown_orders(evidence: Evidence) -> Iterator[Finding]:
    for order in evidence.orders:
        if order.order_ref not in evidence.known_refs:
            text = f"the broker knows no {order.order_ref}"
            yield Finding(kind="unknown order", text=text, trade=order.trade)


def _oversold(evidence: Evidence) -> Iterator[Finding]:
    place = {exec_id: number for number, exec_id in enumerate(evidence.fill_order)}
    for contract, orders in _by_contract(evidence).items():
        fills = [(place[fill.exec_id], order, fill) for order in orders for fill in order.fills]
        held = lowest = Decimal(0)
        for _, order, fill in sorted(fills, key=lambda each: each[0]):
            held += fill.qty if order.side == "BUY" else -fill.qty
            lowest = min(lowest, held)
        if lowest < 0:
            text = f"{contract} was short by {-lowest}"
            yield Finding(kind="oversold", text=text, trade=orders[0].trade)


def _naked_findings(naked: dict[str, list[Span]]) -> Iterator[Finding]:
    for contract, spans in naked.items():
        for first, last in spans:
            if last - first > LONGEST_NAKED_SECONDS:
                text = f"{contract} had no stop for {last - first:.1f} s from {first:.2f} s on"
                yield Finding(kind="naked", text=text, trade=contract)


class _Trade:
    """An entry and everything that was said about it."""

    def __init__(self, evidence: Evidence, entry: HandedIn) -> None:
        self._evidence = evidence
        self._entry = entry
        self._id = digest(entry.post_id)
        self._orders = [order for order in evidence.orders if order.trade == self._id]
        self._said = [
            each
            for each in evidence.handed_in
            if each.alert.reply_to == entry.alert.message_id and entry.alert.kind is Kind.ENTRY
        ]

    def findings(self) -> Iterator[Finding]:
        yield from self._entry_findings()
        yield from self._add_findings()
        yield from self._sale_findings()
        yield from self._stop_findings()

    def _entry_findings(self) -> Iterator[Finding]:
        decided = self._evidence.outcomes.get(self._entry.post_id)
        if decided is None:
            return
        bought = self._filled("E")
        kind, detail = decided.outcome.kind, decided.outcome.detail
        if kind is OutcomeKind.TRADED and not bought:
            yield self._finding("lost", f"told '{detail}', and the gateway has no such fill")
        if kind is not OutcomeKind.TRADED and bought and not self._was_late("E"):
            yield self._finding("outcome", f"told '{decided.outcome}', and {bought} were bought")
        is_repost = self._entry.alert.kind is Kind.REPOST
        if is_repost and self._orders and not self._was_late("E"):
            yield self._finding("duplicate", "a repost was ordered")
        if not is_repost and not _is_fair(kind, detail):
            yield self._finding("lost", f"an entry ended as '{decided.outcome}'")

    def _add_findings(self) -> Iterator[Finding]:
        told = self._traded(Kind.ADD)
        bought = {order.order_ref for order in self._orders_for("A") if order.cum_qty}
        late = {ref for ref in bought if ref in self._evidence.late_refs}
        if len(bought - late) > len(told):
            text = f"{len(bought)} adds were bought and {len(told)} told"
            yield self._finding("duplicate", text)
        if len(bought) < len(told):
            yield self._finding("lost", f"{len(told)} adds were told and {len(bought)} bought")

    def _sale_findings(self) -> Iterator[Finding]:
        bought = self._filled("E") + self._filled("A")
        held = bought - sum(self._filled(letter) for letter in "XST")
        exits = self._traded(Kind.EXIT)
        missed = [each for each in self._decided(Kind.EXIT) if _has_no_trade(each[1])]
        stopped = self._filled("S") + self._filled("T")
        late = self._was_late("E") or self._was_late("A")
        if held > 0 and (exits or missed or stopped):
            what = "an exit" if exits or missed else "a stop or target"
            yield self._finding("lost", f"{held} still held after {what}")
        if exits or stopped or late:
            return
        wanted = sum(
            int(found[1]) for found in map(_SELLING.search, self._details(Kind.TRIM)) if found
        )
        sold = int(self._filled("X"))
        if sold != wanted and not self._refused_stops():
            kind = "lost" if sold < wanted else "duplicate"
            yield self._finding(kind, f"trims of {wanted} were told and {sold} sold")

    def _stop_findings(self) -> Iterator[Finding]:
        told = [found[1] for found in map(_STOP_TO.search, self._details(Kind.STOP)) if found]
        working = [order for order in self._orders_for("S") if order.is_live]
        prices = {order.stop_price for order in working}
        if told and working and prices != {Decimal(told[-1])}:
            shown = ", ".join(str(price) for price in prices)
            yield self._finding("lost", f"stop told at {told[-1]} and working at {shown}")

    def _finding(self, kind: str, text: str) -> Finding:
        return Finding(kind=kind, text=text, post_id=self._entry.post_id, trade=self._id)

    def _orders_for(self, letter: str) -> list[LedgerOrder]:
        return [order for order in self._orders if order.purpose == letter]

    def _filled(self, letter: str) -> Decimal:
        return sum((order.cum_qty for order in self._orders_for(letter)), Decimal(0))

    def _was_late(self, letter: str) -> bool:
        refs = {order.order_ref for order in self._orders_for(letter)}
        return not refs.isdisjoint(self._evidence.late_refs)

    def _refused_stops(self) -> bool:
        # A position that cannot be protected is closed, whatever the trader said.
        return sum(order.status == "Inactive" for order in self._orders_for("S")) >= 3

    def _decided(self, kind: Kind) -> list[tuple[HandedIn, OutcomeDecided]]:
        return [
            (each, self._evidence.outcomes[each.post_id])
            for each in self._said
            if each.alert.kind is kind and each.post_id in self._evidence.outcomes
        ]

    def _traded(self, kind: Kind) -> list[OutcomeDecided]:
        found = [decided for _, decided in self._decided(kind)]
        return [each for each in found if each.outcome.kind is OutcomeKind.TRADED]

    def _details(self, kind: Kind) -> list[str]:
        in_order = sorted(self._traded(kind), key=lambda each: each.decided_at)
        return [each.outcome.detail for each in in_order]


def _is_fair(kind: OutcomeKind, detail: str) -> bool:
    match kind:
        case OutcomeKind.TRADED | OutcomeKind.EXPIRED | OutcomeKind.REJECTED:
            return True
        case OutcomeKind.DENIED:
            return any(reason in detail for reason in _FAIR_DENIALS)
        case _:
            return False


def _has_no_trade(decided: OutcomeDecided) -> bool:
    return decided.outcome.kind is OutcomeKind.DENIED


def _by_contract(evidence: Evidence) -> dict[str, list[LedgerOrder]]:
    found: dict[str, list[LedgerOrder]] = defaultdict(list)
    for order in evidence.orders:
        if order.trade:
            named = order.contract
            found[f"{named['underlying']} {named['strike']}{named['right']}"].append(order)
    return found


def _naked(
    orders: Iterable[LedgerOrder],
    away: Sequence[Span],
    moment_of: Callable[[datetime], float],
    end: float,
) -> list[Span]:
    orders = list(orders)
    parents = {(order.client_id, order.order_id): order for order in orders}
    covered = []
    for order in orders:
        if order.order_type == "STP" and order.side == "SELL":
            parent = parents.get((order.client_id, order.parent_id))
            covered.append(_coverage(order, parent, moment_of))
    return naked_spans(_holdings(orders, moment_of), covered, away, end)


def _holdings(orders: Iterable[LedgerOrder], moment_of: Callable[[datetime], float]) -> Steps:
    fills = [(moment_of(fill.at), order, fill) for order in orders for fill in order.fills]
    held, steps = 0, Steps()
    for at, order, fill in sorted(fills, key=_first):
        held += int(fill.qty) if order.side == "BUY" else -int(fill.qty)
        steps.change(at, held)
    return steps


def _first(fill: tuple[float, LedgerOrder, LedgerFill]) -> float:
    return fill[0]


def _coverage(
    order: LedgerOrder, parent: LedgerOrder | None, moment_of: Callable[[datetime], float]
) -> Steps:
    """Return what a stop would have sold; a child sells no more than its parent bought."""
    lines = [(moment_of(line.at), order, line) for line in order.history]
    if parent is not None:
        lines += [(moment_of(line.at), parent, line) for line in parent.history]
    steps, leaves, bought = Steps(), 0, 0 if parent is not None else 1_000_000
    for at, whose, line in sorted(lines, key=lambda each: each[0]):
        if whose is order:
            works = line.status in ("PreSubmitted", "Submitted", "PendingCancel")
            leaves = int(line.order_qty - line.cum_qty) if works else 0
        else:
            bought = int(line.cum_qty)
        steps.change(at, min(leaves, bought))
    return steps


assert OUR_PREFIX.endswith("|"), "the references are taken apart at it"
