from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from autoscalper.runtime import logs
from autoscalper.runtime.clock import SystemClock
from autoscalper.runtime.errors import CannotStart
from tests.fakes.posts import FixedClock

#: A secret with everything in it that an encoder might change.
SECRET = 'to"k\\e\tn-é'


pytestmark = pytest.mark.usefixtures("root_logger_as_before")


def set_up(log_dir: Path, level: str = "INFO", *secrets: str) -> None:
    logs.set_up("broker", level=level, log_dir=log_dir, clock=FixedClock(), secrets=secrets)


def lines_of(log_dir: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (log_dir / "broker.jsonl").read_text().splitlines()]


def test_a_line_is_readable_on_standard_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(tmp_path)
    logging.getLogger("somewhere").info("order filled last_qty=%d", 1)
    assert (
        capsys.readouterr().out
        == "2026-03-18 13:45:00.000Z INFO    broker    order filled last_qty=1\n"
    )


def test_the_same_line_is_json_in_the_process_file(tmp_path: Path) -> None:
    set_up(tmp_path)
    logging.getLogger("somewhere").warning("order filled last_qty=%d", 1)
    assert lines_of(tmp_path) == [
        {
            "at": "2026-03-18T13:45:00Z",
            "level": "WARNING",
            "process": "broker",
            "logger": "somewhere",
            "message": "order filled last_qty=1",
        }
    ]


def test_a_traceback_is_in_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    set_up(tmp_path)
    try:
        raise ZeroDivisionError("here")
    except ZeroDivisionError:
        logging.getLogger("somewhere").exception("it broke")
    assert "ZeroDivisionError: here" in capsys.readouterr().out
    (line,) = lines_of(tmp_path)
    assert line["message"] == "it broke"
    assert line["trace"].endswith("ZeroDivisionError: here")


def test_what_is_below_the_level_is_left_out(tmp_path: Path) -> None:
    set_up(tmp_path, "WARNING")
    logging.getLogger("somewhere").info("chatter")
    assert lines_of(tmp_path) == []


def test_libraries_that_put_tokens_into_their_lines_are_kept_quiet(tmp_path: Path) -> None:
    set_up(tmp_path, "DEBUG")
    logging.getLogger("httpx").info("POST /bot123:token/getUpdates")
    logging.getLogger("httpx").warning("slow")
    assert [line["message"] for line in lines_of(tmp_path)] == ["slow"]


def test_a_secret_is_in_neither_whatever_it_is_made_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(tmp_path, "INFO", "", SECRET)
    log = logging.getLogger("somewhere")
    log.info("token=%s", SECRET)
    log.info("%s", {"json": SECRET}["json"])
    try:
        raise ValueError(f"bad token {SECRET}")
    except ValueError:
        log.exception("refused")
    shown = capsys.readouterr().out
    kept = "".join(line["message"] + line.get("trace", "") for line in lines_of(tmp_path))
    for text in (shown, kept, (tmp_path / "broker.jsonl").read_text()):
        assert SECRET not in text
        assert json.dumps(SECRET, ensure_ascii=False)[1:-1] not in text
        assert text.count("***") == 3


def test_a_secret_that_contains_another_leaves_nothing_of_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(tmp_path, "INFO", "abc", "abcdef")
    logging.getLogger("somewhere").info("abcdef")
    assert capsys.readouterr().out.endswith(" ***\n")


def test_a_file_that_grew_is_rotated_and_only_so_many_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "MAX_FILE_BYTES", 500)
    monkeypatch.setattr(logs, "KEPT_FILES", 2)
    set_up(tmp_path)
    for number in range(50):
        logging.getLogger("somewhere").info("line number=%d", number)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "broker.jsonl",
        "broker.jsonl.1",
        "broker.jsonl.2",
    ]
    assert all(path.stat().st_size <= 500 for path in tmp_path.iterdir())
    assert lines_of(tmp_path)[-1]["message"] == "line number=49"


def test_a_directory_that_is_missing_is_said_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="create LOG_DIR"):
        set_up(tmp_path / "missing")


def test_a_disk_that_refuses_a_line_does_not_stop_the_process(tmp_path: Path) -> None:
    script = (
        "import logging, resource, signal, sys; from pathlib import Path\n"
        "from autoscalper.runtime import logs; from autoscalper.runtime.clock import SystemClock\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))\n"
        "logs.set_up('a', level='INFO', log_dir=Path(sys.argv[1]), clock=SystemClock())\n"
        "for number in range(10): logging.info('line number=%d', number)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "line number=9" in done.stdout
    assert "line number=9" not in (tmp_path / "a.jsonl").read_text()


def test_the_clock_of_a_replay_dates_the_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.set_up("a", level="INFO", log_dir=tmp_path, clock=SystemClock())
    logging.getLogger("somewhere").info("now")
    assert capsys.readouterr().out.startswith(f"{SystemClock().now():%Y-%m-%d}")


NOW = datetime(2026, 3, 18, 13, 45, tzinfo=UTC)
MONTH = timedelta(days=30)


def rotated(log_dir: Path, number: int, *, age: timedelta) -> Path:
    path = log_dir / f"broker.jsonl.{number}"
    path.write_text("{}\n")
    written_at = (NOW - age).timestamp()
    os.utime(path, (written_at, written_at))
    return path


def test_files_whose_last_line_is_old_go_and_the_others_stay(tmp_path: Path) -> None:
    set_up(tmp_path)
    old = rotated(tmp_path, 2, age=timedelta(days=31))
    fresh = rotated(tmp_path, 1, age=timedelta(days=29))
    of_another = tmp_path / "parser.jsonl.2"
    shutil.copy2(old, of_another)
    logs.forget(tmp_path, "broker", MONTH, now=NOW, files_now=NOW)
    assert not old.exists()
    assert fresh.exists()
    assert of_another.exists()


def test_a_file_that_began_long_ago_is_put_aside(tmp_path: Path) -> None:
    set_up(tmp_path)
    logging.getLogger("somewhere").info("old")
    logs.forget(tmp_path, "broker", MONTH, now=NOW + MONTH, files_now=NOW)
    assert len(lines_of(tmp_path)) == 1
    logs.forget(tmp_path, "broker", MONTH, now=NOW + MONTH + timedelta(seconds=1), files_now=NOW)
    assert (tmp_path / "broker.jsonl.1").exists()
    logging.getLogger("somewhere").info("new")
    assert [line["message"] for line in lines_of(tmp_path)] == ["new"]


def test_a_file_without_a_line_is_left_alone(tmp_path: Path) -> None:
    set_up(tmp_path)
    logs.forget(tmp_path, "broker", MONTH, now=NOW + 2 * MONTH, files_now=NOW)
    assert not (tmp_path / "broker.jsonl.1").exists()
