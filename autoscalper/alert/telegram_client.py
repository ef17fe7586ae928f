"""Telegram's Bot API through python-telegram-bot: the one file that touches it.

Only the library's ``Bot`` is used. Its ``Updater`` ends polling for good on a single 401 and says
nothing of a poll that hangs (python-telegram-bot 22.8, ``ext/_updater.py`` and
``ext/_utils/networkloop.py``), so the polling is ours: each poll has a deadline, and after a
failure the next one starts on fresh connections.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import telegram
from telegram import error as errors
from telegram.constants import ParseMode
from telegram.request import HTTPXRequest

from autoscalper.alert.chat import (
    ChatFailed,
    Incoming,
    Keyboard,
    MessageGone,
    MessageRefused,
    Pressed,
    Said,
)
from autoscalper.runtime.backoff import waits

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: Seconds that Telegram may hold a poll open, and in which it must have been answered.
POLL_SECONDS = 10
POLL_PATIENCE_SECONDS = 16.0
#: Seconds in which any other call must have been answered; more for a picture.
CALL_PATIENCE_SECONDS = 12.0
PICTURE_PATIENCE_SECONDS = 30.0
#: First and longest wait after a poll that failed. A dead poll costs its patience and one wait.
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 8.0
#: Updates of one poll; Telegram gives at most so many.
BATCH = 100
#: The trouble of a token that two programs use (409).
ANOTHER_POLLS = "another program uses this bot's token"


class TelegramClient:
    """One bot in one chat. Calls that write, and the updates that come in, share nothing."""

    def __init__(self, token: str, chat_id: int, api_url: str = "") -> None:
        """Use the bot of ``token``; ``api_url`` is a stand-in's address, ending in a slash."""
        self._token = token
        self._chat_id = chat_id
        self._base = api_url or "https://api.telegram.org/"
        self._line = _Line(token, self._base)
        #: When Telegram last answered a poll, by the loop's clock; None until then.
        self.polled_at: float | None = None
        #: Why polling fails at present; empty while it works.
        self.trouble = ""

    async def updates(self) -> AsyncGenerator[list[Incoming], None]:
        """Yield what comes in, in order, for ever.

        An update is confirmed to Telegram when the next batch is asked for, so that one whose
        handling dies with the process comes again.
        """
        offset = 0
        pauses = waits(FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS)
        line = _Line(self._token, self._base)
        try:
            while True:
                try:
                    batch = await line.call(_poll_after(offset), POLL_PATIENCE_SECONDS)
                except (ChatFailed, MessageRefused) as failure:
                    self._note(str(failure))
                    await line.renew()
                    await asyncio.sleep(max(_wait_wanted(failure), next(pauses)))
                    continue
                self._note("")
                self.polled_at = asyncio.get_running_loop().time()
                pauses = waits(FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS)
                fresh = [update for update in batch if update.update_id >= offset]
                if fresh:
                    offset = fresh[-1].update_id + 1
                    yield [each for update in fresh if (each := _incoming(update)) is not None]
        finally:
            await line.close()

    async def send(
        self,
        html: str,
        buttons: Keyboard = (),
        *,
        loud: bool = True,
        picture: bytes | None = None,
    ) -> int:
        """Send a message and return its id.

        Raises:
            ChatFailed: it may succeed later; it may have been sent all the same.
            MessageRefused: Telegram does not take this text.
        """
        markup, silent = _keyboard(buttons), not loud

        async def text(bot: telegram.Bot) -> telegram.Message:
            return await bot.send_message(
                self._chat_id,
                html,
                parse_mode=ParseMode.HTML,
                reply_markup=markup,
                disable_notification=silent,
                link_preview_options=telegram.LinkPreviewOptions(is_disabled=True),
            )

        async def photo(bot: telegram.Bot) -> telegram.Message:
            assert picture is not None
            return await bot.send_photo(
                self._chat_id,
                picture,
                caption=html,
                parse_mode=ParseMode.HTML,
                reply_markup=markup,
                disable_notification=silent,
            )

        if picture is None:
            return (await self._line.call(text, CALL_PATIENCE_SECONDS)).message_id
        return (await self._line.call(photo, PICTURE_PATIENCE_SECONDS)).message_id

    async def edit(
        self,
        message_id: int,
        html: str,
        buttons: Keyboard = (),
        *,
        picture: bytes | None = None,
    ) -> None:
        """Let a message say ``html``; nothing happens if it does already.

        Raises:
            ChatFailed: it may succeed later.
            MessageGone: there is no such message.
            MessageRefused: Telegram does not take this text.
        """
        markup = _keyboard(buttons)

        async def text(bot: telegram.Bot) -> object:
            return await bot.edit_message_text(
                html,
                self._chat_id,
                message_id,
                parse_mode=ParseMode.HTML,
                reply_markup=markup,
                link_preview_options=telegram.LinkPreviewOptions(is_disabled=True),
            )

        async def photo(bot: telegram.Bot) -> object:
            assert picture is not None
            media = telegram.InputMediaPhoto(picture, caption=html, parse_mode=ParseMode.HTML)
            return await bot.edit_message_media(
                media, self._chat_id, message_id, reply_markup=markup
            )

        try:
            if picture is None:
                await self._line.call(text, CALL_PATIENCE_SECONDS)
            else:
                await self._line.call(photo, PICTURE_PATIENCE_SECONDS)
        except MessageRefused as refusal:
            if "not modified" not in str(refusal).lower():
                raise

    async def answer_press(self, query_id: str, text: str) -> None:
        """End the waiting mark on a pressed button, with a word for the one who pressed it.

        Raises:
            ChatFailed: it may succeed later.
            MessageRefused: the press is too old to be answered.
        """

        async def answer(bot: telegram.Bot) -> object:
            return await bot.answer_callback_query(query_id, text)

        await self._line.call(answer, CALL_PATIENCE_SECONDS)

    async def offer_commands(self, menu: list[tuple[str, str]]) -> None:
        """Let the chat offer ``menu``: names and what they do.

        Raises:
            ChatFailed: it may succeed later.
            MessageRefused: Telegram does not take it.
        """

        async def offer(bot: telegram.Bot) -> object:
            scope = telegram.BotCommandScopeChat(self._chat_id)
            return await bot.set_my_commands(menu, scope=scope)

        await self._line.call(offer, CALL_PATIENCE_SECONDS)

    async def renew(self) -> None:
        """Write over fresh connections from now on."""
        await self._line.renew()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._line.close()

    def _note(self, trouble: str) -> None:
        if trouble and trouble != self.trouble:
            logger.warning("telegram cannot be polled, trying on reason=%s", trouble)
        elif self.trouble and not trouble:
            logger.info("telegram is polled again")
        self.trouble = trouble


