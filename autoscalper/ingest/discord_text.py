"""A message with its embeds, reply and forward as one text, and as a post. Pure.

The author's own words come as they were written. What somebody else said, because the author
replies to it or forwards it, comes first, in lines that begin with ``> `` as in Discord's own
markup, so that a quoted alert is never taken for a new one.
"""

from __future__ import annotations

import re
from datetime import datetime

from autoscalper.domain.identity import AuthorId, ChannelId, MessageId
from autoscalper.domain.post import Post, Source
from autoscalper.ingest.discord_message import Author, ChatMessage, Embed, Snapshot

#: Types of messages in which somebody says something: default, reply, and answers of bots to a
#: command. The rest are Discord's own: joins, pins, boosts.
_SPOKEN_TYPES = frozenset({0, 19, 20, 23})
#: Type of a reference that is a reply; the other is a forward.
_REPLY = 0
#: Characters that are kept of a message that is replied to.
_QUOTED_LENGTH = 500

_MARKUP = re.compile(
    r"<(?:@!?(?P<user>\d+)|@&\d+(?P<role>)|#\d+(?P<channel>)|a?:(?P<emoji>\w+):\d+"
    r"|/(?P<command>[^:<>]{1,64}):\d+|t:-?\d+(?::\w)?)>"
)


def is_spoken(message: ChatMessage) -> bool:
    """Return whether somebody says something in ``message``, as opposed to Discord itself."""
    return message.author is not None and message.type in _SPOKEN_TYPES


def is_by(author: Author, monitored: frozenset[str]) -> bool:
    """Return whether ``author`` is one of ``monitored``, ids or lower-case names; empty: anyone."""
    names = {author.id, author.username.lower(), (author.global_name or "").lower()}
    return not monitored or bool(monitored & names)


def flatten(message: ChatMessage) -> str:
    """Return what ``message`` says as one text, line by line as Discord shows it."""
    parts = [
        *_reply(message),
        *(_quoted("forwarded", _forward(each)) for each in message.message_snapshots or ()),
        _own_words(message),
    ]
    return "\n".join(part for part in parts if part)


def post_of(
    message: ChatMessage, author: Author, *, channel_name: str, received_at: datetime
) -> Post:
    """Return ``message`` as first heard: dated when it was written, whatever was edited since."""
    attachments = [*(message.attachments or ())]
    for snapshot in message.message_snapshots or ():
        attachments += snapshot.message.attachments or ()
    return Post(
        message_id=MessageId(message.id),
        channel_id=ChannelId(message.channel_id),
        channel_name=channel_name,
        author_id=AuthorId(author.id),
        author_name=author.username,
        text=flatten(message),
        posted_at=message.timestamp or received_at,
        received_at=received_at,
        reply_to=_reply_to(message),
        attachments=tuple(each.url for each in attachments if each.url),
        source=Source.DISCORD,
    )


def _reply_to(message: ChatMessage) -> MessageId | None:
    reference = message.message_reference
    if reference is None or reference.message_id is None or (reference.type or _REPLY) != _REPLY:
        return None
    return MessageId(reference.message_id)


def _reply(message: ChatMessage) -> list[str]:
    original = message.referenced_message
    if original is None or original.author is None:
        return []
    return [_quoted(original.author.username, _own_words(original)[:_QUOTED_LENGTH])]


def _forward(snapshot: Snapshot) -> str:
    forwarded = snapshot.message
    return _lines([_plain(forwarded.content, ()), *map(_card, forwarded.embeds or ())])


def _quoted(who: str, text: str) -> str:
    return "\n".join(f"> {line}" for line in f"{who}: {text}".splitlines()) if text else ""


def _own_words(message: ChatMessage) -> str:
    cards = message.embeds or () if _writes_cards(message) else ()
    return _lines([_plain(message.content, message.mentions or ()), *map(_card, cards)])


def _writes_cards(message: ChatMessage) -> bool:
    # A user cannot write an embed: those on a user's message are what Discord made of links.
    return message.webhook_id is not None or bool(message.author and message.author.bot)


def _card(embed: Embed) -> str:
    if embed.type not in (None, "rich"):
        return ""
    fields = (_field(field.name or "", field.value or "") for field in embed.fields or ())
    footer = embed.footer.text if embed.footer else None
    return _lines([_plain(text, ()) for text in (embed.title, embed.description, *fields, footer)])


def _field(name: str, value: str) -> str:
    if not name.strip(" \u200b") or not value.strip(" \u200b"):
        return (name + value).strip(" \u200b")
    return f"{name.rstrip(' :')}:\n{value}" if "\n" in value else f"{name.rstrip(' :')}: {value}"


def _lines(parts: list[str]) -> str:
    return "\n".join(part for part in parts if part)


def _plain(text: str | None, mentions: tuple[Author, ...]) -> str:
    if not text or "<" not in text:
        return text or ""
    names = {each.id: each.username for each in mentions}

    def shown(markup: re.Match[str]) -> str:
        match markup.lastgroup:
            case "user":
                return f"@{names.get(markup['user'], 'user')}"
            case "role" | "channel":
                return "@role" if markup.lastgroup == "role" else "#channel"
            case "emoji":
                return f":{markup['emoji']}:"
            case "command":
                return f"/{markup['command']}"
            case _:
                # A time stamp, which Discord shows in the reader's zone: a number that says
                # nothing about the trade and could be taken for a price or a date.
                return ""

    return _MARKUP.sub(shown, text)
