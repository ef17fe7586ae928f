import json
from pathlib import Path

from autoscalper.watchdog.last_words import last_words


def write(log_dir: Path, *records: dict[str, str], half: str = "") -> None:
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (log_dir / "broker.jsonl").write_text(lines + half)


def record(number: int, **more: str) -> dict[str, str]:
    return {"level": "INFO", "message": f"line {number}", **more}


def test_the_last_lines_are_shown(tmp_path: Path) -> None:
    write(tmp_path, *(record(number) for number in range(9)))
    assert last_words(tmp_path, "broker").splitlines() == [
        "INFO line 6",
        "INFO line 7",
        "INFO line 8",
    ]


def test_of_a_traceback_the_end_is_shown(tmp_path: Path) -> None:
    trace = "\n".join(f"frame {number}" for number in range(30))
    write(tmp_path, record(1, trace=trace))
    lines = last_words(tmp_path, "broker").splitlines()
    assert lines[0] == "INFO line 1"
    assert lines[1:] == [f"frame {number}" for number in range(22, 30)]


def test_half_a_line_and_nonsense_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path, record(1), half='{"level": "ERR')
    assert last_words(tmp_path, "broker") == "INFO line 1"


def test_of_a_long_log_only_the_end_is_read(tmp_path: Path) -> None:
    write(tmp_path, *(record(number, message="x" * 500) for number in range(100)))
    assert len(last_words(tmp_path, "broker")) < 700


def test_without_a_log_there_are_no_words(tmp_path: Path) -> None:
    assert last_words(tmp_path, "broker") == ""
