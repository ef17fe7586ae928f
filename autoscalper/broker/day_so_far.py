"""What the closed trades of a trading day came to, kept up as they close instead of added up anew.

A day may have thousands of trades, and every entry asks.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from datetime import date, datetime
from decimal import Decimal

from autoscalper.domain.identity import TradeId
from autoscalper.domain.results import longest_run_of_losses


class DaySoFar:
    """Sums over the closed trades of one day. Pure; whoever uses it says what changed."""

    def __init__(self, day: date | None = None) -> None:
        """Begin ``day`` with no trades."""
        self.day = day
        #: What the closed trades made on the day, in dollars.
        self.result = Decimal(0)
        self._results: dict[TradeId, Decimal] = {}
        self._ended: dict[TradeId, datetime] = {}
        #: What ended trades realized, in the order of their ends.
        self._realized: list[tuple[datetime, TradeId, Decimal]] = []
        self._longest = self._run = 0

    @property
    def losses_in_a_row(self) -> int:
        """Return how many trades that ended one after the other lost, at the worst."""
        return self._longest

    def put(
        self, trade_id: TradeId, result: Decimal, ended_at: datetime, realized: Decimal | None
    ) -> None:
        """Count a closed trade; ``realized`` is None where nothing was ever bought."""
        self.take_out(trade_id)
        self._results[trade_id] = result
        self.result += result
        if realized is None:
            return
        entry = (ended_at, trade_id, realized)
        self._ended[trade_id] = ended_at
        is_last = not self._realized or self._realized[-1] < entry
        insort(self._realized, entry)
        if is_last:
            self._run = self._run + 1 if realized < 0 else 0
            self._longest = max(self._longest, self._run)
        else:
            self._count_anew()

    def take_out(self, trade_id: TradeId) -> None:
        """Do not count a trade any more, if it was."""
        self.result -= self._results.pop(trade_id, Decimal(0))
        ended_at = self._ended.pop(trade_id, None)
        if ended_at is not None:
            del self._realized[
                bisect_left(self._realized, (ended_at, trade_id, Decimal("-Infinity")))
            ]
            self._count_anew()

    def _count_anew(self) -> None:
        realized = [each for _, _, each in self._realized]
        self._longest, self._run = longest_run_of_losses(realized), 0
        for each in reversed(realized):
            if each >= 0:
                break
            self._run += 1
