"""The stand-in as one thing: start it, write in its chats, break it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from typing import Any, Self

from aiohttp import web

from tests.fakes.telegram_server.chat import CHAT, TOKEN, Chats, Message, Refused, as_json
from tests.fakes.telegram_server.faults import Fault, Faults, Kind

_ME = {"id": 7, "is_bot": True, "first_name": "AutoScalper", "username": "autoscalper_bot"}


class TelegramServer:
    """The Bot API on a loopback port."""

    def __init__(
        self, *, token: str = TOKEN, on_shown: Callable[[Message], None] | None = None
    ) -> None:
        """Prepare a bot with ``token``; ``on_shown`` is told each message that changed."""
        self.chats = Chats()
        self.faults = Faults()
        #: Method and time of every call, by the monotonic clock.
        self.calls: list[tuple[str, float]] = []
        #: Id of each message sent or changed, in the order of the changes.
        self.changes: list[int] = []
        self.port = 0
        self._token = token
        self._on_shown = on_shown
        self._poller: asyncio.Event | None = None
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None

    async def start(self, port: int = 0) -> Self:
        """Listen on 127.0.0.1."""
        app = web.Application(client_max_size=20_000_000)
        app.router.add_post("/bot{token}/{method}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        self.port = port
        await self.come_back()
        return self

    async def stop(self) -> None:
        """End everything."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def go_away(self) -> None:
        """Refuse connections from now on, as an unreachable Telegram does."""
        assert self._site is not None
        await self._site.stop()

    async def come_back(self) -> None:
        """Listen on the same port again."""
        assert self._runner is not None
        self._site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await self._site.start()
        self.port = self._runner.addresses[-1][1]

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        """Return what TELEGRAM_API_URL must be."""
        return f"http://127.0.0.1:{self.port}/"

    def shown(self, chat: int = CHAT) -> list[Message]:
        """Return the bot's messages in ``chat``, oldest first."""
        return [each for each in self.chats.messages.values() if each.chat_id == chat]

    def last(self, chat: int = CHAT) -> Message:
        """Return the bot's newest message in ``chat``."""
        return self.shown(chat)[-1]

    def times_of(self, *methods: str) -> list[float]:
        """Return when the calls of ``methods`` came."""
        return [at for method, at in self.calls if method in methods]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        self.calls.append((method, time.monotonic()))
        fault = self.faults.strike(method)
        if fault is not None and fault.kind in (Kind.DROP, Kind.HANG, Kind.ERROR):
            return await self._fail(request, fault)
        if request.match_info["token"].replace("%3A", ":") != self._token:
            return _error(401, "Unauthorized")
        given, files = await _read(request)
        try:
            result = await self._carry_out(method, given, files)
        except Refused as refusal:
            return _error(refusal.code, refusal.description)
        if fault is not None and fault.kind is Kind.SLOW:
            await asyncio.sleep(fault.seconds)
        if fault is not None and fault.kind is Kind.LOSE_ANSWER:
            return _cut(request)
        return web.json_response({"ok": True, "result": result})

    async def _fail(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.kind is Kind.ERROR:
            return _error(fault.code, fault.description, fault.retry_after)
        if fault.kind is Kind.HANG:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(fault.seconds)
        return _cut(request)

    async def _carry_out(
        self, method: str, given: dict[str, Any], files: dict[str, bytes]
    ) -> object:
        chats = self.chats
        match method:
            case "getMe":
                return _ME
            case "getUpdates":
                return await self._updates(given)
            case "sendMessage":
                return self._note(chats.send(given))
            case "sendPhoto":
                return self._note(chats.send(given, next(iter(files.values()))))
            case "editMessageText":
                return self._note(chats.edit(given, str(given.get("text", ""))))
            case "editMessageMedia":
                caption = str(given["media"].get("caption", ""))
                return self._note(chats.edit(given, caption, next(iter(files.values()))))
            case "answerCallbackQuery":
                chats.answer_query(str(given["callback_query_id"]), str(given.get("text", "")))
                return True
            case "setMyCommands":
                chats.commands = given["commands"]
                return True
            case _:
                raise Refused(404, "Not Found: method not found")

    async def _updates(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        offset, limit = int(given.get("offset", 0)), int(given.get("limit", 100))
        if self._poller is not None:
            # As Telegram does: the one who came first is sent away.
            self._poller.set()
        sent_away = self._poller = asyncio.Event()
        deadline = time.monotonic() + float(given.get("timeout", 0))
        try:
            while not (found := self.chats.pending(offset, limit)):
                left = deadline - time.monotonic()
                if left <= 0:
                    return []
                self.chats.arrived.clear()
                await _first_of(self.chats.arrived, sent_away, left)
                if sent_away.is_set():
                    raise Refused(409, "Conflict: terminated by other getUpdates request")
            return found
        finally:
            if self._poller is sent_away:
                self._poller = None

    def _note(self, message: Message) -> dict[str, Any]:
        self.changes.append(message.message_id)
        if self._on_shown is not None:
            self._on_shown(message)
        return as_json(message)


async def _first_of(arrived: asyncio.Event, sent_away: asyncio.Event, seconds: float) -> None:
    waits = [asyncio.ensure_future(each.wait()) for each in (arrived, sent_away)]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()


async def _read(request: web.Request) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return parameters and files; nested parameters arrive as JSON in a form."""
    given: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    if request.content_type == "application/json":
        return await request.json(), files
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            files[name] = value.file.read()
        else:
            text = str(value)
            given[name] = json.loads(text) if text[:1] in ("{", "[") else text
    return given, files


def _error(code: int, description: str, retry_after: int | None = None) -> web.Response:
    answer: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    if retry_after is not None:
        answer["parameters"] = {"retry_after": retry_after}
    return web.json_response(answer, status=code)


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
