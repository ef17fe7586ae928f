"""``python -m tests.fakes.telegram_server [--port N]``: a Telegram to try things with.

Prints its address, then every message as it appears or changes. A line on standard input that
begins with ``/`` is sent as the user's; one that begins with ``!`` presses the button of that name
on the newest message that has it.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from tests.fakes.telegram_server.chat import TOKEN, USER, Message
from tests.fakes.telegram_server.server import TelegramServer


def write(line: str) -> None:
    """Print ``line`` now."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def show(message: Message) -> None:
    """Print ``message`` as a person sees it."""
    changed = " (edited)" if message.earlier else ""
    picture = " [picture]" if message.photo else ""
    write(f"--- {message.message_id}{changed}{picture}")
    write(message.text)
    if message.labels():
        write("   ".join(f"[ {label} ]" for label in message.labels()))


def take(server: TelegramServer, line: str) -> None:
    """Do what a line says."""
    if not line.startswith("!"):
        server.chats.say(line)
        return
    label = line[1:].strip()
    for message in reversed(server.shown()):
        if any(each.startswith(label) for each in message.labels()):
            server.chats.press(message, label)
            return
    write(f"no button {label!r}")


async def main(port: int) -> None:
    """Serve until standard input ends."""
    server = await TelegramServer(on_shown=show).start(port)
    try:
        write(
            f"TELEGRAM_ENABLED=true TELEGRAM_API_URL={server.url} TELEGRAM_BOT_TOKEN={TOKEN}"
            f" TELEGRAM_CHAT_ID={USER}"
        )
        while line := await asyncio.to_thread(sys.stdin.readline):
            if line.strip():
                take(server, line.strip())
    finally:
        await server.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(main(parser.parse_args().port))
