"""Discord, read with the user's own account. The only module that knows discord.py-self.

The library keeps the connection; what it must not decide is decided here: when a connection is
given up, how often to log in, and what was missed. Messages are taken from the raw frames and the
raw history, so that none is lost because the library cannot make an object of it.
"""

from __future__ import annotations

import asyncio
import logging
import random
import socket
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import aiohttp.abc
import discord
import discord.gateway
import discord.http
import msgspec
import yarl
from curl_cffi import CurlError

from autoscalper.domain.settings import IngestSettings
from autoscalper.ingest.discord_catch_up import CatchUp
from autoscalper.ingest.discord_history import HistoryRefused, HistoryUnavailable
from autoscalper.ingest.discord_message import ChatMessage, Unreadable, read_frame, read_history
from autoscalper.ingest.discord_patience import (
    Patience,
    ailment,
    login_wait_seconds,
    pulse_at,
    retry_wait_seconds,
)
from autoscalper.ingest.discord_stream import ChannelStream
from autoscalper.ingest.discord_watermarks import Logins, Watermarks
from autoscalper.ingest.notices import Notices
from autoscalper.ingest.post_log import PostLog
from autoscalper.links.any_to_alert import Level
from autoscalper.runtime.clock import Clock
from autoscalper.runtime.errors import AutoScalperError
from autoscalper.runtime.store import Store

logger = logging.getLogger(__name__)

TERMS = (
    "reading Discord with a user's token is against Discord's terms of service and can cost the"
    " account; permitted ways are a bot that the server's owner invites, and a webhook or followed"
    " announcement channel into a server of your own"
)

#: Seconds between two looks at a connection.
_LOOK_SECONDS = 0.25
#: A connection that lived that long did not fail because of how it was made.
_STEADY_SECONDS = 60.0
#: Longest time that a connection may take to close, in seconds.
_CLOSE_SECONDS = 5.0
#: Close code: the token is refused (Discord's documentation of gateway close codes).
_AUTHENTICATION_FAILED = 4004
#: What a call can fail with that may go well the next time.
_PASSING = (discord.DiscordException, CurlError, OSError, ValueError, RuntimeError)


class _Ending(msgspec.Struct, frozen=True, kw_only=True):
    reason: str
    #: The token is refused: no other attempt can go better.
    refused: bool = False


