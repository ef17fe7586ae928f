"""Everything of alert that there is only with Telegram, put together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from autoscalper.alert.chat import ChatFailed, MessageRefused
from autoscalper.alert.chat_commands import menu
from autoscalper.alert.confirmations import Confirmations
from autoscalper.alert.guard import Guard
from autoscalper.alert.news import News
from autoscalper.alert.operator_desk import OperatorDesk
from autoscalper.alert.outbox import Outbox
from autoscalper.alert.page_maker import PageMaker
from autoscalper.alert.pictures import Pictures
from autoscalper.alert.postman import Postman
from autoscalper.alert.replies import Replier
from autoscalper.alert.shelf import Shelf
from autoscalper.alert.stories import Stories
from autoscalper.alert.telegram_client import ANOTHER_POLLS, TelegramClient
from autoscalper.alert.watch import Watch
from autoscalper.domain.marker import marker_of
from autoscalper.domain.settings import AlertSettings
from autoscalper.links import alert_to_broker
from autoscalper.runtime.backoff import waits
from autoscalper.runtime.clock import SystemClock
from autoscalper.runtime.log import Log
from autoscalper.runtime.process import Process
from autoscalper.runtime.store import Store

logger = logging.getLogger(__name__)

#: First and longest wait in seconds before the menu of commands is offered again.
_FIRST_WAIT_SECONDS = 2.0
_LONGEST_WAIT_SECONDS = 60.0


class Telegram:
    """The chat with the user: notices out, commands in."""

    def __init__(
        self,
        process: Process[AlertSettings],
        store: Store,
        shelf: Shelf,
        stories: Stories,
        commands: Log[alert_to_broker.Message],
    ) -> None:
        """Use what alert keeps in ``store``; commands go into ``commands``."""
        settings, clock = process.settings, process.clock
        marker = marker_of(settings)
        self._client = TelegramClient(
            settings.telegram_bot_token.value,
            int(settings.telegram_chat_id),
            settings.telegram_api_url,
        )
        self._outbox = Outbox(store)
        self.news = News(self._outbox, settings)
        confirmations = Confirmations(store)
        pictures = Pictures(stories, clock)
        pages = PageMaker(process, shelf, stories, pictures, marker)
        self._replier = Replier(
            self._client, store, confirmations, clock, render=pages.render, paint=pages.paint
        )
        self._postman = Postman(store, self._outbox, self._client, pictures.prepare)
        self._desk = OperatorDesk(
            store,
            guard=_guard(settings),
            shelf=shelf,
            outbox=self._outbox,
            news=self.news,
            confirmations=confirmations,
            commands=commands,
            look=pages.look,
            clock=clock,
            # Telegram's dates are the real world's, whatever day a demo plays.
            real_clock=SystemClock(),
            marker=marker,
        )
        self._watch = self._make_watch(process, store, shelf, stories, confirmations, pages)

    def tasks(self) -> list[Callable[[], Awaitable[None]]]:
        """Return what runs while alert runs."""
        return [
            self.obey,
            self.offer_menu,
            self._replier.bring_texts,
            self._replier.bring_pictures,
            self._postman.deliver,
            self._watch.watch,
        ]

    async def obey(self) -> None:
        """Take what comes in, in order, for ever. Nothing here waits for Telegram to be written."""
        try:
            async with aclosing(self._client.updates()) as updates:
                async for batch in updates:
                    for incoming in batch:
                        self._replier.give(self._desk.take(incoming))
        finally:
            await self._client.close()

    async def offer_menu(self) -> None:
        """Let the chat offer the commands; try until it does."""
        for pause in waits(_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS):
            try:
                await self._client.offer_commands(menu())
                break
            except (ChatFailed, MessageRefused) as failure:
                logger.warning("commands not offered yet reason=%s", failure)
                await asyncio.sleep(pause)
        await asyncio.Event().wait()

    def _make_watch(
        self,
        process: Process[AlertSettings],
        store: Store,
        shelf: Shelf,
        stories: Stories,
        confirmations: Confirmations,
        pages: PageMaker,
    ) -> Watch:
        return Watch(
            store,
            settings=process.settings,
            shelf=shelf,
            stories=stories,
            outbox=self._outbox,
            news=self.news,
            confirmations=confirmations,
            see=pages.look,
            give=self._replier.give,
            unheard=self._unheard,
            clock=process.clock,
        )

    def _unheard(self) -> str:
        # Of other troubles nobody could be told.
        return ANOTHER_POLLS if self._client.trouble == ANOTHER_POLLS else ""

    def details(self) -> dict[str, str]:
        """Return what the heartbeat tells of the chat."""
        polled_at = self._client.polled_at
        age = None if polled_at is None else asyncio.get_running_loop().time() - polled_at
        return {
            "telegram": self._client.trouble or "polled",
            "telegram_polled_seconds_ago": "never" if age is None else f"{age:.0f}",
            "telegram_waiting": str(self._outbox.waiting),
        }


def _guard(settings: AlertSettings) -> Guard:
    user_ids = frozenset(map(int, settings.telegram_user_ids))
    return Guard(int(settings.telegram_chat_id), user_ids)
