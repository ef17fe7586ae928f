"""How outcomes look on a terminal and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from autoscalper.cli.table import one_line
from autoscalper.domain.exchange import EXCHANGE_ZONE
from autoscalper.domain.marker import PAPER
from autoscalper.links.any_to_alert import OutcomeDecided

#: Heads of the columns that ``row`` fills.
HEADER = ("time", "author", "post", "understood as", "outcome", "orders", "latency")


def row(decided: OutcomeDecided) -> tuple[str, ...]:
    """Return ``decided`` as the cells of one line, under ``HEADER``."""
    return (
        f"{decided.posted_at.astimezone(EXCHANGE_ZONE):%H:%M:%S}",
        decided.author_name,
        decided.text,
        decided.understood,
        f"{PAPER} {decided.outcome}" if decided.is_paper else str(decided.outcome),
        "; ".join(decided.orders),
        f"{latency_ms(decided):.1f} ms",
    )


def as_json(decided: OutcomeDecided) -> str:
    """Return ``decided`` as one line of JSON."""
    return msgspec.json.encode(decided).decode()


def facts_of(decided: OutcomeDecided, number: int) -> list[tuple[str, str]]:
    """Return what the outcome itself says of the alert called ``number``, each with its name."""
    return [
        ("alert", f"{number}, post {decided.post_id}"),
        *((("traded on", PAPER),) if decided.is_paper else ()),
        ("written", f"{_moment(decided.posted_at)} by {decided.author_name}"),
        ("in", decided.channel_name),
        ("text", one_line(decided.text)),
        ("heard", f"{_moment(decided.received_at)}"),
        ("understood", decided.understood),
        *(("order", order) for order in decided.orders),
        ("decided", f"{_moment(decided.decided_at)}, {latency_ms(decided):.1f} ms after hearing"),
        ("outcome", str(decided.outcome)),
    ]


def told_in_lines(facts: Iterable[tuple[str, str]]) -> str:
    """Return named facts, one to a line."""
    return "\n".join(f"{name:<11}{fact}" for name, fact in facts)


def latency_ms(decided: OutcomeDecided) -> float:
    """Return the time from hearing the post to its first order or, without one, to its outcome."""
    acted_at = decided.ordered_at or decided.decided_at
    return (acted_at - decided.received_at).total_seconds() * 1000


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(EXCHANGE_ZONE):%Y-%m-%d %H:%M:%S} New York"
