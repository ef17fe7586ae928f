from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from autoscalper.watchdog import disks as disks_module
from autoscalper.watchdog.disks import Disks

GB = 1_000_000_000


class Usage(NamedTuple):
    total: int
    used: int
    free: int


class Filling:
    """A disk of 100 GB that a test fills."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.free = 50 * GB
        monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(100 * GB, 0, self.free))

    def look(self, disks: Disks, free: int) -> list[str]:
        self.free = free
        return list(disks.look())


@pytest.fixture
def filling(monkeypatch: pytest.MonkeyPatch) -> Filling:
    return Filling(monkeypatch)


def test_a_disk_that_fills_is_told_once_again_when_worse_and_when_it_is_over(
    filling: Filling, tmp_path: Path
) -> None:
    disks = Disks({"data": tmp_path})
    assert filling.look(disks, 50 * GB) == []
    assert disks.in_words() == "ample"
    (scarce,) = filling.look(disks, GB // 2)
    assert scarce == "The disk for data fills up: 500.0 MB left. Free some soon."
    assert disks.in_words() == "scarce for data (500.0 MB left)"
    assert filling.look(disks, GB // 3) == []
    (critical,) = filling.look(disks, GB // 10)
    assert critical.startswith("The disk for data is nearly full: 100.0 MB left.")
    assert filling.look(disks, GB // 20) == []
    # Somewhat better is not worth a word.
    assert filling.look(disks, GB // 2) == []
    assert filling.look(disks, 9 * GB) == ["The disk for data has room again: 9.0 GB left."]
    assert filling.look(disks, 50 * GB) == []


def test_a_disk_that_is_full_at_once_is_told_as_that(filling: Filling, tmp_path: Path) -> None:
    (critical,) = filling.look(Disks({"data": tmp_path}), 0)
    assert "nearly full" in critical


def test_what_lies_on_one_disk_is_told_together(filling: Filling, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (scarce,) = filling.look(Disks({"data": tmp_path, "logs": tmp_path / "logs"}), GB // 2)
    assert scarce.startswith("The disk for data and logs fills up")


def test_each_disk_is_told_for_itself(
    filling: Filling, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = iter((1, 2))
    monkeypatch.setattr(disks_module, "_disk_of", lambda path: next(numbers))
    disks = Disks({"data": tmp_path, "logs": tmp_path})
    assert len(filling.look(disks, GB // 2)) == 2
    assert disks.in_words() == "scarce for data (500.0 MB left), scarce for logs (500.0 MB left)"


def test_a_disk_that_cannot_be_seen_says_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "data").mkdir()
    disks = Disks({"data": tmp_path / "data"})
    (tmp_path / "data").rmdir()
    assert list(disks.look()) == []
    assert "disk unknown" in caplog.text


def test_a_place_that_is_missing_is_nobody_s_disk(tmp_path: Path) -> None:
    assert list(Disks({"data": tmp_path / "missing"}).look()) == []
