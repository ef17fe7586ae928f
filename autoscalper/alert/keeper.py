"""Keeps what comes from the senders: on the shelf, in its trade's story, and for the chat."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from autoscalper.alert.shelf import Shelf
from autoscalper.alert.stories import Stories, Story
from autoscalper.links import any_to_alert
from autoscalper.runtime import crashpoints
from autoscalper.runtime.follower import Follower
from autoscalper.runtime.store import Store


class Teller(Protocol):
    """Whoever tells the user of what is new."""

    def tell(self, notice: any_to_alert.Message, story: Story | None, number: int) -> None:
        """Tell of a new notice inside the caller's transaction."""


class Keeper:
    """Takes notices, each with its place in the sender's log in one transaction."""

    def __init__(self, store: Store, shelf: Shelf, stories: Stories) -> None:
        """Keep in ``store``."""
        self._store = store
        self._shelf = shelf
        self._stories = stories
        #: None: there is no chat to tell it in.
        self.news: Teller | None = None

    def following(self, follower: Follower[any_to_alert.Message]) -> Callable[[], Awaitable[None]]:
        """Return a task that keeps what comes from one sender."""

        async def keep_notices() -> None:
            async for batch in follower.batches():
                with self._store.transaction():
                    for entry in batch:
                        self.keep(entry.message)
                    follower.keep(batch)
                    crashpoints.reach("alert-before-commit")
                crashpoints.reach("alert-after-commit")

        return keep_notices

    def keep(self, notice: any_to_alert.Message) -> None:
        """Keep ``notice`` inside the caller's transaction, unless it was kept before."""
        if not self._shelf.take(notice):
            return
        story = self._stories.take(notice)
        if self.news is not None:
            number = (
                self._shelf.number_of(notice.post_id)
                if isinstance(notice, any_to_alert.OutcomeDecided)
                else 0
            )
            self.news.tell(notice, story, number)
