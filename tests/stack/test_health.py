import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

HEALTH = Path(__file__).parent.parent.parent / "docker" / "health"
PROCESSES = ("alert", "broker", "parser", "ingest", "watchdog")


def beat(
    run_dir: Path, process: str, *, age: float = 0, details: dict[str, str] | None = None
) -> None:
    text = json.dumps({"monotonic": time.monotonic() - age, "details": details or {}})
    (run_dir / f"{process}.heartbeat").write_text(text)


def all_beat(run_dir: Path) -> None:
    for process in PROCESSES:
        beat(run_dir, process)


def look(run_dir: Path, *, dry_run: str = "false") -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-IS", HEALTH],
        env={"RUN_DIR": str(run_dir), "DRY_RUN": dry_run},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.strip()


def test_all_processes_beating_is_healthy(tmp_path: Path) -> None:
    all_beat(tmp_path)
    assert look(tmp_path) == (0, "healthy")


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_that_hangs_is_unwell_within_ten_seconds(tmp_path: Path, process: str) -> None:
    all_beat(tmp_path)
    beat(tmp_path, process, age=10)
    assert look(tmp_path) == (1, f"{process} is silent for 10 s")


def test_a_process_that_never_beat_is_unwell(tmp_path: Path) -> None:
    all_beat(tmp_path)
    (tmp_path / "parser.heartbeat").unlink()
    assert look(tmp_path) == (1, "parser left no heartbeat")


def test_a_dry_run_needs_its_simulator(tmp_path: Path) -> None:
    all_beat(tmp_path)
    assert look(tmp_path, dry_run="true") == (1, "simulator left no heartbeat")


def test_a_gateway_that_is_away_is_told_and_is_no_reason_to_be_unwell(tmp_path: Path) -> None:
    all_beat(tmp_path)
    beat(tmp_path, "broker", details={"state": "down"})
    assert look(tmp_path) == (0, "healthy, degraded: broker is down")


def test_a_disk_that_fills_up_is_told_beside_the_gateway(tmp_path: Path) -> None:
    all_beat(tmp_path)
    beat(tmp_path, "watchdog", details={"disk": "scarce for data (0.9 GB left)"})
    degraded = "disk is scarce for data (0.9 GB left)"
    assert look(tmp_path) == (0, f"healthy, degraded: {degraded}")
    beat(tmp_path, "broker", details={"state": "down"})
    assert look(tmp_path) == (0, f"healthy, degraded: broker is down, {degraded}")


def test_a_process_that_leaves_its_messages_unread_is_unwell_after_a_minute(tmp_path: Path) -> None:
    all_beat(tmp_path)
    beat(tmp_path, "broker", details={"state": "trading", "signals_behind": "3"})
    assert look(tmp_path) == (0, "healthy")
    a_minute_older(tmp_path)
    assert look(tmp_path) == (1, "broker has left 3 messages unread for 61 s")


def test_a_process_that_reads_on_is_well_however_much_there_is(tmp_path: Path) -> None:
    all_beat(tmp_path)
    beat(tmp_path, "parser", details={"waiting": "300"})
    look(tmp_path)
    a_minute_older(tmp_path)
    beat(tmp_path, "parser", details={"waiting": "290"})
    assert look(tmp_path) == (0, "healthy")


def a_minute_older(run_dir: Path) -> None:
    memory = run_dir / "health.json"
    known = json.loads(memory.read_text())
    for each in known.values():
        each["since"] -= 61
    memory.write_text(json.dumps(known))


@pytest.mark.parametrize("process", ["paper", "simulator"])
def test_what_is_on_paper_beside_real_orders_counts_once_it_ran(
    tmp_path: Path, process: str
) -> None:
    all_beat(tmp_path)
    beat(tmp_path, process)
    assert look(tmp_path) == (0, "healthy")
    beat(tmp_path, process, age=10)
    assert look(tmp_path) == (1, f"{process} is silent for 10 s")
