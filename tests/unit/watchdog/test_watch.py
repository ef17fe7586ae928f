from __future__ import annotations

import io
import os
import shutil
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from autoscalper.runtime import heartbeat
from autoscalper.runtime.clock import SystemClock
from autoscalper.watchdog.disks import Disks
from autoscalper.watchdog.watch import Watch
from tests.unit.watchdog.conftest import FakeSupervisord

CLOCK = SystemClock()


def leave_heartbeat(run_dir: Path, process: str, *, pid: int, age: float) -> None:
    beat = heartbeat.Heartbeat(
        process=process,
        pid=pid,
        started_at=CLOCK.now(),
        beat_at=CLOCK.now(),
        monotonic=CLOCK.monotonic() - age,
    )
    heartbeat.path_of(run_dir, process).write_bytes(msgspec.json.encode(beat))


class Usage(NamedTuple):
    total: int
    used: int
    free: int


class Ticks:
    """A watch whose standard input is a pipe on which a test ticks."""

    def __init__(self, run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        ours, theirs = os.pipe()
        monkeypatch.setattr("sys.stdin", os.fdopen(ours, "rb"))
        self._ticks = os.fdopen(theirs, "wb")
        self.answers = io.BytesIO()
        self.told: list[tuple[str, str]] = []
        self.watch = Watch(self.answers, run_dir, CLOCK, 0, Disks({"data": run_dir}), self._tell)

    def _tell(self, what: str, process: str) -> None:
        self.told.append((what, process))

    async def look(self, times: int) -> None:
        for _ in range(times):
            self._ticks.write(b"eventname:TICK_5 len:0\n")
        self._ticks.close()
        await self.watch.watch()


@pytest.fixture
def ticks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ticks:
    return Ticks(tmp_path, monkeypatch)


async def test_a_process_that_gave_up_is_started(
    supervisord: FakeSupervisord, ticks: Ticks, caplog: pytest.LogCaptureFixture
) -> None:
    supervisord.runs("broker", state="FATAL", pid=0, up=0)
    await ticks.look(2)
    assert supervisord.told == [("start", "broker", False)]
    assert ticks.told == [("broker gave up; it is started again in 0 s", "broker")]
    assert ticks.watch.details() == {"looks": "2", "disk": "ample"}
    assert [record.getMessage() for record in caplog.records] == [
        "process gave up process=broker revived_in_seconds=0",
        "process revived process=broker revivals=1",
    ]


async def test_a_process_that_hangs_is_aborted_and_then_killed(
    supervisord: FakeSupervisord, ticks: Ticks, tmp_path: Path
) -> None:
    supervisord.runs("broker", pid=7)
    leave_heartbeat(tmp_path, "broker", pid=7, age=100)
    await ticks.look(3)
    assert supervisord.told == [("signal", "broker", "ABRT"), ("signal", "broker", "KILL")]
    assert [what for what, _ in ticks.told] == [
        "broker hangs: ended, and started again",
        "broker did not even abort: killed, and started again",
    ]


async def test_a_process_that_beats_is_left_alone(
    supervisord: FakeSupervisord, ticks: Ticks, tmp_path: Path
) -> None:
    supervisord.runs("broker", pid=7)
    leave_heartbeat(tmp_path, "broker", pid=7, age=1)
    await ticks.look(3)
    assert supervisord.told == []


async def test_the_heartbeat_of_an_earlier_life_says_nothing(
    supervisord: FakeSupervisord, ticks: Ticks, tmp_path: Path
) -> None:
    supervisord.runs("broker", pid=8, up=20)
    leave_heartbeat(tmp_path, "broker", pid=7, age=100)
    await ticks.look(3)
    assert supervisord.told == []


async def test_a_supervisord_that_refuses_or_is_gone_is_reported_and_asked_again(
    supervisord: FakeSupervisord, ticks: Ticks, caplog: pytest.LogCaptureFixture
) -> None:
    supervisord.runs("unknown", state="FATAL", pid=0)
    await ticks.look(4)
    warnings = [record.getMessage() for record in caplog.records if "refused" in record.message]
    assert len(warnings) == 2
    assert "process=unknown" in warnings[0]


async def test_without_supervisord_every_tick_is_still_answered(
    ticks: Ticks, caplog: pytest.LogCaptureFixture
) -> None:
    await ticks.look(2)
    assert ticks.answers.getvalue() == b"READY\nRESULT 2\nOK" * 2 + b"READY\n"
    assert caplog.text.count("processes unknown") == 2


async def test_a_disk_that_fills_is_told_though_supervisord_says_nothing(
    ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(100_000_000_000, 0, 900_000_000))
    await ticks.look(2)
    assert ticks.told == [("The disk for data fills up: 900.0 MB left. Free some soon.", "")]
    assert ticks.watch.details()["disk"] == "scarce for data (900.0 MB left)"
