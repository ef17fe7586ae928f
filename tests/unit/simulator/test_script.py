from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from autoscalper.runtime.errors import CannotStart
from autoscalper.simulator.script import Script
from tests.unit.simulator.stand import WEDNESDAY

QUOTE = '"underlying": "SPY", "expiry": "2026-03-20", "strike": "685", "right": "C"'


def write(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "market.jsonl"
    path.write_text("\n".join(lines))
    return path


def test_quotes_come_when_their_time_has_come_and_once(tmp_path: Path) -> None:
    script = Script(
        write(
            tmp_path,
            f'{{"at": 0, {QUOTE}, "bid": "0.40", "ask": 0.41}}',
            "",
            f'{{"at": 1.5, {QUOTE}, "bid": "0.50"}}',
            f'{{"at": "2026-03-18T14:00:05Z", {QUOTE}, "bid": "0.60"}}',
        )
    )
    assert [each.ask for each in script.due(0.1, WEDNESDAY)] == [Decimal("0.41")]
    assert script.due(1.4, WEDNESDAY) == []
    later = script.due(2.0, WEDNESDAY + timedelta(seconds=5))
    assert [each.bid for each in later] == [Decimal("0.50"), Decimal("0.60")]
    assert script.due(99, WEDNESDAY + timedelta(days=1)) == []


@pytest.mark.parametrize(
    "line",
    ["no json", f"{{{QUOTE}}}", '{"at": 1}', f'{{"at": 1, {QUOTE}, "colour": 1}}'],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(CannotStart, match="line 2"):
        Script(write(tmp_path, "", line))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="cannot be read"):
        Script(tmp_path / "nothing.jsonl")
