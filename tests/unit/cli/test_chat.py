"""The stand-in for Telegram, as the demo uses it."""

from __future__ import annotations

import io
import json
import threading
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from autoscalper.cli.chat import a_chat
from autoscalper.cli.stage import ROOT
from autoscalper.runtime.errors import CannotStart


def call(settings: dict[str, str], method: str, **said: object) -> Any:
    url = f"{settings['TELEGRAM_API_URL']}bot{settings['TELEGRAM_BOT_TOKEN']}/{method}"
    request = urllib.request.Request(
        url, json.dumps(said).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["result"]


def test_what_alert_says_is_shown_and_what_is_typed_reaches_it() -> None:
    shown: list[str] = []
    has_shown = threading.Event()

    def show(line: str) -> None:
        shown.append(line)
        if line == "a position is closed":
            has_shown.set()

    with a_chat(ROOT, show, io.StringIO("/status\n")) as settings:
        own = dict(settings)
        chat = int(own["TELEGRAM_CHAT_ID"])
        call(own, "sendMessage", chat_id=chat, text="a position is closed")
        assert has_shown.wait(10)
        (update,) = call(own, "getUpdates", timeout=5)
        assert update["message"]["text"] == "/status"
    assert own["TELEGRAM_ENABLED"] == "true"


def test_without_the_stand_in_there_is_no_demo_of_it(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="clone"), a_chat(tmp_path, print, None):
        pass
