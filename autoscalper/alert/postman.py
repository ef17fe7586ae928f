"""Brings the outbox to Telegram: in order, at most one message a second, until it is taken."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from autoscalper.alert.chat import Chat, ChatFailed, MessageGone, MessageRefused
from autoscalper.alert.markup import fitted, plain
from autoscalper.alert.outbox import Due, Outbox
from autoscalper.runtime import crashpoints
from autoscalper.runtime.backoff import waits
from autoscalper.runtime.store import Store

logger = logging.getLogger(__name__)

#: Telegram asks for no more than one message a second in one chat (Bot API FAQ).
SECONDS_BETWEEN = 1.0
#: First and longest wait after a failure.
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 15.0

#: Draws the picture of that name, in a thread; taken first in the loop, so that it may read.
Draw = Callable[[str], Callable[[], bytes]]


class Postman:
    """The task that empties the outbox."""

    def __init__(
        self,
        store: Store,
        outbox: Outbox,
        chat: Chat,
        draw: Draw,
        *,
        seconds_between: float | None = None,
    ) -> None:
        """Bring ``outbox``, which is in ``store``, to ``chat``.

        ``seconds_between`` two messages: as many as Telegram asks for, unless it is given.
        """
        self._store = store
        self._outbox = outbox
        self._chat = chat
        self._draw = draw
        self._seconds_between = SECONDS_BETWEEN if seconds_between is None else seconds_between
        self._grown = asyncio.Event()
        self._free_at = 0.0
        #: The last picture, for when it has to be sent again.
        self._drawn: dict[str, bytes] = {}
        #: Why nothing can be brought at present; empty while it can.
        self.trouble = ""

    async def deliver(self) -> None:
        """Bring card after card, for ever."""
        self._store.after_commit.append(self._grown.set)
        pauses = waits(FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS)
        while True:
            self._grown.clear()
            if self._outbox.next() is None:
                await self._grown.wait()
                continue
            await self._wait_for_turn()
            due = self._outbox.next()
            if due is None:
                continue
            try:
                await self._show(due)
            except ChatFailed as failure:
                self._note(str(failure))
                await self._chat.renew()
                await asyncio.sleep(max(failure.wait_seconds, next(pauses)))
                continue
            self._note("")
            pauses = waits(FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS)

    async def _wait_for_turn(self) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._free_at - loop.time()))
        self._free_at = loop.time() + self._seconds_between

    async def _show(self, due: Due) -> None:
        try:
            message_id = await self._bring(due)
        except MessageGone:
            with self._store.transaction():
                self._outbox.lost(due)
            return
        crashpoints.reach("alert-after-delivery")
        with self._store.transaction():
            self._outbox.shown(due, message_id)

    async def _bring(self, due: Due) -> int:
        card = due.card
        picture = await self._picture_of(due)
        try:
            return await self._bring_text(due, card.html, picture)
        except MessageRefused as refusal:
            # What was written for people must reach them, even without its looks.
            logger.error("telegram refuses the markup, sent plain reason=%s", refusal)
        try:
            return await self._bring_text(due, fitted(plain(card.html).splitlines()), None)
        except MessageRefused as refusal:
            raise ChatFailed(f"refused: {refusal}") from refusal

    async def _picture_of(self, due: Due) -> bytes | None:
        """Draw once: a picture that cannot be drawn must not hold up everything behind it."""
        name = due.card.picture
        if name is None:
            return None
        if name not in self._drawn:
            with self._store.transaction():
                is_first = self._outbox.begin_drawing(due)
            if not is_first:
                logger.error("picture was begun before and never sent, left out picture=%s", name)
                return None
            self._drawn = {name: await asyncio.to_thread(self._draw(name))}
        return self._drawn[name]

    async def _bring_text(self, due: Due, html: str, picture: bytes | None) -> int:
        card = due.card
        if due.message_id is None:
            return await self._chat.send(html, card.buttons, loud=card.loud, picture=picture)
        await self._chat.edit(due.message_id, html, card.buttons, picture=picture)
        return due.message_id

    def _note(self, trouble: str) -> None:
        if trouble and trouble != self.trouble:
            logger.warning("notices wait for telegram reason=%s", trouble)
        elif self.trouble and not trouble:
            logger.info("notices reach telegram again")
        self.trouble = trouble
