"""A stand-in for Telegram's Bot API on a loopback port, with its rules and its faults."""

from tests.fakes.telegram_server.chat import CHAT, TOKEN, USER, Message
from tests.fakes.telegram_server.faults import Fault, Kind
from tests.fakes.telegram_server.server import TelegramServer

__all__ = ["CHAT", "TOKEN", "USER", "Fault", "Kind", "Message", "TelegramServer"]
