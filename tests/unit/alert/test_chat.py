import pytest

from autoscalper.alert.chat import Chat, ChatFailed
from autoscalper.alert.telegram_client import TelegramClient


def test_telegram_is_a_chat() -> None:
    chat: type[Chat] = TelegramClient
    assert chat is TelegramClient


def test_a_failure_says_how_long_to_wait() -> None:
    with pytest.raises(ChatFailed, match="429") as failed:
        raise ChatFailed("429 slow down", wait_seconds=7)
    assert failed.value.wait_seconds == 7
    assert ChatFailed("cut").wait_seconds == 0
