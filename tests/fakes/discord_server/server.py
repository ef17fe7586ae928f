"""The stand-in as one thing: start it, write in it, break it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Self

from aiohttp import web

from tests.fakes.discord_server.control import Control
from tests.fakes.discord_server.gateway import Gateway
from tests.fakes.discord_server.rest import Rest
from tests.fakes.discord_server.world import TRADER, Author, ChatMessage, Guild, World, now

TOKEN = "c3RhbmQtaW4.Xk9wZA.u7-not-a-token-of-anybody"
#: The channels of the one small server that there is unless others are named.
CHANNELS = ("500000000000000011", "500000000000000012", "500000000000000013")


class DiscordServer:
    """Discord on a loopback port, and a second port to command it from other processes.

    What is written is in the history at once and then told to the clients; ``live=False`` leaves
    the clients out.
    """

    def __init__(
        self,
        *,
        channels: tuple[str, ...] = CHANNELS,
        large: bool = False,
        token: str = TOKEN,
        heartbeat_seconds: float = 41.25,
        clock: Callable[[], datetime] = now,
    ) -> None:
        """Prepare one guild with ``channels``; nothing listens before ``start``."""
        self.channels = channels
        self.token = token
        guild = Guild("400000000000000004", "Alerts", list(channels), large=large)
        self.world = World([guild], clock)
        self.gateway = Gateway(self.world, token, heartbeat_seconds)
        self.rest = Rest(self.world, token)
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._control = Control(self)
        self.port = 0

    async def start(self, port: int = 0, control_port: int | None = None) -> Self:
        """Listen on 127.0.0.1; with ``control_port`` (0: a free one) take commands there."""
        app = web.Application()
        app.router.add_route("*", "/api/v9/{path:.*}", self.rest.answer)
        app.router.add_get("/", self.gateway.accept)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        self.port = port
        await self.come_back()
        if control_port is not None:
            await self._control.start(control_port)
        return self

    async def stop(self) -> None:
        """End everything."""
        await self._control.stop()
        await self.gateway.drop()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def api_url(self) -> str:
        """Return what DISCORD_API_URL must be."""
        return f"http://127.0.0.1:{self.port}/api/v9"

    @property
    def gateway_url(self) -> str:
        """Return what DISCORD_GATEWAY_URL must be."""
        return f"ws://127.0.0.1:{self.port}/"

    @property
    def environment(self) -> dict[str, str]:
        """Return the settings with which ingest listens here."""
        return {
            "DISCORD_USER_TOKEN": self.token,
            "DISCORD_CHANNEL_IDS": ",".join(self.channels),
            "DISCORD_API_URL": self.api_url,
            "DISCORD_GATEWAY_URL": self.gateway_url,
        }

    @property
    def control_url(self) -> str:
        """Return where other processes command the stand-in."""
        return self._control.url

    async def go_away(self) -> None:
        """Refuse every connection, as a server that is down."""
        if self._site is not None:
            await self._site.stop()
            self._site = None
        await self.gateway.drop()

    async def come_back(self) -> None:
        """Listen again on the same port."""
        assert self._runner is not None
        if self._site is None:
            self._site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
            await self._site.start()
            self.port = self._runner.addresses[0][1]
            self.gateway.url = self.gateway_url

    async def post(
        self,
        text: str,
        *,
        channel: str = "",
        author: Author = TRADER,
        at: datetime | None = None,
        live: bool = True,
        **more: Any,
    ) -> ChatMessage:
        """Write a message; ``more`` are fields of `ChatMessage`."""
        channel_id = channel or self.channels[0]
        message = self.world.write(channel_id, text, author=author, at=at, **more)
        if live:
            await self._tell(message, "MESSAGE_CREATE", message.payload())
        return message

    async def edit(
        self, message_id: str, text: str, *, at: datetime | None = None, live: bool = True
    ) -> ChatMessage:
        """Change what a message says."""
        message = self.world.edit(message_id, text, at=at)
        if live:
            await self._tell(message, "MESSAGE_UPDATE", message.payload())
        return message

    async def unfurl(self, message_id: str, embed: dict[str, Any]) -> None:
        """Add a link's embed to a message, as Discord does by itself a moment later."""
        message = self.world.messages[message_id]
        message.embeds = [*message.embeds, embed]
        await self._tell(message, "MESSAGE_UPDATE", message.payload())

    async def delete(self, message_id: str, *, live: bool = True) -> None:
        """Take a message back."""
        message = self.world.delete(message_id)
        if live:
            told = {"id": message.id, "channel_id": message.channel_id}
            await self._tell(message, "MESSAGE_DELETE", told)

    async def _tell(self, message: ChatMessage, event: str, data: dict[str, Any]) -> None:
        await self.gateway.tell(self.world.guild_of(message.channel_id), event, data)

    def refuse_token(self, *, rest: bool = True) -> None:
        """Refuse the token from now on: by the gateway, and with ``rest`` by the REST calls."""
        self.gateway.refuse_token = True
        self.rest.refuse_token = rest
