"""Answers to the operator: what they are, and how they get into the chat.

An answer is not kept over a restart: whoever asked is there and asks again. What must not be lost
goes through the outbox. Pictures take a second to draw and have a lane of their own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import assert_never

import msgspec

from autoscalper.alert.chat import (
    Button,
    Chat,
    ChatFailed,
    Keyboard,
    MessageGone,
    MessageRefused,
)
from autoscalper.alert.chat_commands import Name
from autoscalper.alert.confirmations import Confirmations
from autoscalper.runtime.clock import Clock
from autoscalper.runtime.store import Store

logger = logging.getLogger(__name__)

#: Attempts at an answer, and the longest that Telegram's own wait is heeded, in seconds.
ATTEMPTS = 3
LONGEST_WAIT_SECONDS = 20.0


class ShowPage(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Show the page of a command, as a new message or in place of an older one."""

    page: Name
    argument: str = ""
    message_id: int | None = None


class ShowPicture(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Draw the picture of that name and send it, or put it in place of an older one."""

    picture: str
    message_id: int | None = None


class SayText(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Send a text."""

    html: str


class EditText(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Let a message say something else, without its buttons."""

    message_id: int
    html: str


class Ask(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Ask before something is done, with buttons that work once."""

    nonce: str
    html: str
    yes: str


class AnswerPress(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Say a word to the one who pressed a button."""

    query_id: str
    text: str = ""


Reply = ShowPage | ShowPicture | SayText | EditText | Ask | AnswerPress

#: Makes the text and buttons of a page.
Render = Callable[[ShowPage], Awaitable[tuple[str, Keyboard]]]
#: Makes caption, buttons and picture.
Paint = Callable[[str], Awaitable[tuple[str, Keyboard, bytes]]]


class Replier:
    """Two tasks that bring answers to the chat, each in the order in which they were given."""

    def __init__(
        self,
        chat: Chat,
        store: Store,
        confirmations: Confirmations,
        clock: Clock,
        *,
        render: Render,
        paint: Paint,
    ) -> None:
        """Write to ``chat``; ``confirmations`` are in ``store``."""
        self._chat = chat
        self._store = store
        self._confirmations = confirmations
        self._clock = clock
        self._render = render
        self._paint = paint
        self._texts: asyncio.Queue[Reply] = asyncio.Queue()
        self._pictures: asyncio.Queue[Reply] = asyncio.Queue()

    def give(self, replies: list[Reply]) -> None:
        """Let ``replies`` be brought, and return at once."""
        for reply in replies:
            lane = self._pictures if isinstance(reply, ShowPicture) else self._texts
            lane.put_nowait(reply)

    async def bring_texts(self) -> None:
        """Bring everything but pictures, for ever."""
        while True:
            await self._bring(await self._texts.get())

    async def bring_pictures(self) -> None:
        """Draw and bring pictures, for ever."""
        while True:
            await self._bring(await self._pictures.get())

    async def _bring(self, reply: Reply) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self._carry_out(reply)
                return
            except ChatFailed as failure:
                logger.warning(
                    "answer not brought attempt=%d reply=%s reason=%s",
                    attempt,
                    type(reply).__name__,
                    failure,
                )
                await asyncio.sleep(min(failure.wait_seconds or attempt, LONGEST_WAIT_SECONDS))
            except (MessageGone, MessageRefused) as refusal:
                logger.warning("answer not taken reply=%s reason=%s", type(reply).__name__, refusal)
                return

    async def _carry_out(self, reply: Reply) -> None:
        match reply:
            case ShowPage():
                html, buttons = await self._render(reply)
                await self._show(reply.message_id, html, buttons, None)
            case ShowPicture():
                html, buttons, picture = await self._paint(reply.picture)
                await self._show(reply.message_id, html, buttons, picture)
            case SayText():
                await self._chat.send(reply.html)
            case EditText():
                await self._chat.edit(reply.message_id, reply.html)
            case Ask():
                await self._ask(reply)
            case AnswerPress():
                await self._chat.answer_press(reply.query_id, reply.text)
            case _:
                assert_never(reply)

    async def _show(
        self, message_id: int | None, html: str, buttons: Keyboard, picture: bytes | None
    ) -> None:
        if message_id is None:
            await self._chat.send(html, buttons, picture=picture)
        else:
            await self._chat.edit(message_id, html, buttons, picture=picture)

    async def _ask(self, ask: Ask) -> None:
        buttons = (
            (
                Button(label=ask.yes, data=f"y:{ask.nonce}"),
                Button(label="No", data=f"n:{ask.nonce}"),
            ),
        )
        message_id = await self._chat.send(ask.html, buttons)
        # Only now: a button whose message may or may not be there must not work.
        with self._store.transaction():
            self._confirmations.bind(ask.nonce, message_id, self._clock.now())
