"""Lets a program of parser's read posts: the command itself may know no process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import msgspec

_MODULE = "autoscalper.parser.workbench"


class WorkbenchFailed(Exception):
    """The posts could not be read; the message says why."""


def ask(request: Mapping[str, object]) -> Any:
    """Return the reply to ``request``; the environment is ours.

    Raises:
        WorkbenchFailed: it was not understood, or the settings will not do.
    """
    done = subprocess.run(
        [sys.executable, "-m", _MODULE],
        input=msgspec.json.encode(request),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise WorkbenchFailed(said[-1] if said else f"{_MODULE} ended with {done.returncode}")
    return msgspec.json.decode(done.stdout)
