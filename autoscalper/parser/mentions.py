"""Which underlyings a post names that is no signal, and how often that is told. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from autoscalper.domain.exchange import exchange_day
from autoscalper.domain.post import Post
from autoscalper.links.parser_to_broker import TickerMentioned
from autoscalper.parser.grammar import underlyings_in

#: An underlying is told of once in so long, however often it is named.
SPAN = timedelta(minutes=5)


def mentions_in(post: Post) -> list[tuple[str, TickerMentioned]]:
    """Return what to tell of a post, each with its key: the same for the same minutes."""
    day = exchange_day(post.posted_at)
    began = _span_of(post.posted_at).isoformat()
    return [
        (
            f"mention {underlying} {began}",
            TickerMentioned(underlying=underlying, mentioned_at=post.posted_at),
        )
        for underlying in underlyings_in(post.text, posted_on=day)
    ]


def _span_of(moment: datetime) -> datetime:
    return moment - (moment - datetime.min.replace(tzinfo=moment.tzinfo)) % SPAN
