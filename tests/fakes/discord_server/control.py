"""Commands to the stand-in from other processes: JSON objects POSTed to a port of their own.

``{"do": "post", "text": "BTO 5 IWM 210c @ 0.80", "channel": "5...", "author": {"id": "7",
"name": "Rae"}, "at": "2026-03-18T14:30:00+00:00", "reply_to": "<message id>"}`` answers
``{"id": "<message id>"}``. The others: ``edit`` (id, text), ``delete`` (id), ``drop`` (code),
``send_op`` (op, data), ``forget_sessions``, ``silence``, ``deafen``, ``refuse_token``, ``go_away``,
``come_back``, ``trouble`` (status, times, retry_after), ``state``.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from tests.fakes.discord_server.rest import Trouble
from tests.fakes.discord_server.world import TRADER, Author

if TYPE_CHECKING:
    from tests.fakes.discord_server.server import DiscordServer


class Control:
    """Takes commands for one server."""

    def __init__(self, server: DiscordServer) -> None:
        """Command ``server``."""
        self._server = server
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self, port: int) -> None:
        """Listen on 127.0.0.1."""
        app = web.Application()
        app.router.add_post("/", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/"

    async def stop(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        try:
            command = msgspec.json.decode(await request.read(), type=dict[str, Any])
            result = await self._do(command.pop("do"), command)
        except (KeyError, TypeError, ValueError, msgspec.DecodeError) as error:
            problem = msgspec.json.encode({"error": f"{type(error).__name__}: {error}"})
            return web.Response(status=400, body=problem)
        return web.Response(body=msgspec.json.encode(result))

    async def _do(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        server, gateway = self._server, self._server.gateway
        match name:
            case "post":
                return {"id": (await server.post(**self._posted(given))).id}
            case "edit":
                await server.edit(given["id"], given["text"], at=_moment(given))
            case "delete":
                await server.delete(given["id"])
            case "trouble":
                server.rest.trouble = Trouble(**given)
            case "refuse_token" | "go_away" | "come_back":
                done = getattr(server, name)(**given)
                if done is not None:
                    await done
            case "drop" | "send_op" | "forget_sessions" | "silence" | "deafen":
                done = getattr(gateway, name)(**given)
                if done is not None:
                    await done
            case "state":
                return self._state()
            case _:
                raise KeyError(name)
        return {}

    def _posted(self, given: dict[str, Any]) -> dict[str, Any]:
        author = given.pop("author", None)
        reply_to = given.pop("reply_to", None)
        return {
            **given,
            "at": _moment(given),
            "author": Author(**author) if author else TRADER,
            "reply_to": self._server.world.messages[reply_to] if reply_to else None,
        }

    def _state(self) -> dict[str, Any]:
        gateway, rest = self._server.gateway, self._server.rest
        return {
            "connected": len(gateway.sockets),
            "accepted": gateway.accepted,
            "received": {str(op): count for op, count in gateway.received.items()},
            "asked": dict(rest.asked),
        }


def _moment(given: dict[str, Any]) -> datetime | None:
    return datetime.fromisoformat(given["at"]) if given.get("at") else None
