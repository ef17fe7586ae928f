from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from autoscalper.runtime.clock import ShiftedClock, SystemClock, open_clock
from autoscalper.runtime.errors import CannotStart

A_TRADING_DAY = datetime(2026, 3, 18, 14, 0, tzinfo=UTC)
#: What may pass between two lines of a test on a busy machine.
MOMENT = timedelta(seconds=10)


def test_the_machines_time_is_aware_and_in_utc() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)


def test_durations_only_rise() -> None:
    clock = SystemClock()
    assert clock.monotonic() <= clock.monotonic()


def test_without_a_file_the_clock_is_the_machines() -> None:
    assert isinstance(open_clock(None), SystemClock)


def test_a_shift_that_nobody_moved_is_zero(tmp_path: Path) -> None:
    clock = open_clock(tmp_path / "clock")
    assert abs(clock.now() - SystemClock().now()) < MOMENT


def test_a_moved_clock_goes_on_from_where_it_was_moved_to(tmp_path: Path) -> None:
    clock = ShiftedClock(tmp_path / "clock")
    clock.move_to(A_TRADING_DAY)
    first, second = clock.now(), clock.now()
    assert A_TRADING_DAY <= first < second < A_TRADING_DAY + MOMENT


def test_moving_the_clock_does_not_move_durations(tmp_path: Path) -> None:
    clock = ShiftedClock(tmp_path / "clock")
    before = clock.monotonic()
    clock.move_to(A_TRADING_DAY)
    assert clock.monotonic() - before < MOMENT.total_seconds()


def test_another_process_sees_the_move_at_once(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    ours = ShiftedClock(path)
    script = (
        "import sys; from pathlib import Path; from autoscalper.runtime.clock import ShiftedClock\n"
        "clock = ShiftedClock(Path(sys.argv[1]))\n"
        "for _ in sys.stdin: print(clock.now().isoformat(), flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for day in range(3):
            moment = A_TRADING_DAY + timedelta(days=day)
            ours.move_to(moment)
            process.stdin.write("now?\n")
            process.stdin.flush()
            theirs = datetime.fromisoformat(process.stdout.readline().strip())
            assert timedelta(0) <= theirs - moment < MOMENT


@pytest.mark.parametrize("content", [b"", b"\0"])
def test_a_file_that_holds_no_shift_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "clock"
    path.write_bytes(content)
    with pytest.raises(CannotStart, match="CLOCK_FILE"):
        ShiftedClock(path)


def test_a_file_in_a_directory_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="CLOCK_FILE"):
        ShiftedClock(tmp_path / "missing" / "clock")
