"""When an order may work, and when it ends, as far as time decides it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import assert_never

from autoscalper.domain.identity import ConId
from autoscalper.simulator import amendments
from autoscalper.simulator.orders import OrderTerms, TimeInForce
from autoscalper.simulator.sessions import Hours


class Timing:
    """The clock's rules for orders."""

    def __init__(self, hours: Hours, trades_late: Callable[[ConId], bool]) -> None:
        """Follow ``hours``.

        ``trades_late`` says of a contract whether it trades until a quarter past the close.
        """
        self._hours = hours
        self._trades_late = trades_late

    def may_work(self, terms: OrderTerms, now: datetime) -> bool:
        """Return whether the market is open and nothing holds the order back."""
        if terms.good_after is not None and now < terms.good_after:
            return False
        if not terms.conditions_cancel_order and not amendments.conditions_met(terms, now):
            return False
        return self._hours.is_open(now, late=self._trades_late(terms.con_id))

    def is_cancelled_by_condition(self, terms: OrderTerms, now: datetime) -> bool:
        """Return whether the order's conditions cancel it, and are met."""
        conditional = terms.conditions_cancel_order and terms.conditions
        return bool(conditional) and amendments.conditions_met(terms, now)

    def ends_at(self, terms: OrderTerms, now: datetime) -> datetime | None:
        """Return when an order that came in ``now`` expires; None if it is good till cancelled."""
        match terms.time_in_force:
            case TimeInForce.GTC:
                return None
            case TimeInForce.GTD:
                return terms.good_till
            case TimeInForce.DAY | TimeInForce.IOC | TimeInForce.FOK:
                begins = max(now, terms.good_after or now)
                late = self._trades_late(terms.con_id)
                return self._hours.day_end(begins, late=late).astimezone(UTC)
        assert_never(terms.time_in_force)
