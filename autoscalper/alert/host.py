"""How the machine is: processor, memory, disk. Linux, as the container is."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec

_MEMORY = Path("/proc/meminfo")


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """The machine at one moment."""

    #: Processes that want a processor, averaged over a minute, for each processor there is.
    load: float
    #: Bytes.
    memory_total: int
    memory_available: int
    disk_total: int
    disk_free: int


def look(data_dir: Path) -> Host:
    """Return how the machine is, and the disk that holds ``data_dir``."""
    memory = _memory()
    disk = shutil.disk_usage(data_dir)
    return Host(
        load=os.getloadavg()[0] / (os.cpu_count() or 1),
        memory_total=memory.get("MemTotal", 0),
        memory_available=memory.get("MemAvailable", 0),
        disk_total=disk.total,
        disk_free=disk.free,
    )


def _memory() -> dict[str, int]:
    """Return the sizes in /proc/meminfo (proc(5)), in bytes."""
    sizes = {}
    for line in _MEMORY.read_text().splitlines():
        name, _, size = line.partition(":")
        fields = size.split()
        if fields and fields[0].isdigit():
            sizes[name] = int(fields[0]) * 1024
    return sizes
