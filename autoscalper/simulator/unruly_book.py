"""A book that can also go wrong as the real system has gone wrong, when a test asks for it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from autoscalper.simulator.book import Book
from autoscalper.simulator.orders import Executed, Fact, Kept, Order, Status, Submission
from autoscalper.simulator.transitions import filled, with_status


class UnrulyBook(Book):
    """An order book with anomalies."""

    def fill_late(self, order: Order, qty: Decimal, price: Decimal, now: datetime) -> list[Fact]:
        """Fill an order that was reported as cancelled: the exchange was faster.

        It is Filled if that was all of it, and Cancelled again if not.
        """
        order, execution = filled(order, min(qty, order.leaves_qty), price, now)
        if order.is_live:
            order = with_status(order, Status.CANCELLED, "", now)
        return [Executed(order=order, execution=execution)]

    def forget(self, order: Order, anomaly: str, now: datetime) -> list[Fact]:
        """Lose an order: it is gone, and nobody is told."""
        order = msgspec.structs.replace(order, anomaly=anomaly)
        return [Kept(order=self._finish(order, Status.CANCELLED, "", now))]

    def fork(self, order: Order, submission: Submission, now: datetime) -> list[Fact]:
        """Amend an order in the way that leaves two live ones (nautilus_trader#4564).

        The old order stays live under its permanent id. The key names the new one as long as it
        is live, and then the old one again; lists of open orders show both.
        """
        self._put(msgspec.structs.replace(order, anomaly="forked"))
        twin = self._new_order(submission, self.live.get(order.parent_perm_id), now)
        self._put(twin)
        return [Kept(order=self.live.get(order.perm_id) or order), *self._settle(twin, now)]
