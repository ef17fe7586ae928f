"""The stand-in's gateway: sockets with zlib-stream, sessions that resume, and ways to fail."""

from __future__ import annotations

import asyncio
import zlib
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from tests.fakes.discord_server.world import Guild, World

#: Dispatches that a session can replay.
_REPLAYABLE = 10_000


@dataclass
class Session:
    """What survives a dropped socket: numbered dispatches, to be replayed on RESUME."""

    id: str
    seq: int = 0
    replay: deque[tuple[int, bytes]] = field(default_factory=lambda: deque(maxlen=_REPLAYABLE))
    subscribed: set[str] = field(default_factory=set)
    socket: Socket | None = None
    deaf: bool = False
    resumable: bool = True


class Socket:
    """One websocket with its own compressor."""

    def __init__(self, ws: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        """Wrap an accepted websocket."""
        self.ws = ws
        self.transport = transport
        #: Neither answers nor is answered any more, though the connection stands.
        self.silent = False
        self.session: Session | None = None
        self._deflate = zlib.compressobj()

    async def send(self, frame: bytes) -> None:
        """Send one JSON text; a socket that is gone or silent swallows it."""
        if self.silent or self.ws.closed:
            return
        packed = self._deflate.compress(frame) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        try:
            await self.ws.send_bytes(packed)
        except ConnectionError:
            self.transport.abort()

    async def send_op(self, op: int, data: object = None) -> None:
        """Send a frame that is no dispatch."""
        await self.send(msgspec.json.encode({"op": op, "d": data, "s": None, "t": None}))


class Gateway:
    """Accepts clients, tells them what happens in the world, and misbehaves as told."""

    def __init__(self, world: World, token: str, heartbeat_seconds: float) -> None:
        """Serve ``world`` to who knows ``token``."""
        self.world = world
        self.token = token
        self.heartbeat_seconds = heartbeat_seconds
        self.url = ""
        self.sockets: set[Socket] = set()
        self.sessions: dict[str, Session] = {}
        #: How often each operation was received, and how often sockets were accepted.
        self.received: Counter[int] = Counter()
        self.accepted = 0
        #: Close every new socket with this code at once, or right after READY and RESUMED.
        self.close_on_connect: int | None = None
        self.close_after_ready: int | None = None
        #: Invalidate every session right after its READY.
        self.invalidate_after_ready = False
        #: Close instead of answering a RESUME of a session that is not known.
        self.close_on_resume: int | None = None
        #: Send READY without what every READY has.
        self.broken_ready = False
        self.refuse_token = False
        self._session_count = 0

    async def accept(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one client until it or a fault ends the connection."""
        # libcurl offers permessage-deflate and cannot inflate it.
        ws = web.WebSocketResponse(compress=False, autoping=True, timeout=1.0)
        await ws.prepare(request)
        assert isinstance(request.transport, asyncio.Transport)
        socket = Socket(ws, request.transport)
        self.accepted += 1
        if self.close_on_connect is not None:
            await ws.close(code=self.close_on_connect)
            return ws
        self.sockets.add(socket)
        try:
            await socket.send_op(10, {"heartbeat_interval": int(self.heartbeat_seconds * 1000)})
            async for frame in ws:
                if frame.type is WSMsgType.TEXT or frame.type is WSMsgType.BINARY:
                    await self._handle(socket, msgspec.json.decode(frame.data))
        finally:
            self.sockets.discard(socket)
            if socket.session is not None and socket.session.socket is socket:
                socket.session.socket = None
        return ws

    async def _handle(self, socket: Socket, frame: dict[str, Any]) -> None:
        if socket.silent:
            return
        op: int = frame["op"]
        data: Any = frame.get("d")
        self.received[op] += 1
        if op == 1:
            await socket.send_op(11)
        elif op == 2:
            await self._identify(socket, data)
        elif op == 6:
            await self._resume(socket, data)
        elif op == 37 and socket.session is not None:
            socket.session.subscribed |= set(data["subscriptions"])

    async def _identify(self, socket: Socket, data: dict[str, Any]) -> None:
        if self.refuse_token or data["token"] != self.token:
            await socket.ws.close(code=4004, message=b"Authentication failed.")
            return
        self._session_count += 1
        self._forget_dead_sessions()
        session = Session(f"session{self._session_count}", socket=socket)
        self.sessions[session.id] = session
        socket.session = session
        ready = self.world.ready(session.id, self.url)
        await self._dispatch(session, "READY", {"v": 9} if self.broken_ready else ready)
        await self._dispatch(session, "READY_SUPPLEMENTAL", self.world.ready_supplemental())
        if self.invalidate_after_ready:
            await socket.send_op(9, False)
        if self.close_after_ready is not None:
            await socket.ws.close(code=self.close_after_ready)

    def _forget_dead_sessions(self) -> None:
        self.sessions = {
            session.id: session
            for session in self.sessions.values()
            if session.socket is not None or session.resumable
        }

    async def _resume(self, socket: Socket, data: dict[str, Any]) -> None:
        session = self.sessions.get(data["session_id"] or "")
        if session is None or not session.resumable or data["seq"] is None:
            if self.close_on_resume is None:
                await socket.send_op(9, False)
            else:
                await socket.ws.close(code=self.close_on_resume)
            return
        session.socket = socket
        socket.session = session
        for seq, frame in tuple(session.replay):
            if seq > data["seq"]:
                await socket.send(frame)
        await self._dispatch(session, "RESUMED", {})
        if self.close_after_ready is not None:
            await socket.ws.close(code=self.close_after_ready)

    async def _dispatch(self, session: Session, event: str, data: object) -> None:
        session.seq += 1
        frame = msgspec.json.encode({"op": 0, "d": data, "s": session.seq, "t": event})
        session.replay.append((session.seq, frame))
        if session.socket is not None:
            await session.socket.send(frame)

    async def tell(self, guild: Guild, event: str, data: dict[str, Any]) -> None:
        """Dispatch to every session that may hear ``guild``."""
        for session in tuple(self.sessions.values()):
            heard = not guild.large or guild.id in session.subscribed
            if heard and not session.deaf:
                await self._dispatch(session, event, {**data, "guild_id": guild.id})

    async def send_op(self, op: int, data: object = None) -> None:
        """Send an operation, say 7 (reconnect) or 9 (invalid session), to every client."""
        for socket in tuple(self.sockets):
            await socket.send_op(op, data)

    async def send_garbage(self) -> None:
        """Send every client bytes that are no zlib stream."""
        for socket in tuple(self.sockets):
            await socket.ws.send_bytes(b"this is no deflate stream\x00\x00\xff\xff")

    async def drop(self, code: int | None = None) -> None:
        """End every connection: with a close code, or without a word."""
        for socket in tuple(self.sockets):
            self.sockets.discard(socket)
            if code is None:
                socket.transport.abort()
            else:
                await socket.ws.close(code=code)

    def forget_sessions(self) -> None:
        """Let no session be resumed; those that are connected go on."""
        for session in self.sessions.values():
            session.resumable = False

    def silence(self) -> None:
        """Let the present connections stand and say nothing for ever."""
        for socket in self.sockets:
            socket.silent = True

    def deafen(self) -> None:
        """Acknowledge heartbeats of the present sessions and tell them nothing more."""
        for session in self.sessions.values():
            session.deaf = True
