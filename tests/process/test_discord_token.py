"""The token of an account is in the environment and nowhere else, whatever goes wrong."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes.discord_server import DiscordServer
from tests.fakes.discord_server.rest import Trouble
from tests.fakes.home import Home, a_home, until

#: Ingest whose frames all fail with an error that names the token.
_INDISCREET = """
import runpy
from autoscalper.ingest import discord_client

async def fail(self, text):
    raise ValueError(f"cannot read with {self.http.token}")

discord_client._Connection.on_socket_raw_receive = fail
runpy.run_module("autoscalper.ingest", run_name="__main__")
"""


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(heartbeat_seconds=0.2) as started:
        yield started


@pytest.fixture
def home(server: DiscordServer) -> Iterator[Home]:
    with a_home() as home:
        home.environment |= server.environment | {"LOG_LEVEL": "DEBUG"}
        yield home


def nothing_wrong(server: DiscordServer) -> None:
    pass


def refused_by_rest(server: DiscordServer) -> None:
    server.refuse_token()


def refused_by_gateway(server: DiscordServer) -> None:
    server.refuse_token(rest=False)


def failing_rest(server: DiscordServer) -> None:
    server.rest.trouble = Trouble(500, times=1000)


def broken_ready(server: DiscordServer) -> None:
    server.gateway.broken_ready = True


def closing_at_once(server: DiscordServer) -> None:
    server.gateway.close_on_connect = 4000


def parts_of(token: str) -> list[bytes]:
    """Return the token, and the parts that would be as telling."""
    return [token.encode(), *(part.encode() for part in token.split(".") if len(part) > 8)]


def traces(home: Home, token: str) -> list[Path]:
    """Return the files in which the token can be found."""
    files = [path for path in home.run_dir.parent.rglob("*") if path.is_file()]
    return [path for path in files if any(part in path.read_bytes() for part in parts_of(token))]


def command_line(pid: int) -> bytes:
    """Return what ps shows of a process."""
    return Path(f"/proc/{pid}/cmdline").read_bytes()


@pytest.mark.parametrize(
    "trouble",
    [
        nothing_wrong,
        refused_by_rest,
        refused_by_gateway,
        failing_rest,
        broken_ready,
        closing_at_once,
    ],
)
async def test_the_token_is_in_no_file_no_output_and_no_command_line(
    server: DiscordServer, home: Home, trouble: Callable[[DiscordServer], None]
) -> None:
    trouble(server)
    child = await asyncio.to_thread(home.start, "ingest")
    await until(lambda: server.rest.asked.total() > 0, "the client to log in")
    await asyncio.sleep(1.0)
    shown = command_line(child.pid)
    child.terminate()
    _, complaint = await asyncio.to_thread(child.communicate, timeout=20)
    assert server.token not in complaint
    assert shown.startswith(sys.executable.encode())
    assert server.token.encode() not in shown
    assert "terms of service" in home.output("ingest")
    assert traces(home, server.token) == []


async def test_an_error_that_names_the_token_is_told_without_it(
    server: DiscordServer, home: Home
) -> None:
    child = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-X", "dev", "-c", _INDISCREET],
        env=home.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert child.returncode == 1
    assert "cannot read with ***" in child.stdout
    assert server.token not in child.stdout + child.stderr
    assert traces(home, server.token) == []


async def test_a_setting_that_is_refused_does_not_show_the_token(
    server: DiscordServer, home: Home
) -> None:
    code, complaint = await asyncio.to_thread(
        home.refused, "ingest", DISCORD_CHANNEL_IDS="", DISCORD_API_URL="https://elsewhere.test/"
    )
    assert code == 2
    assert "DISCORD_CHANNEL_IDS is empty" in complaint
    assert "DISCORD_API_URL is 'https://elsewhere.test/'" in complaint
    assert server.token not in complaint
