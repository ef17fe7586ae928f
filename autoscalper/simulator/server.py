"""The gateway's socket: accepts clients, hands their messages on, and lets armed faults happen."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from autoscalper.runtime.errors import AddressUnusable
from autoscalper.simulator import layouts, request_codec, requests
from autoscalper.simulator.codec import ProtocolError
from autoscalper.simulator.connection import Connection
from autoscalper.simulator.faults import FaultPlan
from autoscalper.simulator.gateway import Gateway
from autoscalper.simulator.interference import interfere, spoil
from autoscalper.simulator.scenarios import Scenarios
from autoscalper.simulator.session import Session

logger = logging.getLogger(__name__)

_HOST = "127.0.0.1"
_BACKLOG = 100
_ID_IN_USE = "Unable to connect as the client id is already in use. Retry with a unique client id."
_NO_DISCLAIMER = "Paper trading disclaimer must first be accepted for API connection."


class Server:
    """All connections of one gateway."""

    def __init__(self, gateway: Gateway) -> None:
        """Serve ``gateway``; nothing listens yet."""
        self.gateway = gateway
        self.faults = FaultPlan()
        self.connections: set[Connection] = set()
        self._listener: asyncio.Server | None = None
        self._wanted_open = asyncio.Event()
        self._port = gateway.world.settings.simulator_port
        self.scenarios = Scenarios(self)
        #: Seconds for which the id of a client that left stays in use.
        self.linger_seconds = 0.0
        self._lingering: dict[int, float] = {}
        #: Until when (monotonic) logins are refused with 10141.
        self.disclaimer_until = 0.0
        #: Whether new connections are closed at once, as a relay in front of a dead gateway does.
        self.closes_at_once = False
        #: Whether new connections get no answer to their greeting.
        self.ignores_greetings = False
        #: The lowest and highest version that is spoken.
        self.versions = (layouts.MIN_VERSION, layouts.MAX_VERSION)

    # What connections need.

    @property
    def max_messages_per_second(self) -> int:
        """Return how fast one client may send; 0 for as fast as it can."""
        return self.gateway.world.settings.simulator_max_messages

    def now(self) -> datetime:
        """Return the present time, aware, in UTC."""
        return self.gateway.world.now()

    def monotonic(self) -> float:
        """Return seconds that only rise."""
        return self.gateway.world.clock.monotonic()

    def greets(self) -> bool:
        """Return whether greetings are answered."""
        return not self.ignores_greetings

    def opened(self, connection: Connection) -> None:
        """Take note of a new connection."""
        self.connections.add(connection)
        if self.closes_at_once:
            connection.close()

    def closed(self, connection: Connection) -> None:
        """Take note that a connection ended."""
        self.connections.discard(connection)
        session = connection.session
        if session is not None and session.client_id is not None:
            logger.info("client left client_id=%s", session.client_id)
            self.gateway.leave(session)
            self._lingering[session.client_id] = self.monotonic() + self.linger_seconds

    def received(self, connection: Connection, session: Session, payload: bytes) -> None:
        """Act on one message, in the way in which a fault has it if it meets one."""
        name = request_codec.name_of(payload)
        self.gateway.received[name] += 1
        fault = self.faults.meet(session.client_id, name, "any")
        if fault is not None:
            logger.info("fault met on=%s action=%s", name, fault.action.value)
            interfere(self, connection, session, payload, fault)
        else:
            self.act(connection, session, payload)

    def act(self, connection: Connection, session: Session, payload: bytes) -> None:
        """Act on one message; a message that cannot be read is an error for its sender."""
        try:
            request = request_codec.read(payload, session.version)
        except ProtocolError as error:
            session.error(-1, 320, f"Server error when reading an API client request: {error}")
            return
        if isinstance(request, requests.StartApi) and session.client_id is None:
            self._start(connection, session, request.client_id)
        elif session.client_id is not None:
            self.gateway.answer(session, session.client_id, request)
        else:
            session.error(-1, 504, "Not connected")

    def flush(self) -> None:
        """Write what changed to the file, then send what waits in the outboxes."""
        self.gateway.world.commit()
        for connection in list(self.connections):
            session = connection.session
            if session is None or not session.outbox:
                continue
            frames, session.outbox = session.outbox, []
            if self.faults.armed():
                frames = spoil(self, connection, session, frames)
            connection.write(b"".join(frames))

    # What runs it.

    async def listen(self) -> None:
        """Open the port.

        Raises:
            AddressUnusable: somebody else has it.
        """
        loop = asyncio.get_running_loop()
        try:
            self._listener = await loop.create_server(
                lambda: Connection(self), _HOST, self._port, backlog=_BACKLOG
            )
        except OSError as error:
            raise AddressUnusable(
                f"port {self._port} on {_HOST} cannot be used ({error.strerror}); stop what has it"
                " or set SIMULATOR_PORT"
            ) from error
        # A gateway that restarts comes back on the same port.
        self._port = self._listener.sockets[0].getsockname()[1]
        logger.info("listening port=%s", self._port)

    @property
    def port(self) -> int:
        """Return the port, the chosen one once it listens."""
        return self._port

    async def reopen(self) -> None:
        """Open the port again whenever that is wanted, for ever."""
        while True:
            await self._wanted_open.wait()
            self._wanted_open.clear()
            if self._listener is None:
                await self.listen()

    def come_back(self, down_seconds: float = 0.0, disclaimer_seconds: float = 0.0) -> None:
        """Open the port after a while; after that, refuse logins with 10141 for another while."""
        self.disclaimer_until = self.monotonic() + down_seconds + disclaimer_seconds
        self.later(down_seconds, self._wanted_open.set)

    def market_came(self, version: int) -> None:
        """Open the port: the market that is followed is there, and its answers in ``version``."""
        self.versions = (version, version)
        self._wanted_open.set()

    def market_went(self) -> None:
        """Be as a gateway that lost its market: nobody is served."""
        self._wanted_open.clear()
        self.refuse()
        self.drop()

    @property
    def is_listening(self) -> bool:
        """Return whether the port is open."""
        return self._listener is not None

    def refuse(self) -> None:
        """Close the port; connections that are open stay."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def drop(self, *, client: int | None = None, reset: bool = False) -> int:
        """End the connections of one client, or all; return how many."""
        ended = 0
        for connection in list(self.connections):
            session = connection.session
            if client is None or (session is not None and session.client_id == client):
                connection.close(reset=reset)
                ended += 1
        return ended

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something after a while, and send what comes of it."""

        def act() -> None:
            action()
            self.flush()

        asyncio.get_running_loop().call_later(seconds, act)

    def connection_of(self, client: int) -> Connection | None:
        """Return the open connection of a client."""
        for connection in self.connections:
            session = connection.session
            if session is not None and session.client_id == client and connection.is_open:
                return connection
        return None

    def _start(self, connection: Connection, session: Session, client_id: int) -> None:
        if self.monotonic() < self.disclaimer_until:
            self._turn_away(connection, session, 10141, _NO_DISCLAIMER)
        elif self._is_in_use(client_id):
            self._turn_away(connection, session, 326, _ID_IN_USE)
        else:
            logger.info("client came client_id=%s version=%s", client_id, session.version)
            self.gateway.start(session, client_id)

    def _is_in_use(self, client_id: int) -> bool:
        until = self._lingering.get(client_id, 0.0)
        return self.connection_of(client_id) is not None or self.monotonic() < until

    def _turn_away(self, connection: Connection, session: Session, code: int, text: str) -> None:
        session.error(-1, code, text)
        self.flush()
        connection.close()
