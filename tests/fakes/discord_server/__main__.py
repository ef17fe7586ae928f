"""Run the stand-in as a process: ``python -m tests.fakes.discord_server --ready-file FILE``.

When it listens, ``--ready-file`` holds a JSON object with what the environment of ingest must be
(``DISCORD_API_URL``, ``DISCORD_GATEWAY_URL``, ``DISCORD_USER_TOKEN``, ``DISCORD_CHANNEL_IDS``) and
``control_url``.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
from pathlib import Path

import msgspec

from tests.fakes.discord_server.server import CHANNELS, DiscordServer


async def serve(arguments: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    server = DiscordServer(
        channels=tuple(arguments.channels.split(",")),
        heartbeat_seconds=arguments.heartbeat_seconds,
    )
    await server.start(arguments.port, control_port=arguments.control_port)
    ready = {**server.environment, "control_url": server.control_url}
    # Whoever waits for the file must never read half of it.
    fresh = arguments.ready_file.with_suffix(".fresh")
    fresh.write_bytes(msgspec.json.encode(ready))
    fresh.replace(arguments.ready_file)
    await stop.wait()
    await server.stop()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.discord_server")
    parser.add_argument("--ready-file", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--control-port", type=int, default=0)
    parser.add_argument("--channels", default=",".join(CHANNELS))
    parser.add_argument("--heartbeat-seconds", type=float, default=41.25)
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
