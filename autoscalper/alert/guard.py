"""Who is obeyed. Pure: every update passes here before anything else looks at it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from autoscalper.alert.chat import Incoming, Pressed
from autoscalper.links.alert_to_broker import MAX_AGE

#: Seconds between two words on strangers, however many they are.
_STRANGERS_EVERY = timedelta(minutes=10)
#: How far ahead of ours Telegram's clock may be.
_AHEAD = timedelta(seconds=60)


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing may come of an update."""

    cause: Literal["foreign chat", "foreign user", "too old"]
    age: timedelta = timedelta()


class Guard:
    """Admits the configured users in the configured chat, while what they say is fresh."""

    def __init__(self, chat_id: int, user_ids: frozenset[int]) -> None:
        """Admit ``user_ids`` in ``chat_id``; no ids: everybody in that chat."""
        self._chat_id = chat_id
        self._user_ids = user_ids

    def check(self, incoming: Incoming, now: datetime) -> Refused | None:
        """Return why ``incoming`` is refused, None if it is admitted.

        ``now`` is the time of the real world, as Telegram's is. A press has no time of its own:
        what a button does must expire by itself.
        """
        if incoming.chat_id != self._chat_id:
            return Refused(cause="foreign chat")
        if self._user_ids and incoming.user_id not in self._user_ids:
            return Refused(cause="foreign user")
        if isinstance(incoming, Pressed):
            return None
        age = now - incoming.said_at
        return None if -_AHEAD <= age <= MAX_AGE else Refused(cause="too old", age=age)


class Strangers:
    """Counts who was sent away, so that the user hears of it without drowning in it."""

    def __init__(self) -> None:
        self._untold = 0
        self._told_at: datetime | None = None

    def note(self, incoming: Incoming, now: datetime) -> str | None:
        """Return what to tell the user about ``incoming`` now, None if it can wait."""
        self._untold += 1
        if self._told_at is not None and now - self._told_at < _STRANGERS_EVERY:
            return None
        count, self._untold, self._told_at = self._untold, 0, now
        others = f" and {count - 1} more since the last time" if count > 1 else ""
        return (
            f"Not obeyed: user {incoming.user_id} in chat {incoming.chat_id}{others}."
            " Nothing was done."
        )
