"""Makes pages and pictures when they are asked for: reads what they need, then renders it."""

from __future__ import annotations

import asyncio
from datetime import datetime

from autoscalper.alert import ledger, pages, result_pages, view
from autoscalper.alert.chat import Button, Keyboard
from autoscalper.alert.chat_commands import Name
from autoscalper.alert.pictures import Pictures
from autoscalper.alert.replies import ShowPage
from autoscalper.alert.shelf import Shelf
from autoscalper.alert.stories import Stories, Story
from autoscalper.domain.exchange import exchange_day
from autoscalper.domain.identity import TradeId
from autoscalper.domain.settings import AlertSettings
from autoscalper.links.any_to_alert import TradeClosed
from autoscalper.runtime.process import Process

#: Alerts that /why lists, and trades that /trades has a chart for.
_LATEST = 10
_CHARTS = 8


class PageMaker:
    """Everything that a command can show."""

    def __init__(
        self,
        process: Process[AlertSettings],
        shelf: Shelf,
        stories: Stories,
        pictures: Pictures,
        marker: str,
    ) -> None:
        """Read RUN_DIR and what alert keeps."""
        self._run_dir = process.run_dir
        self._data_dir = process.store_path.parent
        self._clock = process.clock
        self._shelf = shelf
        self._stories = stories
        self._pictures = pictures
        self._marker = marker
        self._has_paper = process.settings.paper_autostart

    def look(self) -> view.View:
        """Return everything that is quick to see."""
        return view.look(self._run_dir, self._clock, has_paper=self._has_paper)

    async def render(self, wanted: ShowPage) -> tuple[str, Keyboard]:
        """Return the text and the buttons of a page."""
        now = self._clock.now()
        match wanted.page:
            case Name.STATUS:
                closed, on_paper = self._closed_today(now), self._closed_today(now, is_paper=True)
                html = pages.status_text(self.look(), closed, self._marker, on_paper)
            case Name.BALANCE:
                html = pages.balance_text(self.look(), self._closed_today(now), self._marker)
            case Name.SERVER:
                server = await asyncio.to_thread(view.look_at_server, self._run_dir, self._data_dir)
                html = pages.server_text(self.look(), server, self._marker)
            case Name.TRADES:
                return self._trades(now)
            case Name.WHY:
                return self._why(wanted.argument), ()
            case _:
                return pages.help_text(self._marker), ()
        return html, _refresh(wanted.page.value)

    async def paint(self, name: str) -> tuple[str, Keyboard, bytes]:
        """Return caption, buttons and picture of a name such as ``pnl 30``."""
        picture = await asyncio.to_thread(self._pictures.prepare(name))
        kind, _, argument = name.partition(" ")
        if kind == "pnl":
            first = ledger.first_of(int(argument), self._clock.now())
            days = ledger.by_day(self._stories.closed_since(first))
            on_paper = self._stories.closed_since(first, is_paper=True)
            text = result_pages.pnl_text(days, int(argument), self._marker, on_paper)
            return text, _refresh(name), picture
        story = self._stories.of_trade(TradeId(argument))
        return result_pages.trade_caption(story, self._marker), (), picture

    def _closed_today(self, now: datetime, *, is_paper: bool = False) -> list[TradeClosed]:
        starts = ledger.start_of(exchange_day(now))
        return self._stories.closed_since(starts, is_paper=is_paper)

    def _trades(self, now: datetime) -> tuple[str, Keyboard]:
        starts = ledger.start_of(exchange_day(now))
        stories = self._stories.since(starts) + self._stories.since(starts, is_paper=True)
        html = result_pages.trades_text(stories, now, self._marker)
        charts = [_chart(number, story) for number, story in enumerate(stories, 1) if story.fills]
        rows = [tuple(charts[first : first + 4]) for first in range(0, len(charts[:_CHARTS]), 4)]
        return html, (*rows, *_refresh(Name.TRADES.value))

    def _why(self, argument: str) -> str:
        if not argument:
            return pages.latest_text(self._shelf.latest(_LATEST), self._marker)
        is_number = argument.isascii() and argument.isdigit() and len(argument) < 10
        number = int(argument) if is_number else 0
        decided = self._shelf.outcome(number)
        if decided is None:
            return pages.no_alert_text(argument, self._marker)
        story = self._stories.of_trade(decided.trade_id) if decided.trade_id else None
        return pages.why_text(number, decided, story, self._marker)


def _refresh(what: str) -> Keyboard:
    return ((Button(label="Refresh", data=f"r:{what}"),),)


def _chart(number: int, story: Story) -> Button:
    return Button(label=f"Chart {number}", data=f"p:trade {story.trade_id}")
