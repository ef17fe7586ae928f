"""The operator and Telegram: a stand-in for the Bot API in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from tests.chaos.disturbances import ChatFault
from tests.fakes.telegram_server import CHAT, TOKEN, Fault, Kind, Message, TelegramServer

#: Seconds for which the question of /closeall is awaited, and between two presses of its button:
#: it works only once alert knows that it stands in the chat.
_QUESTION_SECONDS = 20.0
_LOOK_SECONDS = 0.3
_PRESSES = 5


class Chat:
    """One chat with the bot, and the person in it."""

    def __init__(self, server: TelegramServer, loop: asyncio.AbstractEventLoop) -> None:
        """Talk through ``server``, which runs in ``loop``."""
        self._server = server
        self._loop = loop
        self._doing: set[asyncio.Task[None]] = set()
        self._absence = asyncio.Lock()
        #: Ids of the messages with /pause and /resume.
        self.said: list[int] = []

    @property
    def settings(self) -> dict[str, str]:
        """Return the settings with which alert talks in this chat."""
        return {
            "TELEGRAM_ENABLED": "true",
            "TELEGRAM_API_URL": self._server.url,
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_CHAT_ID": str(CHAT),
        }

    def say(self, text: str) -> None:
        """Write ``text``."""
        self._loop.call_soon_threadsafe(self._say, text)

    def close_all(self) -> None:
        """Say /closeall and press the button of the question that comes back, if one comes."""
        self._start(self._close_all())

    def fail(self, fault: ChatFault) -> None:
        """Let calls of Telegram's API fail."""
        armed = Fault(
            method=fault.method,
            kind=Kind(fault.kind),
            times=fault.times,
            seconds=fault.seconds,
            code=fault.code,
            retry_after=fault.retry_after,
        )
        self._loop.call_soon_threadsafe(self._server.faults.arm, armed)

    def be_away(self, seconds: float) -> None:
        """Refuse connections for a while."""
        self._start(self._be_away(seconds))

    def calm(self) -> None:
        """Let every fault end."""
        self._loop.call_soon_threadsafe(self._server.faults.clear)

    def shown(self) -> dict[int, str]:
        """Return what each message of the bot says, as HTML."""
        done = asyncio.run_coroutine_threadsafe(self._shown(), self._loop)
        return done.result()

    def _say(self, text: str) -> None:
        self._server.chats.say(text)
        self.said.append(self._server.chats.history[-1]["message"]["message_id"])

    def _start(self, doing: Coroutine[Any, Any, None]) -> None:
        def start() -> None:
            task = asyncio.ensure_future(doing)
            self._doing.add(task)
            task.add_done_callback(self._doing.discard)

        self._loop.call_soon_threadsafe(start)

    async def _shown(self) -> dict[int, str]:
        return {each.message_id: each.html for each in self._server.shown()}

    async def _close_all(self) -> None:
        before = max((each.message_id for each in self._server.shown()), default=0)
        self._server.chats.say("/closeall")
        question = await self._question_after(before)
        if question is None:
            return
        for _ in range(_PRESSES):
            self._server.chats.press(question, "Yes")
            await asyncio.sleep(_LOOK_SECONDS)
            if "Yes, close all" not in question.labels():
                return

    async def _question_after(self, before: int) -> Message | None:
        for _ in range(int(_QUESTION_SECONDS / _LOOK_SECONDS)):
            await asyncio.sleep(_LOOK_SECONDS)
            for message in self._server.shown():
                if message.message_id > before and "Yes, close all" in message.labels():
                    return message
        return None

    async def _be_away(self, seconds: float) -> None:
        async with self._absence:
            await self._server.go_away()
            await asyncio.sleep(seconds)
            await self._server.come_back()


@contextmanager
def a_chat() -> Iterator[Chat]:
    """Run a stand-in for Telegram, and a chat in it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="telegram", daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(TelegramServer().start(), loop).result()
    try:
        yield Chat(server, loop)
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(server: TelegramServer) -> None:
    await server.stop()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*others, return_exceptions=True)
