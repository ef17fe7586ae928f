from __future__ import annotations

from pathlib import Path

from tests.chaos.labels import MOST_ARMED, Labels


class CrashDir:
    """Arms points in a directory, where the test plays the processes."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def arm(self, label: str, *, stops: bool = False) -> Path:
        armed = self._directory / (f"{label}.stops" if stops else label)
        armed.touch()
        return armed

    def pid(self, process: str) -> int:
        return 4711

    def armed(self) -> set[str]:
        return {path.name for path in self._directory.iterdir()}

    def reach(self, name: str) -> None:
        (self._directory / name).unlink()


def test_a_death_counts_where_it_was_planned_and_nowhere_else(tmp_path: Path) -> None:
    crash_dir = CrashDir(tmp_path)
    labels = Labels(crash_dir)
    labels.plan("broker-after-intent")
    labels.plan("broker-in-snapshot")
    labels.arm("broker")
    assert labels.reached() == []
    crash_dir.reach("broker-in-snapshot")
    assert [point.label for point in labels.reached()] == ["broker-in-snapshot"]
    assert dict(labels.fired) == {"broker-in-snapshot": 1}


def test_a_point_that_was_armed_in_vain_waits_for_its_next_chance(tmp_path: Path) -> None:
    crash_dir = CrashDir(tmp_path)
    labels = Labels(crash_dir)
    labels.plan("broker-after-intent")
    labels.arm("broker")
    labels.disarm("broker")
    assert crash_dir.armed() == set()
    assert labels.waiting
    assert labels.waiting_processes() == ["broker"]
    labels.arm("broker")
    crash_dir.reach("broker-after-intent")
    assert [point.label for point in labels.reached()] == ["broker-after-intent"]
    assert not labels.waiting


def test_what_is_reached_at_the_moment_of_disarming_counts(tmp_path: Path) -> None:
    crash_dir = CrashDir(tmp_path)
    labels = Labels(crash_dir)
    labels.plan("parser-after-commit")
    labels.arm("parser")
    crash_dir.reach("parser-after-commit")
    labels.disarm("parser")
    assert [point.label for point in labels.reached()] == ["parser-after-commit"]


def test_a_death_takes_the_other_points_of_its_process_away(tmp_path: Path) -> None:
    crash_dir = CrashDir(tmp_path)
    labels = Labels(crash_dir)
    for label in ("broker-a", "broker-b", "alert-c"):
        labels.plan(label)
    labels.arm("broker")
    labels.arm("alert")
    crash_dir.reach("broker-a")
    labels.reached()
    assert crash_dir.armed() == {"alert-c"}
    assert labels.waiting_processes() == ["broker"]


def test_one_label_is_armed_once_at_a_time_and_few_for_one_process(tmp_path: Path) -> None:
    crash_dir = CrashDir(tmp_path)
    labels = Labels(crash_dir)
    names = [f"broker-{number}" for number in range(MOST_ARMED + 1)]
    for label in (names[0], *names):
        labels.plan(label)
    labels.arm("broker")
    assert crash_dir.armed() == set(names[:MOST_ARMED])
    assert labels.waiting_processes() == []


def test_a_standstill_is_no_death(tmp_path: Path) -> None:
    crash_dir = CrashDir(tmp_path)
    labels = Labels(crash_dir)
    labels.plan("broker-a", freeze_seconds=0.5)
    labels.plan("broker-b")
    labels.arm("broker")
    crash_dir.reach("broker-a.stops")
    (stopped,) = labels.reached()
    assert (stopped.freeze_seconds, stopped.pid) == (0.5, 4711)
    assert not labels.fired
    assert dict(labels.stood_still) == {"broker-a": 1}
    assert crash_dir.armed() == {"broker-b"}


def test_what_is_given_up_is_missed_and_never_fired(tmp_path: Path) -> None:
    crash_dir = CrashDir(tmp_path)
    labels = Labels(crash_dir)
    labels.plan("broker-a")
    labels.plan("alert-b")
    labels.plan("alert-c", freeze_seconds=1.0)
    labels.arm("broker")
    assert sorted(labels.give_up()) == ["alert", "broker"]
    assert dict(labels.missed) == {"broker-a": 1, "alert-b": 1}
    assert not labels.fired
    assert not labels.waiting
    assert crash_dir.armed() == set()
