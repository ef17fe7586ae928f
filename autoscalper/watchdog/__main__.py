"""``python -m autoscalper.watchdog``: started by supervisord as an event listener."""

from __future__ import annotations

import sys
from pathlib import Path

from autoscalper.domain.settings import BY_PROCESS, WatchdogSettings, contradictions
from autoscalper.runtime import config
from autoscalper.runtime.heartbeat import beating
from autoscalper.runtime.process import Process
from autoscalper.runtime.retention import forgetting
from autoscalper.runtime.service import run, serve
from autoscalper.watchdog.disks import Disks
from autoscalper.watchdog.last_words import last_words
from autoscalper.watchdog.listener import take_standard_output
from autoscalper.watchdog.telegram_voice import TelegramVoice
from autoscalper.watchdog.watch import Watch


async def main() -> None:
    """Watch the other processes until stopped."""
    answers = take_standard_output()
    settings = config.load(
        WatchdogSettings, known=BY_PROCESS.values(), contradictions=contradictions
    )
    process = Process("watchdog", settings)
    voice = TelegramVoice(settings)
    log_dir = Path(settings.log_dir)

    def tell(what: str, name: str) -> None:
        voice.say(what, last_words(log_dir, name) if name else "")

    disks = Disks({"data": Path(settings.data_dir), "logs": log_dir, "sockets": process.run_dir})
    watch = Watch(
        answers, process.run_dir, process.clock, settings.revive_after_seconds, disks, tell
    )
    await serve(
        watch.watch,
        voice.speak,
        forgetting(process),
        beating("watchdog", process.run_dir, process.clock, watch.details),
    )


if __name__ == "__main__":
    sys.exit(run(main))
