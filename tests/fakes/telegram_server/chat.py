"""The chats of the stand-in: what the bot wrote, what people write, what waits to be fetched."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.telegram_server.markup import MarkupInvalid, plain_text

TOKEN = "7000000001:stand-in-and-no-token-of-anybody"
CHAT = 880001
USER = 880001

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_CALLBACK_BYTES = 64


class Refused(Exception):
    """The Bot API's error answer."""

    def __init__(self, code: int, description: str) -> None:
        self.code = code
        self.description = description
        super().__init__(description)


@dataclass
class Message:
    """One message of the bot as a person sees it, with all that it ever said."""

    message_id: int
    chat_id: int
    html: str
    buttons: list[list[dict[str, Any]]]
    silent: bool
    sent_at: float
    reply_to: int | None = None
    photo: bytes | None = None
    #: Earlier texts, oldest first.
    earlier: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Return the text without its markup."""
        return plain_text(self.html)

    def labels(self) -> list[str]:
        """Return what stands on its buttons."""
        return [button["text"] for row in self.buttons for button in row]

    def data_of(self, label: str) -> str:
        """Return what the button that begins with ``label`` sends."""
        for row in self.buttons:
            for button in row:
                if button["text"].startswith(label):
                    return str(button["callback_data"])
        raise KeyError(label)


class Chats:
    """Everything that is kept between calls."""

    def __init__(self) -> None:
        self.messages: dict[int, Message] = {}
        self.answers: dict[str, str] = {}
        self.commands: list[dict[str, Any]] = []
        #: Updates that are not confirmed, and every one that there ever was.
        self.updates: list[dict[str, Any]] = []
        self.history: list[dict[str, Any]] = []
        #: Updates that are delivered once more, though they were confirmed.
        self.repeated: list[dict[str, Any]] = []
        self.arrived = asyncio.Event()
        self._next_update = 700_000_001
        self._next_message = 1
        self._queries: set[str] = set()

    def say(
        self,
        text: str,
        *,
        chat: int = CHAT,
        user: int = USER,
        age_seconds: float = 0.0,
    ) -> int:
        """Write ``text`` as a person and return the update's id."""
        length = len(text.split()[0]) if text.startswith("/") else 0
        entities = [{"type": "bot_command", "offset": 0, "length": length}] if length else []
        message = {
            "message_id": self._new_message_id(),
            "date": int(time.time() - age_seconds),
            "chat": _chat(chat),
            "from": _user(user),
            "text": text,
            "entities": entities,
        }
        return self._put({"message": message})

    def press(
        self, message: Message, label: str = "", *, data: str = "", user: int = USER, chat: int = 0
    ) -> int:
        """Press a button of ``message``, or one with other ``data``, and return the update's id."""
        query_id = f"q{self._next_update}"
        self._queries.add(query_id)
        shown = {
            "message_id": message.message_id,
            "date": int(message.sent_at),
            "chat": _chat(chat or message.chat_id),
            "from": {"id": 7, "is_bot": True, "first_name": "AutoScalper"},
            "text": message.text,
        }
        query = {
            "id": query_id,
            "from": _user(user),
            "chat_instance": "1",
            "message": shown,
            "data": data or message.data_of(label),
        }
        return self._put({"callback_query": query})

    def repeat(self, update_id: int) -> None:
        """Deliver an update once more, as Telegram does when it missed the confirmation."""
        self.repeated += [each for each in self.history if each["update_id"] == update_id]
        self.arrived.set()

    def pending(self, offset: int, limit: int) -> list[dict[str, Any]]:
        """Forget what is confirmed by ``offset`` and return what comes after."""
        if offset > 0:
            self.updates = [each for each in self.updates if each["update_id"] >= offset]
        repeated, self.repeated = self.repeated, []
        return (repeated + self.updates)[:limit]

    def send(self, given: dict[str, Any], photo: bytes | None = None) -> Message:
        """Take a new message of the bot."""
        html = str(given.get("caption" if photo else "text", ""))
        _check_text(html, MAX_CAPTION if photo else MAX_TEXT, may_be_empty=photo is not None)
        reply = given.get("reply_parameters") or {}
        message = Message(
            message_id=self._new_message_id(),
            chat_id=int(given["chat_id"]),
            html=html,
            buttons=_buttons(given),
            silent=str(given.get("disable_notification", "")).lower() == "true",
            sent_at=time.time(),
            reply_to=reply.get("message_id"),
            photo=photo,
        )
        self.messages[message.message_id] = message
        return message

    def edit(self, given: dict[str, Any], html: str, photo: bytes | None = None) -> Message:
        """Replace what a message says."""
        message = self.messages.get(int(given["message_id"]))
        if message is None or message.chat_id != int(given["chat_id"]):
            raise Refused(400, "Bad Request: message to edit not found")
        _check_text(html, MAX_CAPTION if photo else MAX_TEXT, may_be_empty=photo is not None)
        buttons = _buttons(given)
        if (html, buttons) == (message.html, message.buttons) and photo == message.photo:
            raise Refused(400, "Bad Request: message is not modified")
        message.earlier.append(message.html)
        message.html, message.buttons = html, buttons
        message.photo = photo or message.photo
        return message

    def answer_query(self, query_id: str, text: str) -> None:
        """Take the answer to a pressed button."""
        if query_id not in self._queries:
            raise Refused(400, "Bad Request: query is too old and response timeout expired")
        self.answers[query_id] = text

    def _new_message_id(self) -> int:
        self._next_message += 1
        return self._next_message

    def _put(self, content: dict[str, Any]) -> int:
        update_id = self._next_update
        self._next_update += 1
        update = {"update_id": update_id, **content}
        self.history.append(update)
        self.updates.append(update)
        self.arrived.set()
        return update_id


def as_json(message: Message) -> dict[str, Any]:
    """Return ``message`` as the Bot API describes it."""
    shown: dict[str, Any] = {
        "message_id": message.message_id,
        "date": int(message.sent_at),
        "chat": _chat(message.chat_id),
        "from": {"id": 7, "is_bot": True, "first_name": "AutoScalper"},
    }
    if message.photo is None:
        return shown | {"text": message.text}
    size = {"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}
    return shown | {"photo": [size], "caption": message.text}


def _check_text(html: str, most: int, *, may_be_empty: bool) -> None:
    try:
        text = plain_text(html)
    except MarkupInvalid as error:
        raise Refused(400, f"Bad Request: can't parse entities: {error}") from error
    if not text.strip() and not may_be_empty:
        raise Refused(400, "Bad Request: message text is empty")
    if len(text) > most:
        raise Refused(400, "Bad Request: message is too long")


def _buttons(given: dict[str, Any]) -> list[list[dict[str, Any]]]:
    rows: list[list[dict[str, Any]]] = (given.get("reply_markup") or {}).get("inline_keyboard", [])
    for row in rows:
        for button in row:
            if not 1 <= len(str(button.get("callback_data", "")).encode()) <= MAX_CALLBACK_BYTES:
                raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
    return rows


def _chat(chat_id: int) -> dict[str, Any]:
    return {"id": chat_id, "type": "private" if chat_id > 0 else "group", "title": "chat"}


def _user(user_id: int) -> dict[str, Any]:
    return {"id": user_id, "is_bot": False, "first_name": f"User{user_id}"}
