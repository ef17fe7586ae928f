"""The chat with the user, whoever carries it: what is written there, what comes in, what fails."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import msgspec


class Button(msgspec.Struct, frozen=True, kw_only=True):
    """A button under a message, and what a press of it sends back."""

    label: str
    data: str


#: Rows of buttons.
Keyboard = tuple[tuple[Button, ...], ...]


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody wrote to the bot."""

    chat_id: int
    user_id: int
    message_id: int
    text: str
    #: By Telegram's clock.
    said_at: datetime


class Pressed(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody pressed a button."""

    chat_id: int
    user_id: int
    query_id: str
    #: The message that has the button.
    message_id: int
    data: str


Incoming = Said | Pressed


class ChatFailed(Exception):
    """A call did not succeed, and may succeed later; it may have been done all the same.

    Attributes:
        wait_seconds: how long the service wants not to be called, 0 if it did not say.
    """

    def __init__(self, reason: str, *, wait_seconds: float = 0.0) -> None:
        self.wait_seconds = wait_seconds
        super().__init__(reason)


class MessageGone(Exception):
    """The message to edit is not in the chat any more."""


class MessageRefused(Exception):
    """The service will never take this text as it is."""


class Chat(Protocol):
    """Where messages go. Texts are Telegram's HTML."""

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
            ChatFailed: it may succeed later.
            MessageRefused: this text is not taken.
        """

    async def edit(
        self, message_id: int, html: str, buttons: Keyboard = (), *, picture: bytes | None = None
    ) -> None:
        """Let a message say ``html``; nothing happens if it does already.

        Raises:
            ChatFailed: it may succeed later.
            MessageGone: there is no such message.
            MessageRefused: this text is not taken.
        """

    async def answer_press(self, query_id: str, text: str) -> None:
        """End the waiting mark on a pressed button, with a word for the one who pressed it.

        Raises:
            ChatFailed: it may succeed later.
            MessageRefused: the press is too old to be answered.
        """

    async def renew(self) -> None:
        """Write over fresh connections from now on."""
