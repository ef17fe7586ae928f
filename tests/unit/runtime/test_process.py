from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from autoscalper.domain.settings import Common, Secret
from autoscalper.runtime import crashpoints
from autoscalper.runtime.clock import ShiftedClock, SystemClock
from autoscalper.runtime.errors import AddressUnusable, CannotStart
from autoscalper.runtime.process import Process


class Settings(Common, frozen=True, kw_only=True):
    token: Secret = Secret("")


def settings_in(directory: Path) -> Settings:
    place = str(directory)
    return Settings(log_dir=place, data_dir=place, run_dir=place)


pytestmark = pytest.mark.usefixtures("root_logger_as_before")


def test_a_process_keeps_its_things_under_its_name(tmp_path: Path) -> None:
    process = Process("parser", settings_in(tmp_path))
    logging.getLogger("somewhere").info("hello")
    assert process.store_path == tmp_path / "parser.db"
    assert process.run_dir == tmp_path
    assert "hello" in (tmp_path / "parser.jsonl").read_text()


def test_its_log_holds_none_of_its_secrets(tmp_path: Path) -> None:
    Process("parser", msgspec.structs.replace(settings_in(tmp_path), token=Secret("s3cret")))
    logging.getLogger("somewhere").info("token=s3cret")
    assert "token=***" in (tmp_path / "parser.jsonl").read_text()


def test_its_clock_is_the_machines(tmp_path: Path) -> None:
    assert isinstance(Process("parser", settings_in(tmp_path)).clock, SystemClock)


def test_its_clock_may_be_shifted_by_a_file(tmp_path: Path) -> None:
    moment = datetime(2026, 3, 18, 14, tzinfo=UTC)
    ShiftedClock(tmp_path / "clock").move_to(moment)
    shifted = msgspec.structs.replace(settings_in(tmp_path), clock_file=str(tmp_path / "clock"))
    assert Process("parser", shifted).clock.now() - moment < timedelta(seconds=10)


def test_its_links_are_sockets_in_its_run_directory_or_elsewhere(tmp_path: Path) -> None:
    settings = msgspec.structs.replace(
        settings_in(tmp_path), link_addresses={"a_to_b": "tcp://127.0.0.1:7000"}
    )
    process = Process("parser", settings)
    assert process.address("a_to_b") == "tcp://127.0.0.1:7000"
    assert process.address("b_to_c") == f"ipc://{tmp_path}/b_to_c.ipc"
    with pytest.raises(AddressUnusable):
        process.address("x" * 200)


@pytest.mark.parametrize(("directory", "expected"), [("", None), ("/crash", Path("/crash"))])
def test_points_to_die_at_are_armed_only_if_a_directory_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, directory: str, expected: Path | None
) -> None:
    armed: list[Path | None] = []
    monkeypatch.setattr(crashpoints, "arm", armed.append)
    Process("parser", msgspec.structs.replace(settings_in(tmp_path), crash_dir=directory))
    assert armed == [expected]


def test_a_log_directory_that_is_missing_stops_the_start(tmp_path: Path) -> None:
    settings = msgspec.structs.replace(settings_in(tmp_path), log_dir=str(tmp_path / "missing"))
    with pytest.raises(CannotStart, match="LOG_DIR"):
        Process("parser", settings)
