"""What the stand-in's servers, channels and messages are, and how they look on the wire."""

from __future__ import annotations

import bisect
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

#: Milliseconds between 1970 and the first moment of Discord's ids.
_EPOCH_MILLISECONDS = 1420070400000
#: Every permission that reading needs, and more; the number that the client computes with.
_ALL_PERMISSIONS = "1071698660929"

#: The account that reads.
ME = {"id": "900000000000000001", "username": "reader", "discriminator": "0", "avatar": None}


def now() -> datetime:
    """Return the machine's time."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Author:
    """Who writes: a user, a bot or a webhook."""

    id: str
    name: str
    bot: bool = False
    webhook: bool = False

    def payload(self) -> dict[str, Any]:
        """Return the author as messages carry it."""
        who: dict[str, Any] = {
            "id": self.id,
            "username": self.name,
            "discriminator": "0",
            "avatar": None,
        }
        return who | {"bot": True} if self.bot or self.webhook else who


TRADER = Author("700000000000000007", "trader")


@dataclass
class ChatMessage:
    """One message as it stands now."""

    id: str
    channel_id: str
    author: Author
    text: str
    written_at: datetime
    edited_at: datetime | None = None
    embeds: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    reply_to: ChatMessage | None = None
    forwarded: dict[str, Any] | None = None
    more: dict[str, Any] = field(default_factory=dict)

    def payload(self) -> dict[str, Any]:
        """Return the message as MESSAGE_CREATE and the history carry it."""
        payload: dict[str, Any] = {
            "id": self.id,
            "channel_id": self.channel_id,
            "author": self.author.payload(),
            "content": self.text,
            "timestamp": self.written_at.isoformat(),
            "edited_timestamp": self.edited_at.isoformat() if self.edited_at else None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": self.attachments,
            "embeds": self.embeds,
            "pinned": False,
            "type": 0,
        }
        if self.author.webhook:
            payload["webhook_id"] = self.author.id
        if self.reply_to is not None:
            payload |= {
                "type": 19,
                "message_reference": {
                    "type": 0,
                    "channel_id": self.reply_to.channel_id,
                    "message_id": self.reply_to.id,
                },
                "referenced_message": self.reply_to.payload(),
            }
        if self.forwarded is not None:
            payload |= {
                "message_reference": {"type": 1, "channel_id": "1", "message_id": "1"},
                "message_snapshots": [{"message": self.forwarded}],
            }
        return payload | self.more


@dataclass
class Guild:
    """One server with its channels. A large one sends messages only to who subscribed to it."""

    id: str
    name: str
    channel_ids: list[str]
    large: bool = False


class World:
    """Everything that was written, and by whom, whoever is listening."""

    def __init__(self, guilds: list[Guild], clock: Callable[[], datetime]) -> None:
        """Begin with ``guilds`` and nothing written; ``clock`` dates what gets no time."""
        self.guilds = guilds
        self._clock = clock
        self._last_id = 0
        self.messages: dict[str, ChatMessage] = {}
        self._ids: dict[str, list[int]] = {c: [] for guild in guilds for c in guild.channel_ids}

    def guild_of(self, channel_id: str) -> Guild:
        """Return the guild of a channel."""
        return next(guild for guild in self.guilds if channel_id in guild.channel_ids)

    def write(
        self, channel_id: str, text: str, *, author: Author, at: datetime | None, **more: Any
    ) -> ChatMessage:
        """Put a message into a channel's history, dated ``at`` or now."""
        written_at = at or self._clock()
        milliseconds = int(written_at.timestamp() * 1000) - _EPOCH_MILLISECONDS
        self._last_id = max(self._last_id + 1, milliseconds << 22)
        message = ChatMessage(
            str(self._last_id), channel_id, author, text, written_at=written_at, **more
        )
        self.messages[message.id] = message
        self._ids[channel_id].append(self._last_id)
        return message

    def edit(self, message_id: str, text: str, *, at: datetime | None) -> ChatMessage:
        """Change what a message says."""
        message = self.messages[message_id]
        message.text = text
        message.edited_at = at or self._clock()
        return message

    def delete(self, message_id: str) -> ChatMessage:
        """Take a message back."""
        message = self.messages.pop(message_id)
        self._ids[message.channel_id].remove(int(message_id))
        return message

    def forget(self, channel_id: str, *, keep: int) -> None:
        """Drop all but the newest ``keep`` messages, for runs that would fill the memory."""
        ids = self._ids[channel_id]
        for each in ids[:-keep]:
            del self.messages[str(each)]
        del ids[:-keep]

    def history(
        self, channel_id: str, *, limit: int, before: int | None, after: int | None
    ) -> list[dict[str, Any]]:
        """Return up to ``limit`` messages, newest first, as Discord's history does."""
        ids = self._ids[channel_id]
        if after is not None:
            start = bisect.bisect_right(ids, after)
            chosen = ids[start : start + limit]
        else:
            end = len(ids) if before is None else bisect.bisect_left(ids, before)
            chosen = ids[max(0, end - limit) : end]
        return [self.messages[str(each)].payload() for each in reversed(chosen)]

    def ready(self, session_id: str, gateway_url: str) -> dict[str, Any]:
        """Return what READY says."""
        return {
            "user": ME,
            "session_id": session_id,
            "resume_gateway_url": gateway_url,
            "guilds": [_guild_payload(guild) for guild in self.guilds],
            "merged_members": [[{"user_id": ME["id"], "roles": []}] for _ in self.guilds],
        }

    def ready_supplemental(self) -> dict[str, Any]:
        """Return what READY_SUPPLEMENTAL says."""
        return {
            "guilds": [{"id": guild.id} for guild in self.guilds],
            "merged_members": [[] for _ in self.guilds],
            "merged_presences": {"guilds": [[] for _ in self.guilds], "friends": []},
        }


def _guild_payload(guild: Guild) -> dict[str, Any]:
    channels = [
        {
            "id": channel_id,
            "type": 0,
            "name": f"room-{channel_id[-2:]}",
            "position": position,
            "permission_overwrites": [],
        }
        for position, channel_id in enumerate(guild.channel_ids)
    ]
    everyone = {
        "id": guild.id,
        "name": "@everyone",
        "permissions": _ALL_PERMISSIONS,
        "position": 0,
        "color": 0,
        "hoist": False,
        "managed": False,
        "mentionable": False,
    }
    return {
        "id": guild.id,
        "properties": {"id": guild.id, "name": guild.name, "owner_id": TRADER.id},
        "member_count": 90_000 if guild.large else 2,
        "large": guild.large,
        "channels": channels,
        "roles": [everyone],
    }
