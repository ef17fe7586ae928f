"""The order book: what happens to orders. Decides without I/O.

Every method takes what happened and returns the facts that follow from it, in order; whoever calls
tells the clients and writes the file. Only live orders are held here; what became of the others is
asked from a ``History``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

import msgspec

from autoscalper.domain.identity import ConId, IbOrderId, PermId
from autoscalper.simulator import amendments, matching
from autoscalper.simulator.live_orders import LiveOrders
from autoscalper.simulator.market import Quote
from autoscalper.simulator.orders import (
    Cancelled,
    Executed,
    Fact,
    Kept,
    OcaType,
    Opened,
    Order,
    OrderKey,
    Refused,
    Rejected,
    Side,
    Status,
    Submission,
    TimeInForce,
)
from autoscalper.simulator.timing import Timing
from autoscalper.simulator.transitions import filled, with_status

#: The first permanent id of a new book.
FIRST_PERM_ID = PermId(1_500_000_001)

_ZERO = Decimal(0)
_AT_ONCE = (TimeInForce.IOC, TimeInForce.FOK)


class History(Protocol):
    """What the book does not hold: orders that are done."""

    def final_status(self, key: OrderKey) -> Status | None:
        """Return how the done order of that key ended, or None if there was none."""

    def is_group_spent(self, oca_group: str) -> bool:
        """Return whether an order of that OCA group filled completely."""


class Book:
    """All live orders of one account, and the ids that orders get."""

    def __init__(
        self,
        history: History,
        timing: Timing,
        *,
        live: Iterable[Order] = (),
        next_perm_id: PermId = FIRST_PERM_ID,
        highest_ids: dict[int, int] | None = None,
    ) -> None:
        """Start with what an earlier book held."""
        self._history = history
        self._timing = timing
        self.live = LiveOrders(live)
        self.next_perm_id = next_perm_id
        # How much of an order one quote fills at most, where that is cut.
        self._slices: dict[PermId, Decimal] = {}
        #: The highest order id that each client has used.
        self.highest_ids: dict[int, int] = dict(highest_ids or {})

    def next_order_id(self, client_id: int) -> IbOrderId:
        """Return the lowest order id that the client may use next."""
        return IbOrderId(self.highest_ids.get(client_id, 0) + 1)

    def place(self, submission: Submission, now: datetime) -> list[Fact]:
        """Accept a new order, or amend the live one of the same key.

        An order id that is not above all that the client used before is refused: 104 if it named
        an order that filled, else 103 (TWS API, "Message Codes"; ib_insync#644).
        """
        key, terms = submission.key, submission.terms
        live = self.live.named(key)
        if live is not None:
            return self._amend(live, submission, now)
        if key[1] <= self.highest_ids.get(key[0], 0):
            if self._history.final_status(key) is Status.FILLED:
                return [Refused(key=key, code=104, text="Cannot modify a filled order.")]
            return [Refused(key=key, code=103, text="Duplicate order id")]
        parent = self.live.named((key[0], terms.parent_id)) if terms.parent_id else None
        if terms.parent_id and parent is None:
            text = f"Can't find order with id ={terms.parent_id}"
            return [Refused(key=key, code=135, text=text)]
        return self._accept(submission, parent, now)

    def cancel(self, key: OrderKey, now: datetime) -> list[Fact]:
        """Cancel an order at its client's request: 10147 if there is none, 10148 if it is done.

        The other members of its OCA group stay.
        """
        order = self.live.named(key)
        if order is not None:
            return self.end(order, "", now)
        final = self._history.final_status(key)
        text = f"OrderId {key[1]} that needs to be cancelled"
        if final is None:
            return [Refused(key=key, code=10147, text=f"{text} is not found.")]
        text = f"{text} cannot be cancelled, state: {final.value}."
        return [Refused(key=key, code=10148, text=text)]

    def cancel_all(self, now: datetime) -> list[Fact]:
        """Cancel every live order of every client."""
        facts: list[Fact] = []
        for listed in self.live:
            order = self.live.get(listed.perm_id)
            if order is not None:
                facts += self.end(order, "", now)
        return facts

    def on_quote(self, con_id: ConId, quote: Quote, now: datetime) -> list[Fact]:
        """Trigger and fill the orders of a contract, as far as the sizes that are shown go."""
        return self.meet(self.live.of_contract(con_id), quote, now)

    def meet(self, orders: Sequence[Order], quote: Quote, now: datetime) -> list[Fact]:
        """Let some orders of one contract meet its quote, and those that this sets free."""
        shown = {Side.BUY: quote.ask_size, Side.SELL: quote.bid_size}
        depth = matching.Depth(shown, dict(self._slices))
        facts: list[Fact] = []
        while orders:
            new: list[Fact] = []
            for listed in orders:
                # An earlier one may have changed or ended it.
                order = self.live.get(listed.perm_id)
                if order is None or order.status is Status.STAGED:
                    continue
                if self._may_work(order, now):
                    new += self._match(order, quote, depth, now)
            facts += new
            orders = self._stirred(new)
        return facts

    def on_time(self, now: datetime) -> list[Fact]:
        """Wake the orders whose time has come, and end those whose time is over."""
        facts: list[Fact] = []
        for listed in self.live:
            order = self.live.get(listed.perm_id)
            if order is None:
                continue
            if order.ends_at is not None and now >= order.ends_at:
                facts += self.end(order, "expired", now)
            elif self._timing.is_cancelled_by_condition(order.terms, now):
                facts += self.end(order, "condition was met", now)
            elif order.status is not Status.STAGED:
                facts += self._settle(order, now)
        return facts

    def fill(self, order: Order, qty: Decimal, price: Decimal, now: datetime) -> list[Fact]:
        """Fill up to ``qty`` of a live order at ``price``, with all that follows from it."""
        qty = min(qty, self.fillable(order))
        if qty <= 0:
            return []
        leaves_before = order.leaves_qty
        order, execution = filled(order, qty, price, now)
        self._put(order)
        facts: list[Fact] = [Executed(order=order, execution=execution)]
        facts += self._count_at_parent(order, qty)
        facts += self._shrink_group(order, leaves_before, now)
        for child in self.live.children_of(order.perm_id):
            facts += self._settle(child, now)
        return facts

    def slice_fills(self, order: Order, parts: int) -> None:
        """Have an order fill in ``parts``: each quote fills one of them at most."""
        self._slices[order.perm_id] = (order.leaves_qty + parts - 1) // parts

    def sliced_contracts(self) -> set[ConId]:
        """Return the contracts with orders whose next part fills at the next quote."""
        sliced = [self.live.get(perm_id) for perm_id in self._slices]
        return {order.terms.con_id for order in sliced if order is not None}

    def fillable(self, order: Order) -> Decimal:
        """Return how much of an order may fill now.

        While a parent is still filling, its children together fill no more than it has: what is
        protected is what is held.
        """
        parent = self.live.get(order.parent_perm_id)
        if parent is None:
            return order.leaves_qty
        return max(min(order.leaves_qty, parent.cum_qty - parent.children_cum_qty), _ZERO)

    def end(
        self,
        order: Order,
        reason: str,
        now: datetime,
        *,
        quiet: bool = False,
    ) -> list[Fact]:
        """End a live order without a fill, and settle what hangs on it.

        A ``quiet`` end is kept and told to nobody.
        """
        order = self._finish(order, Status.CANCELLED, reason, now)
        told: Fact = Kept(order=order) if quiet else Cancelled(order=order)
        return [told, *self._orphan_children(order, now, quiet=quiet)]

    def reject(self, order: Order, code: int, reason: str, now: datetime) -> list[Fact]:
        """End an order because the system behind the gateway refused it: it becomes Inactive."""
        order = self._finish(order, Status.INACTIVE, reason, now)
        told = Rejected(order=order, code=code)
        return [told, *self._orphan_children(order, now, quiet=False)]

    def _accept(self, submission: Submission, parent: Order | None, now: datetime) -> list[Fact]:
        key, terms = submission.key, submission.terms
        self.highest_ids[key[0]] = key[1]
        order = self._new_order(submission, parent, now)
        self._put(order)
        rejection = submission.rejection
        if rejection is None and terms.oca_group and self._history.is_group_spent(terms.oca_group):
            rejection = 201, "Order rejected - reason:OCA group is already filled"
        if rejection is not None:
            return self.reject(order, *rejection, now)
        return self._transmit(order, now) if terms.transmit else [Kept(order=order)]

    def _new_order(self, submission: Submission, parent: Order | None, now: datetime) -> Order:
        terms = submission.terms
        perm_id, self.next_perm_id = self.next_perm_id, PermId(self.next_perm_id + 1)
        order = Order(
            perm_id=perm_id,
            client_id=submission.key[0],
            order_id=submission.key[1],
            terms=terms,
            echo=submission.echo,
            echo_blocks=submission.echo_blocks,
            order_qty=terms.order_qty,
            status=Status.STAGED,
            triggered=not terms.order_type.has_stop,
            stop_price=amendments.first_stop(terms),
            parent_perm_id=parent.perm_id if parent is not None else None,
            accepted_at=now,
            ends_at=self._timing.ends_at(terms, now),
        )
        return with_status(order, Status.STAGED, "", now)

    def _amend(self, order: Order, submission: Submission, now: datetime) -> list[Fact]:
        mismatch = amendments.mismatch(order, submission.terms)
        if mismatch:
            return [Refused(key=order.key, code=105, text=mismatch)]
        order = amendments.amended(order, submission)
        ends_at = self._timing.ends_at(order.terms, max(order.accepted_at, now))
        order = msgspec.structs.replace(order, ends_at=ends_at)
        order = with_status(order, order.status, order.why_held, now)
        self._put(order)
        if order.status is Status.STAGED:
            return self._transmit(order, now) if order.terms.transmit else [Kept(order=order)]
        # An amendment is always answered, even when nothing changed.
        return self._settle(order, now) or [Opened(order=order)]

    def _transmit(self, order: Order, now: datetime) -> list[Fact]:
        # TWS API, "Bracket Orders": the last order of a family sends the whole of it.
        root = self.live.get(order.parent_perm_id) or order
        facts: list[Fact] = []
        for member in (root, *self.live.children_of(root.perm_id)):
            if member.status is Status.STAGED:
                facts += self._settle(member, now)
        return facts

    def _settle(self, order: Order, now: datetime) -> list[Fact]:
        status, why_held = self._resting(order, now)
        if (order.status, order.why_held) == (status, why_held):
            return []
        order = with_status(order, status, why_held, now)
        self._put(order)
        return [Opened(order=order)]

    def _resting(self, order: Order, now: datetime) -> tuple[Status, str]:
        waiting = "" if order.triggered else "trigger"
        parent = self.live.get(order.parent_perm_id)
        if parent is not None and parent.cum_qty == 0:
            return Status.PRE_SUBMITTED, f"child,{waiting}".rstrip(",")
        if waiting or not self._may_work(order, now):
            return Status.PRE_SUBMITTED, waiting
        return Status.SUBMITTED, ""

    def _may_work(self, order: Order, now: datetime) -> bool:
        # The clock is looked at now and then: what is over must not fill before that.
        if order.ends_at is not None and now >= order.ends_at:
            return False
        parent = self.live.get(order.parent_perm_id)
        if parent is not None and parent.cum_qty == 0:
            return False
        return self._timing.may_work(order.terms, now)

    def _match(
        self, order: Order, quote: Quote, depth: matching.Depth, now: datetime
    ) -> list[Fact]:
        order, facts = self._watch_stop(order, quote, now)
        if not order.triggered:
            return facts
        price = matching.fill_price(order, quote)
        tif = order.terms.time_in_force
        qty = _ZERO if price is None else min(self.fillable(order), depth.of(order))
        if (order.terms.all_or_none or tif is TimeInForce.FOK) and qty < order.leaves_qty:
            qty = _ZERO
        if price is not None and qty > 0:
            depth.take(order, qty)
            facts += self.fill(order, qty, price, now)
        rest = self.live.get(order.perm_id)
        if rest is not None and tif in _AT_ONCE:
            facts += self.end(rest, "", now)
        return facts

    def _stirred(self, facts: list[Fact]) -> list[Order]:
        # Orders that facts are about may go on, and their children may have been set free.
        stirred: dict[PermId, Order] = {}
        for fact in facts:
            if not isinstance(fact, Refused):
                for order in (fact.order, *self.live.children_of(fact.order.perm_id)):
                    stirred[order.perm_id] = order
        return [stirred[perm_id] for perm_id in sorted(stirred)]

    def _watch_stop(self, order: Order, quote: Quote, now: datetime) -> tuple[Order, list[Fact]]:
        moved = matching.follow(order, quote)
        facts: list[Fact] = []
        if moved is not order and moved.stop_price != order.stop_price:
            facts.append(Kept(order=moved))
            order = moved
            self._put(order)
        if not order.triggered and matching.is_triggered(order, quote):
            order = msgspec.structs.replace(order, triggered=True)
            facts += self._settle(order, now)
        return self.live.get(order.perm_id) or order, facts

    def _count_at_parent(self, order: Order, qty: Decimal) -> list[Fact]:
        parent = self.live.get(order.parent_perm_id)
        if parent is None:
            return []
        total = parent.children_cum_qty + qty
        parent = msgspec.structs.replace(parent, children_cum_qty=total)
        self._put(parent)
        return [Kept(order=parent)]

    def _shrink_group(self, filled: Order, leaves_before: Decimal, now: datetime) -> list[Fact]:
        facts: list[Fact] = []
        if filled.oca_type is OcaType.NONE:
            return facts
        for other in self.live.of_group(filled.oca_group):
            if other.perm_id == filled.perm_id:
                continue
            leaves = _ZERO
            if filled.oca_type is not OcaType.CANCEL:
                leaves = other.leaves_qty * filled.leaves_qty // leaves_before
            facts += self._shrink(other, leaves, now)
        return facts

    def _shrink(self, order: Order, leaves: Decimal, now: datetime) -> list[Fact]:
        quiet = order.status is Status.STAGED
        if leaves >= order.leaves_qty:
            return []
        if leaves <= 0:
            return self.end(order, "OCA group was filled", now, quiet=quiet)
        order = msgspec.structs.replace(order, order_qty=order.cum_qty + leaves)
        order = with_status(order, order.status, order.why_held, now)
        self._put(order)
        return [Kept(order=order) if quiet else Opened(order=order)]

    def _finish(self, order: Order, status: Status, reason: str, now: datetime) -> Order:
        order = with_status(msgspec.structs.replace(order, reason=reason), status, "", now)
        self._put(order)
        return order

    def _orphan_children(self, parent: Order, now: datetime, *, quiet: bool) -> list[Fact]:
        facts: list[Fact] = []
        for child in self.live.children_of(parent.perm_id):
            if parent.cum_qty == 0:
                facts += self.end(child, "parent order is done", now, quiet=quiet)
            else:
                held = parent.cum_qty - parent.children_cum_qty
                facts += self._shrink(child, min(child.leaves_qty, held), now)
        return facts

    def _put(self, order: Order) -> None:
        if order.is_live:
            self.live.put(order)
        elif order.perm_id in self.live:
            self.live.remove(order.perm_id)
            self._slices.pop(order.perm_id, None)
