"""The death of alert itself is told in Telegram, by the watchdog under a real supervisord."""

from __future__ import annotations

import configparser
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autoscalper.runtime import heartbeat
from tests.fakes.home import Home, a_home, until
from tests.fakes.telegram_server import CHAT, TOKEN, TelegramServer

ROOT = Path(__file__).parent.parent.parent


@contextmanager
def supervised_alert(home: Home, url: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the project's own configuration with alert and the watchdog only."""
    config = configparser.RawConfigParser(inline_comment_prefixes=(";",))
    config.read(ROOT / "supervisord.conf")
    for section in config.sections():
        if section.startswith("program:") and section != "program:alert":
            config.remove_section(section)
    path = home.run_dir / "supervisord.conf"
    with path.open("w") as file:
        config.write(file)
    environment = {
        **home.environment,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "TELEGRAM_ENABLED": "true",
        "TELEGRAM_API_URL": url,
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_CHAT_ID": str(CHAT),
    }
    with (home.log_dir / "supervisord.out").open("ab") as output:
        supervisord = subprocess.Popen(
            ["supervisord", "-n", "-c", str(path)], env=environment, stdout=output, stderr=output
        )
    try:
        yield supervisord
    finally:
        supervisord.send_signal(signal.SIGTERM)
        supervisord.wait()


async def test_the_death_of_alert_is_told_with_its_last_words() -> None:
    async with TelegramServer() as server:
        with a_home() as home, supervised_alert(home, server.url):
            await until(lambda: heartbeat.read(home.run_dir, "alert"), "alert to beat")
            await until(lambda: heartbeat.read(home.run_dir, "watchdog"), "the watchdog to beat")
            before = heartbeat.read(home.run_dir, "alert")
            assert before is not None
            # The watchdog must have seen it alive once.
            output = home.log_dir / "supervisord.out"
            await until(lambda: _looked(home), "a first look")
            os.kill(before.pid, signal.SIGKILL)
            await until(server.shown, "a message of the watchdog")
            text = server.last().text
            assert "WATCHDOG\nalert ended and was started again" in text
            assert "alert ready" in text
            assert TOKEN not in output.read_text()


def _looked(home: Home) -> bool:
    beat = heartbeat.read(home.run_dir, "watchdog")
    return beat is not None and beat.details.get("looks", "0") != "0"
