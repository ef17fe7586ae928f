"""Acts at the gateway without deciding.

Orders go out through ib_async's own client, below its ``Trade`` bookkeeping, which can raise after
the bytes have left (``IB.placeOrder`` of ib_async 2.1.0).
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterator, Sequence
from typing import Any, assert_never

import ib_async
from ib_async.wrapper import RequestError

from autoscalper.broker import departures, events, ib_chain, ib_mapping
from autoscalper.broker.commands import (
    CancelOrder,
    Command,
    FindContract,
    LearnChain,
    ModifyOrder,
    PlaceForeign,
    PlaceOrders,
    StopWatching,
    TakeSnapshot,
    WatchQuote,
)
from autoscalper.broker.foreign_orders import ForeignOrder
from autoscalper.broker.groups import ENTERING
from autoscalper.broker.ib_connection import FIRST_REQUEST_ID, Emit, IbConnection, Told
from autoscalper.broker.orders import Order, Terms
from autoscalper.broker.pacing import Lane
from autoscalper.domain.identity import IbOrderId
from autoscalper.domain.settings import BrokerSettings, TradingMode
from autoscalper.runtime import crashpoints
from autoscalper.runtime.backoff import eager_waits, waits
from autoscalper.runtime.service import run_until_one_ends

logger = logging.getLogger(__name__)

#: Seconds for a gateway to say its version, which it does at once. A relay without one says
#: nothing, and whoever waits for it long misses the moment when the gateway is there.
GREETING_SECONDS = 2.0
#: Seconds for a connection to be ready to use, and for a part of a snapshot.
CONNECT_SECONDS = 10.0
SNAPSHOT_SECONDS = 20.0
#: Completed orders often take long or never come (ib_insync#224); they are optional evidence.
COMPLETED_SECONDS = 2.0
#: Seconds between heartbeats, and for each to be answered; two in a row unanswered are a loss.
HEARTBEAT_SECONDS = 5.0
#: Seconds for a contract's details. A silent gateway is noticed before: then they are asked anew.
LOOKUP_SECONDS = 4 * HEARTBEAT_SECONDS
#: Seconds between attempts while nothing answers at the port, which costs a gateway nothing.
ABSENT_SECONDS = 0.5
#: Longest wait between attempts at a gateway that answers and is not usable yet, and that of the
#: first half minute: after a restart it is usable soon, and a stop may be missing until then.
NOT_READY_SECONDS = 10.0
SOON_READY_SECONDS = 1.0
SOON_READY_TRIES = 30
#: Seconds between attempts when a person has to do something first.
REFUSED_SECONDS = 60.0


class GatewayAbsent(Exception):
    """Nothing that speaks the API answers at the port."""


class GatewayNotReady(Exception):
    """The gateway answers, and cannot be used yet."""


class AccountRefused(Exception):
    """The gateway's account is not the one that may be traded."""


