"""``python -m autoscalper.watchdog``: started by supervisord as an event listener."""

from __future__ import annotations

import sys
from pathlib import Path

from autoscalper.domain.settings import BY_PROCESS, WatchdogSettings, contradictions
from autoscalper.runtime import config, logs
from autoscalper.runtime.clock import open_clock
from autoscalper.runtime.heartbeat import beating
from autoscalper.runtime.service import run, serve
from autoscalper.watchdog.listener import take_standard_output
from autoscalper.watchdog.watch import Watch


async def main() -> None:
    """Watch the other processes until stopped."""
    answers = take_standard_output()
    settings = config.load(
        WatchdogSettings, known=BY_PROCESS.values(), contradictions=contradictions
    )
    clock = open_clock(Path(settings.clock_file) if settings.clock_file else None)
    logs.set_up(
        "watchdog", level=settings.log_level.value, log_dir=Path(settings.log_dir), clock=clock
    )
    run_dir = Path(settings.run_dir)
    watch = Watch(answers, run_dir, clock, settings.revive_after_seconds)
    await serve(watch.watch, beating("watchdog", run_dir, clock, dict))


if __name__ == "__main__":
    sys.exit(run(main))
