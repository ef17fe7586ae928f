"""A simulated gateway to put on the table: built from the real parts, under a clock that stands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import ib_async

from autoscalper.domain.contract import Right
from autoscalper.domain.identity import ConId, IbOrderId
from autoscalper.simulator import instruments
from autoscalper.simulator.commands import Command, SetQuote
from autoscalper.simulator.gateway import Gateway
from autoscalper.simulator.instruments import Contract
from autoscalper.simulator.market import Quote
from autoscalper.simulator.operations import Operations
from autoscalper.simulator.orders import OrderTerms, OrderType, Side, Status, Submission
from autoscalper.simulator.server import Server
from autoscalper.simulator.settings import SimulatorSettings
from autoscalper.simulator.state import State
from autoscalper.simulator.world import World

#: A Wednesday, half an hour after the opening bell in New York.
WEDNESDAY = datetime(2026, 3, 18, 14, 0, tzinfo=UTC)
EXPIRY = date(2026, 3, 20)
CON_ID = ConId(7)


class StandingClock:
    """A clock that tests move."""

    def __init__(self, moment: datetime = WEDNESDAY) -> None:
        self.moment = moment
        self.seconds = 1000.0

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.seconds

    def pass_by(self, **duration: float) -> None:
        self.moment += timedelta(**duration)
        self.seconds += timedelta(**duration).total_seconds()


def settings_in(directory: Path, **changes: object) -> SimulatorSettings:
    chosen: dict[str, object] = {
        "data_dir": str(directory),
        "run_dir": str(directory),
        "log_dir": str(directory),
        "simulator_port": 0,
        "simulator_step_seconds": 0.0,
        **changes,
    }
    return SimulatorSettings(**chosen)  # type: ignore[arg-type]  # the tests' own choice


class Stand:
    """One simulator: its world, its gateway, its server and its control commands."""

    def __init__(self, directory: Path, clock: StandingClock | None = None, **changes: object):
        self.directory = directory
        self.clock = clock or StandingClock()
        self.settings = settings_in(directory, **changes)
        self.state = State(directory / "simulator.db")
        self.world = World(self.settings, self.clock, self.state)
        self.gateway = Gateway(self.world)
        self.server = Server(self.gateway)
        self.operations = Operations(self.server)

    def close(self) -> None:
        self.server.refuse()
        self.server.drop()
        self.state.close()

    def execute(self, command: Command) -> object:
        result = self.operations.execute(command)
        self.server.flush()
        return result

    def quote(self, bid: str, ask: str, strike: str = "685", size: int = 100) -> None:
        self.execute(
            SetQuote(
                underlying="SPY",
                expiry=EXPIRY,
                strike=Decimal(strike),
                right=Right.CALL,
                bid=Decimal(bid),
                ask=Decimal(ask),
                bid_size=Decimal(size),
                ask_size=Decimal(size),
            )
        )

    def step(self) -> None:
        self.gateway.step(moves=False)
        self.server.flush()


def option_contract(strike: str = "685", symbol: str = "SPY") -> Contract:
    underlying = instruments.underlying_of(symbol)
    assert underlying is not None
    return instruments.option(underlying, EXPIRY, Decimal(strike), Right.CALL, symbol)


def terms(side: Side = Side.BUY, qty: int = 2, **changes: object) -> OrderTerms:
    chosen: dict[str, object] = {
        "con_id": CON_ID,
        "side": side,
        "order_qty": Decimal(qty),
        "order_type": OrderType.LIMIT,
        "limit_price": Decimal("0.43"),
        "account": "DU1234567",
        **changes,
    }
    return OrderTerms(**chosen)  # type: ignore[arg-type]  # the tests' own choice


def stop(qty: int = 2, price: str = "0.32", **changes: object) -> OrderTerms:
    chosen: dict[str, object] = {
        "order_type": OrderType.STOP,
        "limit_price": None,
        "aux_price": Decimal(price),
        **changes,
    }
    return terms(Side.SELL, qty, **chosen)


def target(qty: int = 2, price: str = "0.86", **changes: object) -> OrderTerms:
    return terms(Side.SELL, qty, limit_price=Decimal(price), **changes)


def submission(order_id: int, wanted: OrderTerms, client: int = 1) -> Submission:
    return Submission(key=(client, IbOrderId(order_id)), terms=wanted)


def quoted(bid: str | None, ask: str | None, size: int = 100, last: str | None = None) -> Quote:
    return Quote(
        bid=None if bid is None else Decimal(bid),
        ask=None if ask is None else Decimal(ask),
        bid_size=Decimal(size),
        ask_size=Decimal(size),
        last=None if last is None else Decimal(last),
    )


class NoHistory:
    """A book's history that knows what it was told."""

    def __init__(self) -> None:
        self.statuses: dict[tuple[int, int], Status] = {}
        self.spent: set[str] = set()

    def final_status(self, key: tuple[int, IbOrderId]) -> Status | None:
        return self.statuses.get(key)

    def is_group_spent(self, oca_group: str) -> bool:
        return oca_group in self.spent


@asynccontextmanager
async def connected(stand: Stand, client_id: int = 7, **more: object) -> AsyncIterator[ib_async.IB]:
    """Connect ib_async, and disconnect it in the end."""
    ib = ib_async.IB()
    ib.RaiseRequestErrors = True
    await ib.connectAsync(
        "127.0.0.1",
        stand.server.port,
        clientId=client_id,
        timeout=10,
        **more,  # type: ignore[arg-type]
    )
    try:
        yield ib
    finally:
        ib.disconnect()
        await until(lambda: not _is_connected(stand, client_id))


def _is_connected(stand: Stand, client_id: int) -> bool:
    return stand.server.connection_of(client_id) is not None


async def until(condition: object, seconds: float = 10.0) -> None:
    """Wait until ``condition()`` is true; fail loudly if it never is."""
    assert callable(condition)
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for is in another library
            await asyncio.sleep(0.002)


def spy_option(strike: float = 685) -> ib_async.Contract:
    return ib_async.Option("SPY", f"{EXPIRY:%Y%m%d}", strike, "C", "SMART", currency="USD")
