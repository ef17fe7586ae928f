"""Lets the product's crash points stop a process as well: a file ``<label>.stops`` arms one.

Python imports ``sitecustomize`` at its start, the first on PYTHONPATH; one that breaks the build
comes after this one and is run from here.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
from pathlib import Path
from typing import Any


def build_in() -> None:
    from autoscalper.runtime import crashpoints

    module: Any = crashpoints
    reach = crashpoints.reach

    def reach_or_stop(point: str) -> None:
        directory = module._armed_in
        if directory is not None:
            armed = directory / f"{point}.stops"
            if armed.exists():
                armed.unlink()
                os.kill(os.getpid(), signal.SIGSTOP)
        reach(point)

    module.reach = reach_or_stop


if any(each.startswith("autoscalper.") for each in sys.orig_argv):
    build_in()
for _entry in sys.path:
    _other = Path(_entry) / "sitecustomize.py"
    if _other.is_file() and "sabotage" in _other.parts:
        runpy.run_path(str(_other))
        break
