"""Each trade's life as one story: what the notices about it add up to."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from autoscalper.domain.identity import TradeId
from autoscalper.domain.order import Side
from autoscalper.links import any_to_alert
from autoscalper.links.any_to_alert import OrderFilled, OutcomeDecided, TradeChanged, TradeClosed
from autoscalper.runtime.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS stories (
    trade_id TEXT PRIMARY KEY, opened_at TEXT NOT NULL, ended_at TEXT, story TEXT NOT NULL)
    WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS stories_by_time ON stories (opened_at);
"""

Telling = TradeChanged | OrderFilled | OutcomeDecided | TradeClosed


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """A trade, and everything that was said and done about it."""

    trade_id: TradeId
    #: As it stood last; None until that is told.
    trade: TradeChanged | None = None
    fills: tuple[OrderFilled, ...] = ()
    #: The alert that opened it and the follow-ups, in the order of their outcomes.
    outcomes: tuple[OutcomeDecided, ...] = ()
    closed: TradeClosed | None = None

    @property
    def is_paper(self) -> bool:
        """Return whether it is traded on paper beside real orders."""
        return self.trade is not None and self.trade.is_paper

    @property
    def is_open(self) -> bool:
        """Return whether there is, or may come to be, a position."""
        if self.closed is not None or self.trade is None:
            return False
        return self.trade.hold_qty > 0 or self.trade.held_qty > 0

    @property
    def cost_against_post(self) -> Decimal | None:
        """Return the dollars paid above the posted price, of all contracts that it bought.

        None without a posted price or a fill.
        """
        bought = [fill for fill in self.fills if fill.side is Side.BUY]
        if self.trade is None or self.trade.posted_price is None or not bought:
            return None
        posted, multiplier = self.trade.posted_price, self.trade.multiplier
        return sum(
            ((fill.last_price - posted) * fill.last_qty * multiplier for fill in bought),
            Decimal(0),
        )


def fold(story: Story, notice: Telling) -> Story:
    """Return ``story`` with one more notice in it."""
    match notice:
        case TradeChanged():
            return replace(story, trade=notice)
        case OrderFilled():
            fills = sorted((*story.fills, notice), key=lambda fill: fill.executed_at)
            return replace(story, fills=tuple(fills))
        case OutcomeDecided():
            return replace(story, outcomes=(*story.outcomes, notice))
        case TradeClosed():
            return replace(story, closed=notice)


class Stories:
    """The stories in alert's store."""

    def __init__(self, store: Store) -> None:
        """Use ``store``, which was opened with ``SCHEMA``."""
        self._store = store

    def take(self, notice: any_to_alert.Message) -> Story | None:
        """Add a new ``notice`` to its story inside the caller's transaction; return the story.

        None: it is about no trade.
        """
        if not isinstance(notice, Telling) or notice.trade_id is None:
            return None
        before = self.of_trade(notice.trade_id) or Story(trade_id=notice.trade_id)
        story = fold(before, notice)
        self._store.execute(
            "INSERT INTO stories VALUES (?, ?, ?, ?) ON CONFLICT (trade_id) DO UPDATE SET"
            " ended_at = excluded.ended_at, story = excluded.story",
            (
                story.trade_id,
                _time_of(notice).isoformat(),
                None if story.is_open else _time_of(notice).isoformat(),
                msgspec.json.encode(story).decode(),
            ),
        )
        return story

    def of_trade(self, trade_id: TradeId) -> Story | None:
        """Return the story of one trade, None if nothing was heard of it."""
        found = self._select("WHERE trade_id = ?", trade_id)
        return found[0] if found else None

    def since(self, moment: datetime, *, is_paper: bool = False) -> list[Story]:
        """Return what was opened since ``moment`` or is open still, oldest first.

        What is on paper beside real orders is never among those that are not.
        """
        found = self._select(
            "WHERE opened_at >= ? OR ended_at IS NULL ORDER BY opened_at", moment.isoformat()
        )
        return [story for story in found if story.is_paper == is_paper]

    def closed_since(self, moment: datetime, *, is_paper: bool = False) -> list[TradeClosed]:
        """Return how trades ended since ``moment``, oldest first; those on paper apart."""
        found = self._select("WHERE ended_at >= ? ORDER BY ended_at", moment.isoformat())
        closed = (story.closed for story in found if story.closed is not None)
        return [each for each in closed if each.is_paper == is_paper]

    def _select(self, condition: str, *values: object) -> list[Story]:
        rows = self._store.execute(f"SELECT story FROM stories {condition}", values)
        return [msgspec.json.decode(text, type=Story) for (text,) in rows]


def _time_of(notice: Telling) -> datetime:
    match notice:
        case TradeChanged():
            return notice.opened_at
        case OrderFilled():
            return notice.executed_at
        case OutcomeDecided():
            return notice.decided_at
        case TradeClosed():
            return notice.closed_at
