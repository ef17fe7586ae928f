import shutil
from collections import namedtuple
from datetime import timedelta
from pathlib import Path

import pytest

from autoscalper.cli.finding import Level
from autoscalper.cli.machine import check_clock, check_places, check_room
from tests.fakes.posts import NINE_FORTY_FIVE

Usage = namedtuple("Usage", ("total", "used", "free"))


def test_a_place_that_is_missing_is_told_with_what_to_do(tmp_path: Path) -> None:
    there, missing = check_places([("logs", tmp_path), ("data", tmp_path / "missing")])
    assert (there.level, missing.level) == (Level.OK, Level.FAILURE)
    assert "No such file" in missing.text
    assert "make it" in missing.text


@pytest.mark.parametrize(
    ("free", "level"),
    [(5e9, Level.OK), (0.9e9, Level.WARNING), (0.1e9, Level.FAILURE)],
)
def test_a_disk_is_told_before_it_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: float, level: Level
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(1e10, 0, free))
    (found,) = check_room(tmp_path)
    assert found.level is level


def test_a_directory_that_is_not_there_is_told_once_by_others(tmp_path: Path) -> None:
    assert check_room(tmp_path / "missing") == []


@pytest.mark.parametrize(
    ("seconds", "level"), [(1, Level.OK), (-5, Level.WARNING), (40, Level.FAILURE)]
)
def test_a_wrong_clock_is_told(seconds: int, level: Level) -> None:
    found = check_clock(NINE_FORTY_FIVE, NINE_FORTY_FIVE + timedelta(seconds=seconds))
    assert found.level is level