class IbClient:
    """One connection after the other to the gateway, for ever, and what is sent over it."""

    def __init__(self, settings: BrokerSettings, emit: Emit) -> None:
        """Tell everything that happens to ``emit``."""
        self._settings = settings
        self._emit = emit
        self._ib: IbConnection | None = None
        self._account = ""
        self._snapshots: asyncio.Queue[TakeSnapshot] = asyncio.Queue()
        self._lookups: asyncio.Queue[FindContract] = asyncio.Queue()
        self._chains: asyncio.Queue[LearnChain] = asyncio.Queue()

    async def connect_for_ever(self) -> None:
        """Hold a connection; after a loss make a new one, with the same client id, always."""
        absent = waits(ABSENT_SECONDS, ABSENT_SECONDS)
        not_ready = _waits_until_ready()
        while True:
            try:
                if await self._one_connection():
                    not_ready = _waits_until_ready()
                wait = next(not_ready)
            except GatewayAbsent as error:
                self._emit(events.GatewayLost(reason=str(error)))
                wait = next(absent)
            except GatewayNotReady as error:
                self._emit(events.GatewayLost(reason=str(error)))
                wait = next(not_ready)
            except AccountRefused as error:
                self._emit(events.GatewayRefused(reason=str(error)))
                wait = REFUSED_SECONDS
            await asyncio.sleep(wait)

    def room(self) -> int:
        """Return how many messages of entries could leave now without waiting."""
        return 0 if self._ib is None else self._ib.client.room()

    def carry_out(self, commands: Sequence[Command]) -> None:
        """Do what the core wants, in one write as far as it is sent.

        What cannot be done now is left for the next reconciliation.
        """
        ib = self._ib
        if ib is None:
            for command in commands:
                logger.warning("not connected, left for later command=%s", type(command).__name__)
            return
        with ib.client.in_one_write():
            left = [command for command in commands if self._has_done(ib, command)]
        departures.note(left)

    def _has_done(self, ib: IbConnection, command: Command) -> bool:
        try:
            return self._do(ib, command)
        except ConnectionError as error:
            logger.warning("not sent command=%s error=%s", type(command).__name__, error)
            return False

    def _do(self, ib: IbConnection, command: Command) -> bool:
        match command:
            case TakeSnapshot():
                ib.may_order = True
                self._snapshots.put_nowait(command)
            case FindContract():
                self._lookups.put_nowait(command)
            case LearnChain():
                self._chains.put_nowait(command)
            case WatchQuote():
                named = ib_mapping.contract_of(command.contract, command.details)
                ib.watch(command.contract, named, anew=command.anew)
            case StopWatching():
                ib.stop_watching(command.contract)
            case PlaceOrders() | PlaceForeign() | ModifyOrder() | CancelOrder():
                if not ib.may_order:
                    logger.warning("decided before this connection, left for later")
                    return False
                self._send(ib, command)
            case _:
                assert_never(command)
        return True

    def _send(
        self, ib: IbConnection, command: PlaceOrders | PlaceForeign | ModifyOrder | CancelOrder
    ) -> None:
        match command:
            case PlaceOrders():
                self._place(ib, command)
            case PlaceForeign():
                self._place_foreign(ib, command.order)
            case ModifyOrder():
                contract = ib_mapping.contract_of(command.order.contract, command.details)
                self._put(ib, Lane.EXIT, contract, command.order, command.terms, transmit=True)
            case CancelOrder():
                with ib.client.in_lane(Lane.EXIT, command.ib_order_id):
                    ib.client.cancelOrder(command.ib_order_id, "")
            case _:
                assert_never(command)

    def _place(self, ib: IbConnection, command: PlaceOrders) -> None:
        is_bracket = len(command.orders) > 1 and command.orders[0].oca_group == ""
        # What hangs on an entry waits with it, so that a bracket stays together.
        lane = Lane.ENTRY if command.orders[0].purpose in ENTERING else Lane.EXIT
        contract = ib_mapping.contract_of(command.orders[0].contract, command.details)
        for order in command.orders:
            # Within a bracket only the last leg is transmitted: it releases the others with it.
            transmit = not is_bracket or order is command.orders[-1]
            self._put(ib, lane, contract, order, order.terms, transmit=transmit)

    def _place_foreign(self, ib: IbConnection, order: ForeignOrder) -> None:
        crashpoints.reach("broker-before-send-foreign")
        with ib.client.in_lane(Lane.EXIT, order.ib_order_id):
            ib.client.placeOrder(
                order.ib_order_id,
                ib_mapping.foreign_contract_of(order.holding),
                ib_mapping.foreign_order_of(order, self._account),
            )

    def _put(
        self,
        ib: IbConnection,
        lane: Lane,
        contract: ib_async.Contract,
        order: Order,
        terms: Terms,
        *,
        transmit: bool,
    ) -> None:
        crashpoints.reach(f"broker-before-send-{order.purpose.name.lower()}")
        with ib.client.in_lane(lane, order.ib_order_id):
            sent = ib_mapping.order_of(order, terms, self._account, transmit=transmit)
            ib.client.placeOrder(order.ib_order_id, contract, sent)

    async def _one_connection(self) -> bool:
        # Returns whether it could be used.
        settings = self._settings
        self._emit(events.GatewayConnecting(reason=f"{settings.host}:{settings.port}"))
        ib = IbConnection(settings.ibkr_client_id, settings.ibkr_max_messages, self._emit)
        try:
            await self._log_in(ib)
            self._ib = ib
            self._snapshots, self._lookups = asyncio.Queue(), asyncio.Queue()
            self._chains = asyncio.Queue()
            self._emit(events.GatewayConnected(account=self._account))
            await run_until_one_ends(
                snapshots=self._take_snapshots(ib),
                contracts=self._look_up(ib),
                chains=ib_chain.learn(ib, self._chains, self._emit),
                heartbeat=_watch_heartbeat(ib),
                socket=_watch_socket(ib),
            )
        except (ConnectionError, TimeoutError, RequestError) as error:
            self._emit(events.GatewayLost(reason=str(error)))
        finally:
            self._ib = None
            ib.disconnect()
        return ib.was_ready

    async def _log_in(self, ib: IbConnection) -> None:
        settings = self._settings
        connecting = asyncio.ensure_future(
            ib.client.connectAsync(
                settings.host, settings.port, settings.ibkr_client_id, CONNECT_SECONDS
            )
        )
        try:
            await _first_of(connecting, ib.ended, seconds=GREETING_SECONDS)
            if ib.was_greeted:
                await _first_of(connecting, ib.ended)
            if not connecting.done():
                raise _why_ended(ib)
            await connecting
        except TimeoutError:
            raise GatewayNotReady("the gateway does not finish the handshake") from None
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else error
            raise GatewayAbsent(f"{settings.host}:{settings.port}: {why}") from error
        finally:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
        ib.account = self._account = _account_of(settings, ib.client.getAccounts())
        ib.next_order_id = IbOrderId(ib.client.getReqId())
        ib.client.updateReqId(FIRST_REQUEST_ID)

    async def _take_snapshots(self, ib: IbConnection) -> None:
        ib.client.reqAccountUpdates(True, self._account)
        while True:
            wanted = await self._snapshots.get()
            while not self._snapshots.empty():
                wanted = self._snapshots.get_nowait()
            await self._snapshot(ib, wanted.number)

    async def _look_up(self, ib: IbConnection) -> None:
        while True:
            wanted = await self._lookups.get()
            try:
                async with asyncio.timeout(LOOKUP_SECONDS):
                    await self._find(ib, wanted)
            except TimeoutError:
                reason = f"IBKR did not say within {LOOKUP_SECONDS:.0f} s what it is"
                self._emit(events.ContractMissing(contract=wanted.contract, reason=reason))

    async def _snapshot(self, ib: IbConnection, number: int) -> None:
        """Ask part by part: two at once of one kind would answer only one of them."""
        told = ib.told = Told()
        async with asyncio.timeout(SNAPSHOT_SECONDS):
            await ib.reqOpenOrdersAsync()
            told.open_orders.clear()
            await ib.reqAllOpenOrdersAsync()
            open_orders = tuple(told.open_orders)
            crashpoints.reach("broker-in-snapshot")
            await ib.reqExecutionsAsync()
        has_completed = await _ask_for_completed(ib)
        ib.told = None
        taken = events.Snapshot(
            open_orders=open_orders,
            fills=tuple(told.fills),
            completed=tuple(told.completed) if has_completed else None,
            positions={},
            next_order_id=ib.next_order_id,
            number=number,
        )
        ib.snapshot_in_hand = taken
        async with asyncio.timeout(SNAPSHOT_SECONDS):
            await ib.reqPositionsAsync()

    async def _find(self, ib: IbConnection, wanted: FindContract) -> None:
        asked = contract = wanted.contract
        query = ib_mapping.query_of(contract, any_expiry=wanted.or_later)
        try:
            found = await ib.reqContractDetailsAsync(query)
        except RequestError as error:
            reason = f"{error.code} {error.message}"
            self._emit(events.ContractMissing(contract=contract, reason=reason))
            return
        if wanted.or_later:
            contract = ib_mapping.nearest(contract, found)
        chosen = ib_mapping.choose(contract, found)
        if isinstance(chosen, str):
            self._emit(events.ContractMissing(contract=asked, reason=chosen))
            return
        rule_id = ib_mapping.market_rule_of(chosen)
        rule = None if rule_id is None else await ib.rule(rule_id)
        details = ib_mapping.details_of(chosen, rule)
        instead_of = None if contract == asked else asked
        self._emit(events.ContractFound(contract=contract, details=details, instead_of=instead_of))


