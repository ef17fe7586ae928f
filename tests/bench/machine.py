"""What processes take of the machine, read from /proc."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def memory_mib(pids: Mapping[str, int]) -> dict[str, float]:
    """Return the proportional set size of each process in MiB: shared pages count once in all."""
    return {name: round(_pss_kib(pid) / 1024, 1) for name, pid in pids.items()}


def idle_percent(pids: Mapping[str, int], seconds: float) -> dict[str, float]:
    """Return what each process takes of one core, in per cent, over the next ``seconds``."""
    before = {name: _ticks(pid) for name, pid in pids.items()}
    time.sleep(seconds)
    spent = {name: _ticks(pid) - before[name] for name, pid in pids.items()}
    return {name: round(100 * each / _TICKS / seconds, 2) for name, each in spent.items()}


def _pss_kib(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise AssertionError(f"/proc/{pid}/smaps_rollup has no Pss")


def _ticks(pid: int) -> int:
    # The name of the process, in brackets, may hold spaces.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
