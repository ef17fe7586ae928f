"""Pictures by name: what each shows is read at once, drawing it is left for a thread.

``pnl 30``: the last thirty days. ``trade ID``: one trade. ``summary 2026-03-18``: one day's end.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial

from autoscalper.alert import charts, ledger
from autoscalper.alert.charts import Mark, TradePanel
from autoscalper.alert.markup import dollars, short_contract
from autoscalper.alert.stories import Stories, Story
from autoscalper.domain.identity import TradeId
from autoscalper.domain.order import Side
from autoscalper.runtime.clock import Clock

_NAME = re.compile(r"pnl [1-9][0-9]{0,2}|trade [a-z0-9]{1,32}|summary \d{4}-\d{2}-\d{2}")
#: Days that a summary looks back.
_SUMMARY_DAYS = 30


def is_picture(name: str) -> bool:
    """Return whether there can be a picture of that name."""
    return _NAME.fullmatch(name) is not None


class Pictures:
    """Draws what alert keeps."""

    def __init__(self, stories: Stories, clock: Clock) -> None:
        """Draw from ``stories``; days are counted from the present of ``clock``."""
        self._stories = stories
        self._clock = clock

    def prepare(self, name: str) -> Callable[[], bytes]:
        """Read what picture ``name`` shows and return what draws it as a PNG."""
        kind, _, argument = name.partition(" ")
        if kind == "pnl":
            since = ledger.first_of(int(argument), self._clock.now())
            days = ledger.by_day(self._stories.closed_since(since))
            return partial(charts.draw_days, days, f"Last {argument} days, $ a day")
        if kind == "trade":
            story = self._stories.of_trade(TradeId(argument))
            return partial(charts.draw_trade, panel_of(story))
        return self._summary(date.fromisoformat(argument))

    def _summary(self, day: date) -> Callable[[], bytes]:
        ends = ledger.start_of(day + timedelta(days=1))
        since = ledger.start_of(day - timedelta(days=_SUMMARY_DAYS - 1))
        closed = [each for each in self._stories.closed_since(since) if each.closed_at < ends]
        panels = [
            panel_of(story)
            for story in self._stories.since(ledger.start_of(day))
            if story.fills and _opened_at(story) < ends
        ]
        title = f"To {day:%b} {day.day}, $ a day"
        return partial(charts.draw_summary, ledger.by_day(closed), title, panels)


def panel_of(story: Story | None) -> TradePanel:
    """Return a trade as it is drawn."""
    if story is None or story.trade is None:
        return TradePanel(title="No such trade", posted_price=None, stop_price=None, marks=())
    result = f"  {dollars(story.closed.realized)}" if story.closed else ""
    return TradePanel(
        title=f"{short_contract(story.trade.contract)}{result}",
        posted_price=story.trade.posted_price,
        stop_price=story.trade.stop_price,
        marks=tuple(
            Mark(
                at=fill.executed_at,
                price=fill.last_price,
                qty=fill.last_qty,
                is_buy=fill.side is Side.BUY,
            )
            for fill in story.fills
        ),
    )


def _opened_at(story: Story) -> datetime:
    return story.fills[0].executed_at
