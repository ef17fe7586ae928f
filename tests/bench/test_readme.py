"""README's figures are those of the stored run."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.bench import readme
from tests.bench.figures import Run, Series, Spread

RUN = Run(
    series=[
        Series(
            name="20 ms",
            order=Spread(n=200, p50=3.0, p99=6.0, max=9.5),
            floor=Spread(n=200, p50=1.5, p99=4.0, max=5.0),
        ),
        Series(
            name="10 at once",
            order=Spread(n=10, p50=8.0, p99=9.0, max=9.0),
            more={"last order out, ms, worst": 21.5},
        ),
    ],
    memory_mib={"broker": 41.25, "in all": 200.04},
    tables={"so many open trades": {"1": {"p50": 2.0}, "10": {"p50": 2.5, "p99": 9.0}}},
)


def test_the_readme_has_the_figures_of_the_stored_run() -> None:
    written = readme.README.read_text()
    assert written == readme.rendered(written, readme.stored()), "run scripts/render-figures"


def test_a_run_becomes_tables() -> None:
    frame = f"above\n{readme._BEGIN}old\n{readme._END}below\n"
    written = readme.rendered(frame, RUN)
    assert written.startswith("above\n") and written.endswith("below\n")
    for line in (
        "| 20 ms | 200 | 3.00 | 6.00 | 9.50 | 1.50 | 2.00 | 1.50 |",
        "| 10 at once | 10 | 8.00 | 9.00 | 9.00 |  |  |  |",
        "| 10 at once: last order out, ms, worst | 21.5 |",
        "| broker | 41.2 |",
        "| so many open trades | p50 | p99 |",
        "| 1 | 2.00 |  |",
    ):
        assert line in written.splitlines()
    assert readme.rendered(written, RUN) == written


def test_a_run_that_is_named_is_stored_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("README", "STORED"):
        monkeypatch.setattr(readme, name, tmp_path / name)
    (tmp_path / "README").write_text(readme._BEGIN + readme._END)
    (tmp_path / "run.json").write_bytes(msgspec.json.encode(RUN))
    readme.main([str(tmp_path / "run.json")])
    assert readme.stored() == RUN
    assert "| 20 ms | 200 |" in (tmp_path / "README").read_text()
