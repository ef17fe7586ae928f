import re
import sys
import time

import pytest

from tests.stack.engine import Stack

pytestmark = pytest.mark.timeout(300)

#: Megabytes of the image over its base, mebibytes of memory, per cent of one core when idle.
MOST_IMAGE_MB = 250
MOST_MEMORY_MIB = 300
MOST_CPU_PERCENT = 2.0
IDLE_SECONDS = 30.0
#: Seconds after which a process is done with its start.
SETTLED_SECONDS = 10.0


def test_the_image_is_small(stack: Stack) -> None:
    sizes = [
        int(stack.docker("image", "inspect", "--format", "{{.Size}}", image))
        for image in ("autoscalper:test", "python:3.12-slim")
    ]
    over_base = (sizes[0] - sizes[1]) / 1e6
    sys.stdout.write(f"image over its base: {over_base:.0f} MB\n")
    assert over_base < MOST_IMAGE_MB


def test_it_needs_little_memory_and_hardly_any_processor_when_nothing_happens(
    stack: Stack,
) -> None:
    time.sleep(SETTLED_SECONDS)
    began, used = time.monotonic(), cpu_seconds(stack)
    time.sleep(IDLE_SECONDS)
    percent = (cpu_seconds(stack) - used) / (time.monotonic() - began) * 100
    mebibytes = memory_mib(stack)
    sys.stdout.write(f"idle: {percent:.2f} % of one core, {mebibytes:.0f} MiB\n")
    assert mebibytes < MOST_MEMORY_MIB
    assert percent < MOST_CPU_PERCENT


def cpu_seconds(stack: Stack) -> float:
    """Return what the bot's container has used, by control groups of either version."""
    version_1, version_2 = "/sys/fs/cgroup/cpuacct/cpuacct.usage", "/sys/fs/cgroup/cpu.stat"
    said = stack.inside("sh", "-c", f"cat {version_1} 2>/dev/null || cat {version_2}")
    microseconds = re.search(r"usage_usec (\d+)", said)
    return int(microseconds[1]) / 1e6 if microseconds else int(said) / 1e9


def memory_mib(stack: Stack) -> float:
    template = "{{.MemUsage}}"
    said = stack.docker(
        "stats", "--no-stream", "--format", template, stack.container("autoscalper")
    )
    found = re.match(r"([\d.]+)MiB", said)
    assert found is not None, said
    return float(found[1])
