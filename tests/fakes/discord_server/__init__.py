"""A stand-in for Discord: its gateway, the REST calls that a reader makes, and its bad days.

Written from Discord's public documentation of the gateway and from what discord.py-self 2.1.0
sends and expects. It holds nothing of Discord's beyond what a client that only reads can see.
"""

from tests.fakes.discord_server.server import DiscordServer
from tests.fakes.discord_server.world import Author, ChatMessage

__all__ = ["Author", "ChatMessage", "DiscordServer"]
