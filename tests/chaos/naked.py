"""For how long contracts were held without a stop that would sell them. Pure.

What was held is what the gateway filled; what was covered is what its stop orders could still
sell, by their history there. Moments at which the gateway could not be reached do not count: nobody
can place an order then.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec

#: From and until when, in seconds of one clock.
Span = tuple[float, float]


class Steps(msgspec.Struct):
    """A number that changes at certain moments and is 0 before the first of them."""

    at: list[float] = []
    value: list[int] = []

    def change(self, at: float, value: int) -> None:
        """Let it be ``value`` from ``at`` on; moments must come in order."""
        if self.at and at <= self.at[-1]:
            self.value[-1] = value
            return
        self.at.append(at)
        self.value.append(value)

    def __call__(self, at: float) -> int:
        found = bisect.bisect_right(self.at, at)
        return self.value[found - 1] if found else 0


def naked_spans(
    held: Steps, covered: Sequence[Steps], away: Sequence[Span], end: float
) -> list[Span]:
    """Return when more was held than covered, with the moments ``away`` cut out."""
    moments = {end, *held.at, *(at for steps in covered for at in steps.at)}
    moments |= {edge for span in away for edge in span}
    spans: list[Span] = []
    for begins, ends in pairwise(sorted(moment for moment in moments if moment <= end)):
        is_naked = held(begins) > sum(steps(begins) for steps in covered)
        if not is_naked or _is_away(begins, ends, away):
            continue
        if spans and spans[-1][1] == begins:
            spans[-1] = (spans[-1][0], ends)
        else:
            spans.append((begins, ends))
    return spans


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return the same moments as spans that do not touch, in order."""
    result: list[Span] = []
    for begins, ends in sorted(spans):
        if result and begins <= result[-1][1]:
            result[-1] = (result[-1][0], max(ends, result[-1][1]))
        else:
            result.append((begins, ends))
    return result


def _is_away(begins: float, ends: float, away: Sequence[Span]) -> bool:
    return any(first <= begins and ends <= last for first, last in away)
