from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from autoscalper.runtime import heartbeat
from autoscalper.runtime.clock import SystemClock
from autoscalper.runtime.errors import CannotStart, StorageFailed
from tests.fakes.home import until
from tests.unit.runtime.numbers import running


async def test_a_beating_process_says_who_it_is_and_what_it_does(tmp_path: Path) -> None:
    clock = SystemClock()
    before = clock.monotonic()
    beat = heartbeat.beating("ingest", tmp_path, clock, lambda: {"state": "listening"})
    async with running(_awaited(beat())):
        await until(lambda: heartbeat.read(tmp_path, "ingest"), "a heartbeat")
    found = heartbeat.read(tmp_path, "ingest")
    assert found is not None
    assert (found.process, found.pid) == ("ingest", os.getpid())
    assert found.details == {"state": "listening"}
    assert found.started_at <= found.beat_at <= datetime.now(UTC)
    assert before <= found.monotonic <= clock.monotonic()


async def test_it_beats_again_with_new_details(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "PERIOD_SECONDS", 0.01)
    beats = 0

    def details() -> Mapping[str, str]:
        nonlocal beats
        beats += 1
        return {"beats": str(beats)}

    async with running(_awaited(heartbeat.beating("a", tmp_path, SystemClock(), details)())):
        await until(lambda: beats >= 3, "three beats")
    found = heartbeat.read(tmp_path, "a")
    assert found is not None
    assert int(found.details["beats"]) >= 2


async def test_who_reads_while_it_beats_reads_one_whole_beat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "PERIOD_SECONDS", 0.01)
    path = heartbeat.path_of(tmp_path, "a")
    async with running(_awaited(heartbeat.beating("a", tmp_path, SystemClock(), dict)())):
        await until(path.exists, "a heartbeat")
        with path.open("rb") as opened:
            inode = os.fstat(opened.fileno()).st_ino
            await until(lambda: path.stat().st_ino != inode, "the next heartbeat")
            assert msgspec.json.decode(opened.read(), type=heartbeat.Heartbeat).process == "a"


def test_who_never_beat_has_no_heartbeat(tmp_path: Path) -> None:
    assert heartbeat.read(tmp_path, "ingest") is None


def test_a_heartbeat_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    heartbeat.path_of(tmp_path, "ingest").write_bytes(b'{"process": "ing')
    assert heartbeat.read(tmp_path, "ingest") is None


def test_a_run_directory_that_is_missing_is_said_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="create RUN_DIR"):
        heartbeat.beating("ingest", tmp_path / "missing", SystemClock(), dict)


async def test_a_disk_that_refuses_a_beat_ends_the_task(tmp_path: Path) -> None:
    beat = heartbeat.beating("ingest", tmp_path, SystemClock(), dict)
    # A directory in the way stands for whatever the disk may say.
    heartbeat.path_of(tmp_path, "ingest").mkdir()
    with pytest.raises(StorageFailed, match="mend the disk"):
        await asyncio.wait_for(_awaited(beat()), 20)


async def _awaited(beat: object) -> None:
    await beat  # type: ignore[misc]
