"""Named points at which a test can end a process at once, the way a power cut would.

Off unless ``CRASH_DIR`` names a directory, which only a dry run may do. A test arms a point by
making a file of that name in it; the process that reaches the point removes the file and dies.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

_armed_in: Path | None = None


def arm(directory: Path | None) -> None:
    """Look for armed points in ``directory``; None: nowhere."""
    global _armed_in
    _armed_in = directory


def reach(point: str) -> None:
    """Die here with SIGKILL if ``point`` is armed."""
    if _armed_in is None:
        return
    armed = _armed_in / point
    if armed.exists():
        armed.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
