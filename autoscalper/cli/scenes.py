"""A file of posts as the demo plays it: lines with what shall happen around them. Pure.

Beside what ingest reads of a line, the demo reads:

``quotes``         quotes that the simulated market has before the post is put in
``spots``          prices that underlyings have from then on
``delay_seconds``  how long after being written the post is put in
``rests``          buy orders that shall rest at the gateway; the next line is played as soon as
                   they do, without waiting for this one's outcome
``expect``         ``kind`` of the right outcome, and ``detail``, a pattern found in its words
``holds``          contracts that the account shall hold in all, before the next line is played

A line without ``text``, ``deletes`` and ``edits`` only moves the market.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from autoscalper.domain.outcome import Outcome, OutcomeKind

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """A quote of one option, as the simulator's control socket takes it."""

    underlying: str
    expiry: str
    strike: str
    right: str
    bid: str
    ask: str


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """The right outcome of a line."""

    kind: OutcomeKind
    #: A regular expression that is found in the outcome's detail.
    detail: str = ""

    def is_met_by(self, outcome: Outcome) -> bool:
        """Return whether ``outcome`` is the right one."""
        return outcome.kind is self.kind and re.search(self.detail, outcome.detail) is not None

    def __str__(self) -> str:
        return f"{self.kind.value}: {self.detail}" if self.detail else self.kind.value


class _Line(msgspec.Struct, frozen=True):
    text: str | None = None
    edits: str | int | None = None
    deletes: str | int | None = None
    posted_at: _Moment | None = None
    ts: _Moment | None = None
    quotes: tuple[Quote, ...] = ()
    spots: dict[str, str] = {}
    delay_seconds: float = 0.0
    rests: int | None = None
    expect: Expected | None = None
    holds: int | None = None

    @property
    def written_at(self) -> datetime | None:
        return self.posted_at or self.ts


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """One line and what shall happen around it."""

    number: int
    line: str
    written_at: datetime
    quotes: tuple[Quote, ...] = ()
    #: By the symbols of underlyings.
    spots: dict[str, str] = {}
    delay_seconds: float = 0.0
    rests: int | None = None
    expected: Expected | None = None
    holds: int | None = None
    #: Whether there is a post in the line, and not only a move of the market.
    has_post: bool = True

    @property
    def played_at(self) -> datetime:
        """Return the time at which the line is put in."""
        return self.written_at + timedelta(seconds=self.delay_seconds)


def read_scenes(lines: Iterable[str], *, now: datetime) -> list[Scene]:
    """Return the scenes in ``lines`` in the order of their times.

    A line without a time that can be read is played right after the one above it, and what is
    wrong with it is ingest's to say. In a file without any time all is played ``now``.
    """
    numbered = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    read = [_read(line) for _, line in numbered]
    before = next((each.written_at for each in read if each.written_at is not None), now)
    scenes = []
    for (number, text), line in zip(numbered, read, strict=True):
        before = line.written_at or before
        scenes.append(_scene(number, text, line, before))
    return sorted(scenes, key=lambda each: each.written_at)


def _read(text: str) -> _Line:
    try:
        return msgspec.json.decode(text, type=_Line)
    except msgspec.DecodeError:
        # No post, but something for ingest to refuse by its number.
        return _Line(text="")


def _scene(number: int, text: str, line: _Line, written_at: datetime) -> Scene:
    return Scene(
        number=number,
        line=text,
        written_at=written_at,
        quotes=line.quotes,
        spots=line.spots,
        delay_seconds=line.delay_seconds,
        rests=line.rests,
        expected=line.expect,
        holds=line.holds,
        has_post=line.text is not None or line.deletes is not None,
    )
