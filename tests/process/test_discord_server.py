"""The stand-in for Discord as a process of its own, as a demo runs it."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.fakes.discord_listener import Listening, quick
from tests.fakes.home import wait_until

CHANNELS = "101,102"


class Stand:
    """The stand-in's process, commanded through its control port."""

    def __init__(self, directory: Path) -> None:
        ready = directory / "discord.json"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.discord_server", "--ready-file", str(ready)]
            + ["--channels", CHANNELS, "--heartbeat-seconds", "0.2"]
        )
        wait_until(ready.exists, "the stand-in to listen")
        self.environment = msgspec.json.decode(ready.read_bytes(), type=dict[str, str])
        self._control_url = self.environment.pop("control_url")

    async def do(self, name: str, **given: Any) -> dict[str, Any]:
        """Give one command and return its answer."""
        body = msgspec.json.encode({"do": name, **given})
        return await asyncio.to_thread(self._post, body)

    def _post(self, body: bytes) -> dict[str, Any]:
        with urllib.request.urlopen(self._control_url, data=body, timeout=10) as answer:
            return msgspec.json.decode(answer.read(), type=dict[str, Any])


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    stand = Stand(tmp_path)
    yield stand
    stand.process.kill()
    stand.process.wait()


async def heard(listening: Listening, *story: str) -> None:
    await listening.until(lambda: listening.story() == list(story))


async def test_a_day_can_be_played_through_it_at_its_own_times(
    stand: Stand, tmp_path: Path
) -> None:
    async with Listening(stand.environment, tmp_path) as listening:
        first = await stand.do(
            "post",
            text="BTO 2 IWM 210c @ 0.80",
            channel="102",
            author={"id": "501", "name": "Rae"},
            at="2026-03-18T09:45:00-04:00",
        )
        await stand.do(
            "post",
            text="out half @ 1.00",
            channel="102",
            at="2026-03-18T09:50:00-04:00",
            reply_to=first["id"],
        )
        await stand.do("edit", id=first["id"], text="BTO 2 IWM 211c @ 0.80")
        await stand.do("delete", id=first["id"])
        await heard(
            listening,
            "BTO 2 IWM 210c @ 0.80",
            "> Rae: BTO 2 IWM 210c @ 0.80\nout half @ 1.00",
            "edit: BTO 2 IWM 211c @ 0.80",
            "deleted",
        )
        assert (await stand.do("state"))["received"]["2"] == 1


async def test_it_can_be_broken_from_outside(stand: Stand, tmp_path: Path) -> None:
    async with Listening(stand.environment, tmp_path) as listening:
        await stand.do("forget_sessions")
        await stand.do("trouble", status=500, times=1)
        await stand.do("drop", code=4000)
        await stand.do("post", text="in the gap")
        await heard(listening, "in the gap")
        await stand.do("go_away")
        await stand.do("post", text="while it was gone")
        await stand.do("come_back")
        await heard(listening, "in the gap", "while it was gone")


async def test_a_server_that_stops_moving_is_noticed_and_found_again(
    stand: Stand, tmp_path: Path
) -> None:
    async with Listening(stand.environment, tmp_path, patience=quick(silence_seconds=1.0)) as it:
        stand.process.send_signal(signal.SIGSTOP)
        await it.until(lambda: it.client.details()["discord"] != "connected")
        stand.process.send_signal(signal.SIGCONT)
        await stand.do("post", text="after the sleep")
        await heard(it, "after the sleep")


async def test_a_command_that_it_does_not_know_is_refused(stand: Stand) -> None:
    with pytest.raises(urllib.error.HTTPError) as raised:
        await stand.do("dance")
    assert raised.value.code == 400
    raised.value.close()


def test_it_ends_cleanly_when_told(stand: Stand) -> None:
    stand.process.terminate()
    assert stand.process.wait(10) == 0