class DiscordClient:
    """Puts what is written in the configured channels into ingest's log, and only that.

    It sends, types, joins and acknowledges nothing.
    """

    def __init__(
        self,
        settings: IngestSettings,
        *,
        store: Store,
        post_log: PostLog,
        notices: Notices,
        clock: Clock,
        patience: Patience = Patience(),  # noqa: B008 - frozen
    ) -> None:
        """Prepare; nothing connects before ``listen``."""
        logger.warning(TERMS)
        self._token = settings.discord_user_token
        self._notices = notices
        self._clock = clock
        self._patience = patience
        self._logins = Logins(store)
        self._state = "starting"
        self._connection: _Connection | None = None
        self._is_rerouted = _reroute(settings)
        _quieten(self._is_rerouted)
        watermarks = Watermarks(store)
        monitored = frozenset(user.lower() for user in settings.discord_monitored_users)
        self._streams = {
            channel_id: ChannelStream(
                channel_id,
                post_log=post_log,
                watermarks=watermarks,
                notices=notices,
                monitored=monitored,
                clock=clock,
            )
            for channel_id in settings.discord_channel_ids
        }

    def details(self) -> dict[str, str]:
        """Return what the heartbeat tells: the state, and how long ago a frame was heard."""
        details = {"discord": self._state}
        if self._connection is not None:
            age = self._clock.monotonic() - self._connection.pulse.last_frame_at
            details["discord_frame_age_seconds"] = f"{age:.0f}"
            behind = sum(stream.is_behind for stream in self._streams.values())
            details["discord_channels_behind"] = str(behind)
        return details

    async def listen(self) -> None:
        """Hear everything until cancelled; for ever silent once the token is refused."""
        failures = 0
        while True:
            await self._wait_for_login()
            connection = self._new_connection()
            ending = await self._live(connection)
            if ending.refused:
                await self._rest_for_ever(ending)
            lived = self._clock.monotonic() - connection.pulse.started_at
            failures = 0 if lived > _STEADY_SECONDS else failures + 1
            self._state = "reconnecting"
            wait = retry_wait_seconds(failures, self._patience) * random.uniform(0.5, 1.0)
            logger.warning(
                "discord connection ended reason=%s next_in_seconds=%.1f", ending.reason, wait
            )
            await asyncio.sleep(wait)

    def _new_connection(self) -> _Connection:
        connection = _Connection(self._streams, self._logins, self._patience, self._clock)
        if self._is_rerouted:
            # Nobody on the internet is asked for the library's version numbers then.
            connection.http.connector = aiohttp.TCPConnector(resolver=_NoNames())
        self._connection = connection
        return connection

    async def _wait_for_login(self) -> None:
        logins = self._logins.all()
        wait = login_wait_seconds(logins, self._patience, self._clock.now())
        if wait <= 0:
            return
        self._state = "waiting after too many logins"
        self._notices.report(
            f"discord-logins-{logins[-1].isoformat()}",
            Level.CRITICAL,
            f"Discord: {self._patience.max_logins} logins in a short time, so the account rests"
            f" for {wait / 60:.0f} minutes and no post is heard meanwhile. If this repeats, look"
            " whether the account can log in with a browser.",
        )
        logger.error("too many logins, waiting seconds=%.0f", wait)
        await asyncio.sleep(wait)

    async def _rest_for_ever(self, ending: _Ending) -> None:
        self._state = "token refused"
        self._notices.report(
            f"discord-refused-{self._clock.now().isoformat()}",
            Level.CRITICAL,
            "Discord refuses the token, so no post is heard. Take a new DISCORD_USER_TOKEN from"
            " the account and restart ingest; it does not try this one again.",
        )
        logger.error("discord refuses the token reason=%s", ending.reason)
        await asyncio.Event().wait()

    async def _live(self, connection: _Connection) -> _Ending:
        self._state = "connecting"
        for stream in self._streams.values():
            stream.lose()
        catch_up = CatchUp(self._streams.values(), connection.fetch, self._notices, self._patience)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(work)
                for work in (
                    connection.run_to_its_end(self._token.value),
                    self._watch(connection),
                    self._keep_complete(connection, catch_up),
                    self._look_for_deafness(connection, catch_up),
                )
            ]
            try:
                return await connection.ended
            finally:
                for task in tasks:
                    task.cancel()
                # Closed too: in a loop of reconnects the library can swallow the cancellation,
                # but it always looks whether it is closed.
                await connection.shut()

    async def _watch(self, connection: _Connection) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            connection.end_if_ailing()
            self._state = "connected" if connection.pulse.down_since is None else "connecting"
            for stream in self._streams.values():
                stream.release_overdue(self._patience.hold_seconds)

    async def _keep_complete(self, connection: _Connection, catch_up: CatchUp) -> None:
        catching_up: asyncio.Task[None] | None = None
        async with asyncio.TaskGroup() as group:
            while True:
                await connection.has_session.wait()
                connection.has_session.clear()
                for stream in self._streams.values():
                    stream.name = connection.name_of(stream.channel_id)
                if catching_up is not None:
                    # What it fetches is of the session before.
                    catching_up.cancel()
                catching_up = group.create_task(catch_up.catch_up())

    async def _look_for_deafness(self, connection: _Connection, catch_up: CatchUp) -> None:
        patience = self._patience
        await asyncio.sleep(patience.check_grace_seconds)
        while True:
            unheard = await catch_up.unheard()
            # It may be on its way.
            await asyncio.sleep(patience.check_grace_seconds if unheard else 0)
            if any(newest > stream.heard for stream, newest in unheard.items()):
                connection.end(_Ending(reason="deaf: a post did not come"))
            await asyncio.sleep(patience.check_seconds)


