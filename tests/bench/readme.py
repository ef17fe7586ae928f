"""README's figures of the way from the alert to the order: a stored run, as Markdown.

``python -m tests.bench.readme RUN`` stores what ``scripts/bench --json`` printed and writes them
anew; without a run it writes those of the stored one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from tests.bench.figures import Run, Series

README = Path(__file__).parent.parent.parent / "README.md"
STORED = Path(__file__).parent / "stored_run.json"
_BEGIN = "<!-- figures: made by scripts/render-figures -->\n"
_END = "<!-- figures end -->\n"


def stored() -> Run:
    """Return the run that README tells of."""
    return msgspec.json.decode(STORED.read_bytes(), type=Run)


def rendered(readme: str, run: Run) -> str:
    """Return ``readme`` with the figures of ``run``."""
    before, _, rest = readme.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n" + "\n".join(_lines(run)) + f"\n\n{_END}{after}"


def _lines(run: Run) -> Iterator[str]:
    yield "| milliseconds | n | median | 99 % | worst | floor, median | times | 99 % times |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|"
    yield from map(_row, run.series)
    more = [(each.name, name, value) for each in run.series for name, value in each.more.items()]
    if more:
        yield from ("", "| beside that | |", "|---|--:|")
        yield from (f"| {series}: {name} | {value:g} |" for series, name, value in more)
    for title, figures in (
        ("MiB of memory", run.memory_mib),
        ("% of a core, while nothing happens", run.idle_cpu_percent),
    ):
        if figures:
            yield from ("", f"| {title} | |", "|---|--:|")
            yield from (f"| {name} | {value:.1f} |" for name, value in figures.items())
    for title, rows in run.tables.items():
        columns = list(dict.fromkeys(name for row in rows.values() for name in row))
        yield from ("", f"| {title} | {' | '.join(columns)} |", "|---|" + "--:|" * len(columns))
        for name, row in rows.items():
            cells = (f"{row[each]:.2f}" if each in row else "" for each in columns)
            yield f"| {name} | {' | '.join(cells)} |"


def _row(series: Series) -> str:
    order, floor = series.order, series.floor
    cells = [series.name, f"{order.n}", f"{order.p50:.2f}", f"{order.p99:.2f}", f"{order.max:.2f}"]
    if floor is None:
        cells += ["", "", ""]
    else:
        cells += [f"{floor.p50:.2f}", f"{series.ratio:.2f}", f"{series.ratio_p99:.2f}"]
    return f"| {' | '.join(cells)} |"


def main(arguments: Sequence[str]) -> None:
    """Store the run in the named file, if any, and write README's figures anew."""
    for name in arguments:
        run = msgspec.json.decode(Path(name).read_bytes(), type=Run)
        STORED.write_bytes(msgspec.json.format(msgspec.json.encode(run)) + b"\n")
    README.write_text(rendered(README.read_text(), stored()))


if __name__ == "__main__":
    main(sys.argv[1:])
