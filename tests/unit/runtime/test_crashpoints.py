from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autoscalper.runtime import crashpoints

SCRIPT = """
import sys
from pathlib import Path
from autoscalper.runtime import crashpoints
if len(sys.argv) > 1:
    crashpoints.arm(Path(sys.argv[1]))
crashpoints.reach("before-commit")
print("lived", flush=True)
"""


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    crashpoints.arm(None)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments], capture_output=True, text=True, check=False
    )


def test_an_armed_point_kills_once(tmp_path: Path) -> None:
    (tmp_path / "before-commit").touch()
    first, second = run(str(tmp_path)), run(str(tmp_path))
    assert (first.returncode, first.stdout) == (-signal.SIGKILL, "")
    assert (second.returncode, second.stdout) == (0, "lived\n")


def test_another_point_is_passed(tmp_path: Path) -> None:
    (tmp_path / "after-commit").touch()
    assert run(str(tmp_path)).stdout == "lived\n"


def test_without_a_directory_nothing_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "before-commit").touch()
    assert run().stdout == "lived\n"
    crashpoints.arm(None)
    crashpoints.reach("before-commit")
    assert (tmp_path / "before-commit").exists()