class _Connection(discord.Client):
    def __init__(
        self,
        streams: dict[str, ChannelStream],
        logins: Logins,
        patience: Patience,
        clock: Clock,
    ) -> None:
        super().__init__(
            # Scraping a server's members is slow and looks like what it is.
            chunk_guilds_at_startup=False,
            # Large servers tell messages to subscribers only.
            guild_subscriptions=True,
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            enable_debug_events=True,
            max_ratelimit_timeout=30.0,
        )
        self._streams = streams
        self._logins = logins
        self._patience = patience
        self._clock = clock
        self.pulse = pulse_at(clock.monotonic())
        self.has_session = asyncio.Event()
        self.ended: asyncio.Future[_Ending] = asyncio.get_running_loop().create_future()

    def end(self, ending: _Ending) -> None:
        if not self.ended.done():
            self.ended.set_result(ending)

    def end_if_ailing(self) -> None:
        reason = ailment(self.pulse, self._patience, self._clock.monotonic())
        if reason is not None:
            self.end(_Ending(reason=reason))

    async def run_to_its_end(self, token: str) -> None:
        (failure,) = await asyncio.gather(self.start(token), return_exceptions=True)
        if isinstance(failure, AutoScalperError):
            raise failure
        self.end(_ending_of(failure))

    async def shut(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                # Whatever it says: this connection is not used any more.
                await asyncio.gather(self.close(), return_exceptions=True)
        # The library's timer for subscriptions ticks for ever on a closed connection (2.1.0).
        self._connection.subscriptions.blocked = True

    async def fetch(
        self, channel_id: str, limit: int, before: int | None
    ) -> list[ChatMessage | Unreadable]:
        try:
            async with asyncio.timeout(self._patience.answer_seconds):
                page: Any = await self.http.logs_from(int(channel_id), limit, before=before)
        except (discord.Forbidden, discord.NotFound) as error:
            raise HistoryRefused(f"{error.status} {type(error).__name__}") from error
        except _PASSING as error:
            raise HistoryUnavailable(type(error).__name__) from error
        if not isinstance(page, list):
            raise HistoryUnavailable("an answer that is no list")
        return read_history(page, channel_id)

    def name_of(self, channel_id: str) -> str:
        return str(getattr(self.get_channel(int(channel_id)), "name", ""))

    async def before_identify_hook(self, *, initial: bool = False) -> None:
        wait = login_wait_seconds(self._logins.all(), self._patience, self._clock.now())
        if wait > 0:
            raise discord.ClientException("too many logins")
        self._logins.note(self._clock.now())

    async def on_socket_raw_send(self, payload: str) -> None:
        # Identify and resume; the numbers are Discord's operation codes.
        if payload.startswith(('{"op":2,', '{"op":6,')):
            self.pulse.connected(self._clock.monotonic())
            # A loop makes hundreds of connections in a second: no time for the next look.
            self.end_if_ailing()

    async def on_socket_raw_receive(self, text: str) -> None:
        self.pulse.last_frame_at = self._clock.monotonic()
        if self.ended.done():
            return
        try:
            heard = read_frame(text)
        except msgspec.DecodeError as error:
            logger.error("frame not understood error=%s", error)
            return
        stream = self._streams.get(heard.channel_id) if heard is not None else None
        if heard is not None and stream is not None:
            stream.hear(heard)

    async def on_ready(self) -> None:
        logger.info("discord ready")
        self._has_session()

    async def on_resumed(self) -> None:
        logger.info("discord resumed")
        self._has_session()

    async def on_disconnect(self) -> None:
        if self.ended.done():
            return
        logger.info("discord disconnected")
        self.pulse.disconnected(self._clock.monotonic())
        for stream in self._streams.values():
            stream.lose()

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        error = sys.exc_info()[1]
        if error is not None and not self.ended.done():
            self.ended.set_exception(error)

    def _has_session(self) -> None:
        self.pulse.ready(self._clock.monotonic())
        self.has_session.set()


class _NoNames(aiohttp.abc.AbstractResolver):
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[aiohttp.abc.ResolveResult]:
        raise OSError(f"{host} is not asked")

    async def close(self) -> None:
        return


def _ending_of(failure: BaseException | None) -> _Ending:
    refused = isinstance(failure, discord.LoginFailure) or (
        isinstance(failure, discord.ConnectionClosed) and failure.code == _AUTHENTICATION_FAILED
    )
    return _Ending(reason=_kind_and_place(failure) if failure else "closed", refused=refused)


def _kind_and_place(failure: BaseException) -> str:
    # The text of a library's error may hold anything, also what must not be shown.
    calls = traceback.extract_tb(failure.__traceback__)
    place = f" at {Path(calls[-1].filename).name}:{calls[-1].lineno}" if calls else ""
    return f"{type(failure).__name__}{place}"


def _quieten(is_rerouted: bool) -> None:
    # The library tells each failed attempt with a traceback; what it means is told here.
    for name in ("discord.client", "discord.gateway"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if is_rerouted:
        # It finds no version numbers, because it may not ask for them.
        logging.getLogger("discord.utils").setLevel(logging.CRITICAL + 1)


def _reroute(settings: IngestSettings) -> bool:
    if settings.discord_api_url:
        discord.http.Route.BASE = settings.discord_api_url
    if settings.discord_gateway_url:
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.discord_gateway_url)
    return bool(settings.discord_api_url or settings.discord_gateway_url)
