"""When an outage is worth a word, and which. Pure: what is away, for how long, and what is held.

The ladder is the same for the gateway, Discord, the language model and our own processes; what it
says is not. While positions are open the first word comes early, because they may need a hand.
"""

from __future__ import annotations

import enum
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace


class Subject(enum.Enum):
    """Who can be away."""

    GATEWAY = "gateway"
    DISCORD = "Discord"
    MODEL = "language model"
    INGEST = "ingest"
    PARSER = "parser"
    BROKER = "broker"
    PAPER = "paper"
    COMMANDS = "commands"


class Rung(enum.Enum):
    """How bad it is."""

    QUIET = "quiet"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"
    SEVERE = "SEVERE"
    OUTAGE = "OUTAGE"


#: Age of an outage at which each rung is reached; the last one again every hour.
LADDER = (
    (timedelta(minutes=120), Rung.OUTAGE),
    (timedelta(minutes=60), Rung.SEVERE),
    (timedelta(minutes=17), Rung.CRITICAL),
    (timedelta(minutes=5), Rung.WARNING),
)
AGAIN_EVERY = timedelta(hours=1)
#: Age of the first word while positions are open.
EXPOSED_AFTER = timedelta(seconds=60)


class Outage(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody is away."""

    subject: Subject
    since: datetime
    reason: str
    #: The last rung that was told, and when.
    told: Rung = Rung.QUIET
    told_at: datetime | None = None


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody stands at a look."""

    subject: Subject
    is_up: bool
    #: Since when, as far as that is known better than by the look.
    since: datetime
    reason: str = ""
    #: Waiting does not help: a person has to mend something.
    needs_a_person: bool = False


class Alarm(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Say that an outage goes on."""

    outage: Outage
    rung: Rung
    #: Waiting does not help: a person has to mend something.
    needs_a_person: bool = False


class Recovered(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Say that an outage that was told is over."""

    outage: Outage
    ended_at: datetime


def look(
    outage: Outage | None, seen: Seen, now: datetime, *, exposed: bool
) -> tuple[Outage | None, Alarm | Recovered | None]:
    """Return the outage as it is after a look, and what to say of it.

    ``exposed`` says that positions are open.
    """
    if seen.is_up:
        if outage is None or outage.told is Rung.QUIET:
            return None, None
        return None, Recovered(outage=outage, ended_at=seen.since)
    if outage is None:
        outage = Outage(subject=seen.subject, since=seen.since, reason=seen.reason)
    elif seen.reason and seen.reason != outage.reason:
        outage = replace(outage, reason=seen.reason)
    rung = rung_of(now - outage.since, exposed=exposed, needs_a_person=seen.needs_a_person)
    if not _is_news(outage, rung, now):
        return outage, None
    outage = replace(outage, told=rung, told_at=now)
    return outage, Alarm(outage=outage, rung=rung, needs_a_person=seen.needs_a_person)


def rung_of(age: timedelta, *, exposed: bool, needs_a_person: bool = False) -> Rung:
    """Return how bad an outage of ``age`` is."""
    for after, rung in LADDER:
        if age >= after:
            return rung
    if needs_a_person:
        return Rung.CRITICAL
    return Rung.WARNING if exposed and age >= EXPOSED_AFTER else Rung.QUIET


def _is_news(outage: Outage, rung: Rung, now: datetime) -> bool:
    order = list(Rung)
    if order.index(rung) > order.index(outage.told):
        return True
    is_last = rung is Rung.OUTAGE and outage.told_at is not None
    return is_last and outage.told_at is not None and now - outage.told_at >= AGAIN_EVERY
