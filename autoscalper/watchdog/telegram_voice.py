"""The watchdog's own voice in Telegram, so that even the death of alert is told.

Writes only (``sendMessage`` of the Bot API), which does not disturb the one who polls. Many deaths
become few messages: what happens while a message waits goes out with the next one.
"""

from __future__ import annotations

import asyncio
import html
import http.client
import logging
import urllib.error
import urllib.request
from collections import deque

import msgspec

from autoscalper.domain.marker import marker_of
from autoscalper.domain.settings import WatchdogSettings
from autoscalper.runtime.backoff import waits

logger = logging.getLogger(__name__)

#: Seconds that Telegram may take.
TIMEOUT_SECONDS = 5.0
#: Least time between two messages, in seconds.
SECONDS_BETWEEN = 30.0
#: First and longest wait after a failure, in seconds.
FIRST_WAIT_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 60.0
#: Events that wait at most; of more the oldest are dropped and counted.
MOST_WAITING = 20
#: Telegram takes 4096 characters; the rest is room for the first and last line.
_MOST_CHARACTERS = 3900


class VoiceFailed(Exception):
    """Telegram did not take the message."""


class TelegramVoice:
    """Says what happened to processes, as soon and as often as is decent."""

    def __init__(
        self, settings: WatchdogSettings, *, seconds_between: float = SECONDS_BETWEEN
    ) -> None:
        """Say nothing unless Telegram is enabled in ``settings``."""
        base = settings.telegram_api_url or "https://api.telegram.org/"
        self._is_on = settings.telegram_enabled
        self._url = f"{base}bot{settings.telegram_bot_token.value}/sendMessage"
        self._chat_id = settings.telegram_chat_id
        # As alert's messages begin.
        marker = marker_of(settings)
        self._marker = f"<code>{marker}</code> " if marker else ""
        self._seconds_between = seconds_between
        self._waiting: deque[str] = deque()
        self._dropped = 0
        self._some = asyncio.Event()

    def say(self, what: str, last_lines: str = "") -> None:
        """Let it be known ``what`` happened, with the last lines that a process wrote."""
        if not self._is_on:
            return
        quoted = f"\n<pre>{html.escape(last_lines, quote=False)}</pre>" if last_lines else ""
        self._waiting.append(f"{html.escape(what, quote=False)}{quoted}")
        if len(self._waiting) > MOST_WAITING:
            self._waiting.popleft()
            self._dropped += 1
        self._some.set()

    async def speak(self) -> None:
        """Send what waits, for ever."""
        pauses = waits(FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS)
        while True:
            await self._some.wait()
            count, text = self._next()
            try:
                await asyncio.to_thread(self._send, text)
            except VoiceFailed as error:
                logger.warning("telegram not reached, trying again error=%s", error)
                await asyncio.sleep(next(pauses))
                continue
            self._forget(count)
            pauses = waits(FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS)
            await asyncio.sleep(self._seconds_between)

    def _next(self) -> tuple[int, str]:
        """Return as many events as one message holds, and its text."""
        lines = [f"{self._marker}<b>WATCHDOG</b>"]
        if self._dropped:
            lines.append(f"{self._dropped} earlier events are only in the log")
        room = _MOST_CHARACTERS - sum(map(len, lines))
        count = 0
        for event in self._waiting:
            if count and len(event) + 1 > room:
                break
            lines.append(event)
            room -= len(event) + 1
            count += 1
        return count, "\n".join(lines)

    def _forget(self, count: int) -> None:
        for _ in range(min(count, len(self._waiting))):
            self._waiting.popleft()
        self._dropped = 0
        if not self._waiting:
            self._some.clear()

    def _send(self, text: str) -> None:
        message = {"chat_id": self._chat_id, "text": text, "parse_mode": "HTML"}
        request = urllib.request.Request(
            self._url,
            data=msgspec.json.encode(message),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
                answer.read()
        except urllib.error.HTTPError as error:
            error.close()
            raise VoiceFailed(f"HTTP {error.code}") from None
        except (OSError, http.client.HTTPException) as error:
            # Without its cause: that holds the address, and the address holds the token.
            raise VoiceFailed(type(error).__name__) from None