def _waits_until_ready() -> Iterator[float]:
    return eager_waits(ABSENT_SECONDS, SOON_READY_SECONDS, SOON_READY_TRIES, NOT_READY_SECONDS)


async def _watch_heartbeat(ib: IbConnection) -> None:
    unanswered = 0
    while True:
        try:
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                await ib.reqCurrentTimeAsync()
            unanswered = 0
        except TimeoutError:
            unanswered += 1
            if unanswered == 2:
                raise ConnectionError("the gateway does not answer") from None
            continue
        await asyncio.sleep(HEARTBEAT_SECONDS)


async def _watch_socket(ib: IbConnection) -> None:
    raise ConnectionError(await ib.ended)


async def _first_of(*futures: asyncio.Future[Any], seconds: float | None = None) -> None:
    await asyncio.wait(futures, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)


def _why_ended(ib: IbConnection) -> GatewayAbsent | GatewayNotReady:
    if not ib.ended.done():
        return GatewayNotReady("the gateway accepts connections and does not greet")
    reason = ib.ended.result()
    return GatewayNotReady(reason) if ib.was_greeted else GatewayAbsent(reason)


async def _ask_for_completed(ib: IbConnection) -> bool:
    try:
        async with asyncio.timeout(COMPLETED_SECONDS):
            await ib.reqCompletedOrdersAsync(False)
    except TimeoutError:
        logger.warning("completed orders did not come; going on without")
        return False
    return True


def _account_of(settings: BrokerSettings, accounts: list[str]) -> str:
    """Return the account to trade.

    Raises:
        AccountRefused: it is not there, ambiguous, or of the other kind.
    """
    wanted = settings.simulator_account if settings.dry_run else settings.ibkr_account
    if wanted and wanted not in accounts:
        raise AccountRefused(f"the gateway has {', '.join(accounts)}, expected {wanted}")
    if not wanted and len(accounts) != 1:
        raise AccountRefused("the login has several accounts: set IBKR_ACCOUNT")
    account = wanted or accounts[0]
    is_paper = account.startswith("D")
    if is_paper != (settings.trading_mode is TradingMode.PAPER) and not settings.dry_run:
        kind = "a paper" if is_paper else "a live"
        raise AccountRefused(
            f"{account} is {kind} account, TRADING_MODE is {settings.trading_mode.value}"
        )
    return account