class _Line:
    """Connections to Telegram that can be replaced by fresh ones."""

    def __init__(self, token: str, base: str) -> None:
        self._token = token
        self._base = base
        self._connect()

    def _connect(self) -> None:
        self._request = HTTPXRequest(
            connection_pool_size=4, connect_timeout=5, read_timeout=5, pool_timeout=5
        )
        # A bot wants two requests, one of them for polling; only one is ever used here.
        self._bot = telegram.Bot(
            self._token,
            base_url=f"{self._base}bot",
            base_file_url=f"{self._base}file/bot",
            request=self._request,
            get_updates_request=self._request,
        )

    async def call(
        self, what: Callable[[telegram.Bot], Awaitable[T]], patience_seconds: float
    ) -> T:
        try:
            async with asyncio.timeout(patience_seconds):
                return await what(self._bot)
        except TimeoutError:
            raise ChatFailed("no answer in time") from None
        except errors.TelegramError as error:
            raise _meaning_of(error) from error

    async def renew(self) -> None:
        await self.close()
        self._connect()

    async def close(self) -> None:
        await self._request.shutdown()


def _meaning_of(error: errors.TelegramError) -> Exception:
    """Say what an error of the library means for the caller: transient unless it cannot be."""
    text = error.message
    match error:
        case errors.RetryAfter():
            asked = error.retry_after
            seconds = asked.total_seconds() if isinstance(asked, timedelta) else float(asked)
            return ChatFailed(f"429 {text}", wait_seconds=seconds)
        case errors.BadRequest():
            lowered = text.lower()
            if "message to edit not found" in lowered or "message can't be edited" in lowered:
                return MessageGone(text)
            if "chat not found" in lowered:
                return ChatFailed(f"400 {text}")
            return MessageRefused(text)
        case errors.Conflict():
            return ChatFailed(ANOTHER_POLLS)
        case _:
            # A 401 can be over the next moment, and a bot that was blocked can be let in again.
            return ChatFailed(f"{type(error).__name__} {text}")


def _wait_wanted(failure: ChatFailed | MessageRefused) -> float:
    return failure.wait_seconds if isinstance(failure, ChatFailed) else 0.0


def _poll_after(
    offset: int,
) -> Callable[[telegram.Bot], Awaitable[tuple[telegram.Update, ...]]]:
    async def poll(bot: telegram.Bot) -> tuple[telegram.Update, ...]:
        return await bot.get_updates(
            offset,
            BATCH,
            POLL_SECONDS,
            allowed_updates=["message", "callback_query"],
            read_timeout=POLL_PATIENCE_SECONDS - POLL_SECONDS,
        )

    return poll


def _incoming(update: telegram.Update) -> Incoming | None:
    query, message = update.callback_query, update.message
    if query is not None and query.message is not None:
        return Pressed(
            chat_id=query.message.chat.id,
            user_id=query.from_user.id,
            query_id=query.id,
            message_id=query.message.message_id,
            data=query.data or "",
        )
    if message is not None and message.text and message.from_user is not None:
        return Said(
            chat_id=message.chat.id,
            user_id=message.from_user.id,
            message_id=message.message_id,
            text=message.text,
            said_at=message.date,
        )
    return None


def _keyboard(buttons: Keyboard) -> telegram.InlineKeyboardMarkup | None:
    if not buttons:
        return None
    rows = [
        [telegram.InlineKeyboardButton(each.label, callback_data=each.data) for each in row]
        for row in buttons
    ]
    return telegram.InlineKeyboardMarkup(rows)
