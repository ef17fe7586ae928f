"""scripts/bootstrap in a copy of the tree, with a python that only says what it was asked."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

#: Answers like an interpreter, writes down what it was asked, and fails where a file says so.
FAKE_PYTHON = """#!/bin/sh
echo "$*" >>"{calls}"
case "$*" in
    *version_info\\ *) [ ! -e "{failures}/old" ] ;;
    *version_info*) echo 3.11 ;;
    *ensurepip*) [ ! -e "{failures}/no-venv" ] ;;
    *"-m venv"*) rm -rf .venv && mkdir -p .venv/bin .venv/site && cp "$0" .venv/bin/python ;;
    *"pip install"*)
        echo "Collecting ib-async==2.1.0"
        [ ! -e "{failures}/no-package" ] || {{ echo "ERROR: no ib-async"; exit 1; }} ;;
    *purelib*) echo .venv/site ;;
esac
"""


class Clone:
    """A copy of what bootstrap needs, in a directory with a space in its name."""

    def __init__(self, directory: Path) -> None:
        self.root = directory / "a clone"
        self.calls = directory / "calls"
        self.failures = directory / "failures"
        self.failures.mkdir()
        for name in ("scripts", "requirements"):
            shutil.copytree(ROOT / name, self.root / name)
        self.python = directory / "python"
        self.python.write_text(FAKE_PYTHON.format(calls=self.calls, failures=self.failures))
        self.python.chmod(0o755)

    def bootstrap(self, *arguments: str, python: str = "") -> subprocess.CompletedProcess[str]:
        self.calls.write_text("")
        return subprocess.run(
            [str(self.root / "scripts" / "bootstrap"), *arguments],
            env={"PATH": os.environ["PATH"], "PYTHON": python or str(self.python)},
            capture_output=True,
            text=True,
            check=False,
        )

    def fails(self, failure: str) -> subprocess.CompletedProcess[str]:
        (self.failures / failure).touch()
        done = self.bootstrap()
        (self.failures / failure).unlink()
        return done

    def installed(self) -> list[str]:
        calls = self.calls.read_text().splitlines()
        return [call.split("requirements/")[1] for call in calls if "pip install" in call]


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def test_the_first_time_it_makes_the_environment_and_the_command(clone: Clone) -> None:
    done = clone.bootstrap()
    assert done.returncode == 0, done.stderr
    assert clone.installed() == ["run.txt"]
    assert "making" in done.stderr
    assert (clone.root / ".venv" / "site" / "autoscalper.pth").read_text() == f"{clone.root}\n"
    assert os.access(clone.root / ".venv" / "bin" / "autoscalper", os.X_OK)


def test_the_second_time_it_does_and_says_nothing(clone: Clone) -> None:
    clone.bootstrap()
    done = clone.bootstrap()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert clone.calls.read_text() == ""


def test_what_developing_needs_is_added_and_serves_running_too(clone: Clone) -> None:
    clone.bootstrap()
    clone.bootstrap("dev")
    assert clone.installed() == ["dev.txt"]
    assert "-m venv" not in clone.calls.read_text()
    clone.bootstrap("run")
    assert clone.calls.read_text() == ""


def test_a_changed_lock_makes_it_anew(clone: Clone) -> None:
    clone.bootstrap()
    with (clone.root / "requirements" / "run.txt").open("a") as lock:
        lock.write("more==1\n")
    clone.bootstrap()
    assert "-m venv" in clone.calls.read_text()
    assert clone.installed() == ["run.txt"]


def test_a_clone_that_was_moved_makes_it_anew(clone: Clone) -> None:
    clone.bootstrap()
    clone.root = clone.root.rename(clone.root.with_name("moved"))
    clone.bootstrap()
    assert clone.installed() == ["run.txt"]


def test_packages_that_cannot_be_had_are_named_and_tried_again(clone: Clone) -> None:
    done = clone.fails("no-package")
    assert done.returncode == 2
    assert "ERROR: no ib-async" in done.stderr
    assert clone.bootstrap().returncode == 0
    assert clone.installed() == ["run.txt"]


@pytest.mark.parametrize(
    ("failure", "told"),
    [("old", "Python 3.11 or newer is needed"), ("no-venv", "sudo apt install python3-venv")],
)
def test_what_is_missing_on_the_machine_is_said(clone: Clone, failure: str, told: str) -> None:
    done = clone.fails(failure)
    assert done.returncode == 2
    assert told in done.stderr
    assert not (clone.root / ".venv").exists()


def test_a_machine_without_python_is_told_so(clone: Clone) -> None:
    done = clone.bootstrap(python="/missing/python3")
    assert done.returncode == 2
    assert "sudo apt install python3 python3-venv" in done.stderr


def test_a_level_that_does_not_exist_is_refused(clone: Clone) -> None:
    done = clone.bootstrap("everything")
    assert (done.returncode, done.stderr) == (2, "bootstrap: say run or dev, not everything\n")
