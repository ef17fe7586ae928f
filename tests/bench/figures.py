"""Arithmetic over measured times: quantiles, ratios, shares, and a comparison of two runs. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tests.bench.stamps import POINTS, Way

#: A stage whose share of the whole grew by this factor is pointed out, and one that is less than
#: this part of the whole is not.
GREW, SMALLEST_SHARE = 1.5, 0.03
#: By how much a ratio to the floor may be worse before it is.
WORSE = 1.15
#: Columns that a name takes in a table for people.
_NAME = 40


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds of many posts."""

    n: int
    p50: float
    p99: float
    max: float


class Series(msgspec.Struct, kw_only=True):
    """What was measured in one setting: a pace, a burst, a number of open trades."""

    name: str
    #: From the hand-over to the whole order at the gateway, unless the name says otherwise.
    order: Spread
    #: The whole order of the floor of the same minutes: a bracket beside entries, else one order.
    floor: Spread | None = None
    #: Median milliseconds from each point to the next, by the name of the later.
    stages: dict[str, float] = {}
    #: Further figures by name: of exits, of bursts.
    more: dict[str, float] = {}

    @property
    def ratio(self) -> float | None:
        """Median of the order by that of the floor."""
        return self.order.p50 / self.floor.p50 if self.floor else None

    @property
    def ratio_p99(self) -> float | None:
        """The same of the 99 % quantiles."""
        return self.order.p99 / self.floor.p99 if self.floor else None


class Run(msgspec.Struct, kw_only=True):
    """Everything that one call of the benchmark found."""

    series: list[Series] = []
    #: MiB by process, as the kernel shares it out (PSS), and their sum without the simulator.
    memory_mib: dict[str, float] = {}
    #: Per cent of one core by process while nothing happens, and their sum alike.
    idle_cpu_percent: dict[str, float] = {}
    #: Further tables by name: rows of figures by name.
    tables: dict[str, dict[str, dict[str, float]]] = {}


def spread(milliseconds: Sequence[float]) -> Spread:
    """Return the quantiles of ``milliseconds``, which are not empty."""
    ordered = sorted(milliseconds)
    last = len(ordered) - 1
    return Spread(
        n=len(ordered),
        p50=round(statistics.median(ordered), 3),
        p99=round(ordered[min(last, int(len(ordered) * 0.99))], 3),
        max=round(ordered[-1], 3),
    )


def between(ways: Sequence[Way], first: str, last: str) -> list[float]:
    """Return the milliseconds from ``first`` to ``last`` of the ways that passed both."""
    return [
        (way[last] - way[first]).total_seconds() * 1000
        for way in ways
        if first in way and last in way
    ]


def stages(ways: Sequence[Way]) -> dict[str, float]:
    """Return the median milliseconds up to each point from the one before it."""
    found = {}
    for before, after in zip(POINTS, POINTS[1:], strict=False):
        took = between(ways, before, after)
        if took:
            found[after] = round(statistics.median(took), 3)
    return found


def compared(now: Run, before: Run) -> list[str]:
    """Return what is worse in ``now`` than in ``before``, in words, compared by the floor."""
    known = {each.name: each for each in before.series}
    found: list[str] = []
    for series in now.series:
        if series.name in known:
            found += _compared(series, known[series.name])
    return found


def _compared(now: Series, before: Series) -> list[str]:
    found = []
    for name, ratio, earlier in (
        ("median", now.ratio, before.ratio),
        ("99 %", now.ratio_p99, before.ratio_p99),
    ):
        if ratio is not None and earlier is not None and ratio > earlier * WORSE:
            found.append(f"{now.name}: {name} was {earlier:.2f} x the floor, is {ratio:.2f}")
    shares, earlier_shares = _shares(now.stages), _shares(before.stages)
    for stage, share in shares.items() if earlier_shares else ():
        was = earlier_shares.get(stage, 0.0)
        if share >= SMALLEST_SHARE and share > was * GREW:
            found.append(f"{now.name}: the way to '{stage}' was {was:.0%} of it, is {share:.0%}")
    return found


def _shares(stages: Mapping[str, float]) -> dict[str, float]:
    whole = sum(stages.values())
    return {name: took / whole for name, took in stages.items()} if whole else {}


def lines(run: Run) -> list[str]:
    """Return ``run`` as lines for people."""
    head = (
        f"{'milliseconds':{_NAME}}{'n':>6}{'p50':>8}{'p99':>8}{'max':>8}{'floor p50':>11}{'p99':>8}"
        f"{'ratio':>8}{'p99':>6}"
    )
    found = [head] if run.series else []
    found += [_row(each) for each in run.series]
    found += _stage_lines(run.series)
    for series in run.series:
        for name, value in series.more.items():
            found.append(f"{series.name}: {name} {value:g}")
    for title, values in (
        ("memory, MiB", run.memory_mib),
        ("idle, % of a core", run.idle_cpu_percent),
    ):
        if values:
            found += ["", title, "  " + "  ".join(f"{name} {v:.1f}" for name, v in values.items())]
    for title, rows in run.tables.items():
        found += ["", title, *_table(rows)]
    return found


def _row(series: Series) -> str:
    order, floor = series.order, series.floor
    text = f"{series.name:{_NAME}}{order.n:6}{order.p50:8.2f}{order.p99:8.2f}{order.max:8.2f}"
    if floor is None or series.ratio is None or series.ratio_p99 is None:
        return text
    return text + f"{floor.p50:11.2f}{floor.p99:8.2f}{series.ratio:8.2f}{series.ratio_p99:6.2f}"


def _stage_lines(series: Sequence[Series]) -> list[str]:
    shown = [each for each in series if each.stages]
    if not shown:
        return []
    found = ["", f"{'median ms to':{_NAME}}" + " | ".join(each.name for each in shown)]
    for point in POINTS[1:]:
        cells = [f"{each.stages.get(point, 0.0):{len(each.name)}.2f}" for each in shown]
        found.append(f"  {point:{_NAME - 2}}" + " | ".join(cells))
    return found


def _table(rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    found = [f"  {'':24}" + "".join(f"{name:>16}" for name in columns)]
    for name, row in rows.items():
        cells = "".join(
            f"{row[column]:16.2f}" if column in row else f"{'':16}" for column in columns
        )
        found.append(f"  {name:24}{cells}")
    return found
