"""Judges one entry and everything that was said about it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from autoscalper.broker.orders import digest
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.links.any_to_alert import OutcomeDecided
from tests.chaos.evidence import Evidence, HandedIn, LedgerOrder
from tests.chaos.exposure import MomentOf
from tests.chaos.findings import Finding
from tests.chaos.naked import Span
from tests.chaos.operating import CLOCK_SECONDS, CLOSED, PAUSED, Operating
from tests.chaos.trader import Kind

#: Seconds after which an entry must not be accepted any more: the age that the storm's settings
#: allow, and what the gateway itself may hold it up.
LATEST_ENTRY_SECONDS = 22.0
#: A stop must rest at this part of the entry's price at least: 25 % below is the widest that the
#: storm's alerts and settings ask for.
LOOSEST_STOP = Decimal("0.7")
#: Seconds for which what the market showed still decides.
_QUOTE_SECONDS = 8.0
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
    "stop: a stop at",
)
#: What is fair only while the market shows nonsense.
_ODD_DENIALS = ("spread:", "price:", "no quote")
_SELLING = re.compile(r"^selling (\d+) of \d+")
_STOP_TO = re.compile(r"^stop to ([0-9.]+)")


class TradeJudge:
    """An entry and everything that was said about it."""

    def __init__(
        self,
        evidence: Evidence,
        entry: HandedIn,
        operating: Operating,
        odd_market: Sequence[Span],
        moment_of: MomentOf,
    ) -> None:
        """Judge ``entry`` by ``evidence``."""
        self._evidence = evidence
        self._operating = operating
        self._odd_market = odd_market
        self._moment_of = moment_of
        self._entry = entry
        self._id = digest(entry.post_id)
        self._orders = [order for order in evidence.orders if order.trade == self._id]
        self._said = [
            each
            for each in evidence.handed_in
            if each.alert.reply_to == entry.alert.message_id and entry.alert.kind is Kind.ENTRY
        ]

    def findings(self) -> Iterator[Finding]:
        """Yield what must not be."""
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
        if len({order.order_ref for order in self._orders_for("E")}) > 1:
            yield self._finding("duplicate", "two entries were ordered for one alert")
        for order in self._orders_for("E"):
            age = self._moment_of(order.accepted_at) - self._moment_of(decided.posted_at)
            if age > LATEST_ENTRY_SECONDS:
                yield self._finding("late", f"an entry was accepted {age:.0f} s after its post")
        if not is_repost and not self._is_fair(decided):
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
        held = bought - sum(self._filled(letter) for letter in "XSTF")
        exits = self._traded(Kind.EXIT)
        missed = [each for each in self._decided(Kind.EXIT) if self._missed(each[1])]
        stopped = sum(self._filled(letter) for letter in "STF")
        late = self._was_late("E") or self._was_late("A")
        if held > 0 and (exits or missed or self._was_closed(surely=True)):
            yield self._finding("lost", f"{held} still held after an exit")
        if held > 0 and self._was_late("E"):
            yield self._finding("lost", f"{held} still held of an entry that was given up")
        if exits or stopped or late or self._was_closed(surely=False):
            return
        wanted = sum(
            int(found[1]) for found in map(_SELLING.search, self._details(Kind.TRIM)) if found
        )
        sold = int(self._filled("X"))
        # What fills after its order's cancel may be sold at once: nobody wants it any more.
        after_cancel = sum(map(_filled_after_cancel, self._orders_for("E") + self._orders_for("A")))
        if not wanted <= sold <= wanted + after_cancel and not self._refused_stops():
            kind = "lost" if sold < wanted else "duplicate"
            yield self._finding(kind, f"trims of {wanted} were told and {sold} sold")

    def _stop_findings(self) -> Iterator[Finding]:
        for order in self._orders_for("S"):
            least = self._avg_entry() * LOOSEST_STOP
            if order.is_live and (order.stop_price is None or order.stop_price < least):
                text = f"a stop at {order.stop_price} protects nothing"
                yield self._finding("unprotected", text)
        told = [found[1] for found in map(_STOP_TO.search, self._details(Kind.STOP)) if found]
        working = [order for order in self._orders_for("S") if order.is_live]
        prices = {order.stop_price for order in working}
        if told and working and prices != {Decimal(told[-1])}:
            shown = ", ".join(str(price) for price in prices)
            yield self._finding("lost", f"stop told at {told[-1]} and working at {shown}")

    def _was_closed(self, *, surely: bool) -> bool:
        """Return whether the operator closed everything while the trade was there.

        A time that is off by a jump of the clock leaves both open.
        """
        decided = self._evidence.outcomes.get(self._entry.post_id)
        if decided is None or decided.ordered_at is None:
            return False
        slack = CLOCK_SECONDS if surely else -CLOCK_SECONDS
        ordered = self._moment_of(decided.ordered_at)
        return any(at > ordered + slack for at in self._operating.closings)

    def _is_fair(self, decided: OutcomeDecided) -> bool:
        detail = decided.outcome.detail
        match decided.outcome.kind:
            case OutcomeKind.TRADED | OutcomeKind.EXPIRED | OutcomeKind.REJECTED:
                return True
            case OutcomeKind.DENIED:
                at = self._moment_of(decided.decided_at)
                return (
                    any(reason in detail for reason in _FAIR_DENIALS)
                    or (PAUSED in detail and self._operating.may_be_paused(at))
                    or (CLOSED in detail and bool(self._operating.closings))
                    or (any(odd in detail for odd in _ODD_DENIALS) and self._is_odd(at))
                )
            case _:
                return False

    def _is_odd(self, at: float) -> bool:
        return any(first <= at <= last + _QUOTE_SECONDS for first, last in self._odd_market)

    def _finding(self, kind: str, text: str) -> Finding:
        return Finding(kind=kind, text=text, post_id=self._entry.post_id, trade=self._id)

    def _orders_for(self, letter: str) -> list[LedgerOrder]:
        return [order for order in self._orders if order.purpose == letter]

    def _filled(self, letter: str) -> Decimal:
        return sum((order.cum_qty for order in self._orders_for(letter)), Decimal(0))

    def _avg_entry(self) -> Decimal:
        fills = [fill for order in self._orders_for("E") for fill in order.fills]
        qty = sum((fill.qty for fill in fills), Decimal(0))
        spent = sum((fill.qty * fill.price for fill in fills), Decimal(0))
        return spent / qty if qty else Decimal(0)

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

    def _missed(self, decided: OutcomeDecided) -> bool:
        # What was written before the entry, by its own time, speaks of nothing.
        entry = self._evidence.outcomes.get(self._entry.post_id)
        is_earlier = entry is not None and decided.posted_at < entry.posted_at
        return _has_no_trade(decided) and not is_earlier


def _has_no_trade(decided: OutcomeDecided) -> bool:
    return decided.outcome.kind is OutcomeKind.DENIED


def _filled_after_cancel(order: LedgerOrder) -> int:
    canceled = [line.cum_qty for line in order.history if line.status == "Cancelled"]
    return int(order.cum_qty - canceled[0]) if canceled else 0
