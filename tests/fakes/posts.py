"""Posts and what came of them, for tests that need some."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from autoscalper.domain.identity import AuthorId, ChannelId, MessageId
from autoscalper.domain.outcome import Outcome, OutcomeKind
from autoscalper.domain.post import Post
from autoscalper.links.any_to_alert import OutcomeDecided, outcome_decided

#: A Wednesday, 09:45 in New York.
NINE_FORTY_FIVE = datetime(2026, 3, 18, 13, 45, tzinfo=UTC)


class FixedClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = NINE_FORTY_FIVE) -> None:
        self.present = now

    def now(self) -> datetime:
        return self.present

    def monotonic(self) -> float:
        return self.present.timestamp()


def a_post(text: str = "BTO IWM 210c 0.88", *, message_id: str = "101", **fields: Any) -> Post:
    """Return a post; ``fields`` replace what it says of author, channel and times."""
    given: dict[str, Any] = {
        "message_id": MessageId(message_id),
        "channel_id": ChannelId("7"),
        "channel_name": "iwm-room",
        "author_id": AuthorId("8"),
        "author_name": "Dana",
        "text": text,
        "posted_at": NINE_FORTY_FIVE,
        "received_at": NINE_FORTY_FIVE,
    }
    return Post(**(given | fields))


def an_outcome(
    kind: OutcomeKind = OutcomeKind.IGNORED, detail: str = "a greeting", **fields: Any
) -> OutcomeDecided:
    """Return the outcome of ``a_post()``; ``fields`` replace the rest of what it says."""
    post = a_post("morning all")
    decided = outcome_decided(
        post,
        Outcome(kind=kind, detail=detail),
        understood="nothing to do",
        decided_at=post.received_at + timedelta(milliseconds=4),
    )
    return replace(decided, **fields)
