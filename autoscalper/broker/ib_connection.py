"""One ib_async connection, with our ear where it hands over what the gateway says.

ib_async's own bookkeeping calls an order cancelled after almost any error about it
(``Wrapper.error`` of ib_async 2.1.0), and a live order must not be called that: what decides is
taken from the messages themselves.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import ib_async
from ib_async.client import Client
from ib_async.wrapper import Wrapper
from msgspec.structs import replace

from autoscalper.broker import events, ib_mapping
from autoscalper.broker.ib_words import word_of
from autoscalper.broker.pacing import Lane, Pace
from autoscalper.domain.contract import OptionContract
from autoscalper.domain.identity import ConId, IbOrderId, PermId
from autoscalper.runtime.afterwards import afterwards

#: First id of requests that are not orders: far above any order id, so that an error names one.
FIRST_REQUEST_ID = 1_000_000_000
#: Codes of a gateway that is up and cannot be used yet: the client id is still held, the paper
#: disclaimer is not accepted, the API is read-only.
NOT_READY_CODES = frozenset({326, 10141, 321})
DEGRADED_CODES = frozenset({1100, 2110})
DATA_LOST_CODE = 1101
RESTORED_CODES = frozenset({DATA_LOST_CODE, 1102})
#: All market data lines are taken.
NO_LINE_CODE = 101

#: The lanes of messages that say by their number what they are for; any other is a question.
_LANES = {
    "49": Lane.HEARTBEAT,  # reqCurrentTime
    "1": Lane.LOOKUP,  # reqMktData
    "2": Lane.LOOKUP,  # cancelMktData
    "9": Lane.LOOKUP,  # reqContractDetails
    "78": Lane.LOOKUP,  # reqSecDefOptParams
    "91": Lane.LOOKUP,  # reqMarketRule
}

#: Loggers of ib_async that repeat, louder, what the gateway says; its decoder's is not one of them.
_REPEATING = ("ib_async.client", "ib_async.ib", "ib_async.wrapper")

logger = logging.getLogger(__name__)

Emit = Callable[[events.Event], None]


class PacedClient(Client):
    """ib_async's client with lanes of our own, where it has one queue for everything."""

    #: Its own limit, which would be the one queue.
    MaxRequests = 0

    def __init__(self, wrapper: Wrapper, rate: int) -> None:
        """Let ``rate`` messages leave in a second, 0 for no limit."""
        self.pace = Pace(rate)
        self._loop = asyncio.get_running_loop()
        self._order: tuple[Lane, IbOrderId] | None = None
        self._wake: asyncio.TimerHandle | None = None
        self._holds_back = False
        super().__init__(wrapper)

    @contextmanager
    def in_lane(self, lane: Lane, order_id: IbOrderId) -> Iterator[None]:
        """Let what is sent within be about an order, in ``lane``."""
        self._order = lane, order_id
        try:
            yield
        finally:
            self._order = None

    @contextmanager
    def in_one_write(self) -> Iterator[None]:
        """Let what is sent within leave together at its end, as far as it may leave by then.

        Each write wakes the gateway, and on a busy machine whoever writes next waits for it.
        """
        self._holds_back = True
        try:
            yield
        finally:
            self._holds_back = False
            self._send_due()

    def send(self, *fields: Any, makeEmpty: bool = True) -> None:
        """Send ``fields`` in the words of ib_async's own, which builds its table for each message.

        Raises:
            ConnectionError: nobody listens.
        """
        if not makeEmpty:
            super().send(*fields, makeEmpty=False)
            return
        if not self.isConnected():
            raise ConnectionError("Not connected")
        self.sendMsg("\0".join([*map(word_of, fields), ""]))

    def sendMsg(self, msg: str) -> None:
        lane, order_id = self._order or (_LANES.get(msg.partition("\0")[0], Lane.QUESTION), None)
        self.pace.put(msg, lane, order_id)
        if not self._holds_back:
            self._send_due()

    def reset(self) -> None:
        super().reset()
        self.pace.clear()

    def room(self) -> int:
        """Return how many messages of entries could leave now without waiting."""
        return self.pace.room(self._loop.time())

    def is_quiet(self) -> bool:
        """Return whether a message that nobody waits for would make nobody wait."""
        return self.pace.is_quiet(self._loop.time())

    def _send_due(self) -> None:
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        due = self.pace.take(self._loop.time())
        if due:
            self.conn.sendMsg(b"".join(self._prefix(each.encode()) for each in due))
        later = self.pace.next_at()
        if later is not None:
            self._wake = self._loop.call_at(later, self._send_due)


@dataclass
class Told:
    """The gateway's evidence, part by part, as it comes."""

    open_orders: list[events.OrderReport] = field(default_factory=list)
    fills: list[events.Fill] = field(default_factory=list)
    completed: list[events.OrderReport] = field(default_factory=list)


class IbConnection(ib_async.IB):
    """ib_async's front with our ear in its wrapper. Used for one connection only."""

    RaiseRequestErrors = True

    def __init__(self, client_id: int, rate: int, emit: Emit) -> None:
        """Prepare a connection as ``client_id``; what the gateway says goes to ``emit``.

        ``rate`` messages at most leave in a second, 0 for no limit.
        """
        for name in _REPEATING:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        super().__init__()
        self._emit = emit
        self.wrapper = _Ear(self, emit)
        self.client: PacedClient = PacedClient(self.wrapper, rate)
        self.client.apiEnd += self.disconnectedEvent
        self.wrapper.clientId = client_id
        #: Done when the connection is over or the gateway says that it cannot be used.
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.client.conn.disconnected += self._closed
        self.account = ""
        self.next_order_id = IbOrderId(0)
        #: Whether the core knows this connection: what was decided before must not go over it.
        self.may_order = False
        #: Whether a gateway said its version: a relay without one accepts and says nothing.
        self.was_greeted = False
        #: Whether it ever gave a full snapshot.
        self.was_ready = False
        #: What quotes are streamed of.
        self.quoted: dict[OptionContract, ib_async.Contract] = {}
        #: What came for the snapshot that is asked for, None while none is.
        self.told: Told | None = None
        #: A snapshot that only waits for the positions.
        self.snapshot_in_hand: events.Snapshot | None = None
        self._rules: dict[int, asyncio.Future[list[ib_async.PriceIncrement] | None]] = {}

    def end(self, reason: str) -> None:
        """Say that the connection is over or useless, and why."""
        if not self.ended.done():
            self.ended.set_result(reason)

    async def rule(self, rule_id: int) -> list[ib_async.PriceIncrement] | None:
        """Return a market rule, None if it does not come.

        Whoever wants it while it is asked for gets the same answer: of two questions ib_async
        hears the answer to the later one only.
        """
        asked = self._rules.get(rule_id)
        if asked is None or asked.done():
            asked = asyncio.ensure_future(self.reqMarketRuleAsync(rule_id))
            self._rules[rule_id] = asked
        return await asyncio.shield(asked)

    def watch(
        self, named: OptionContract, contract: ib_async.Contract, *, anew: bool = False
    ) -> None:
        """Stream the quotes of ``contract`` from now on, once; ``anew`` begins with the present."""
        if anew:
            self.stop_watching(named)
        if named in self.quoted:
            return
        self.quoted[named] = contract
        ticker = self.reqMktData(contract, "", False, False)
        # What was quoted before is no part of what is quoted now.
        ticker.bid = ticker.ask = math.nan
        # The ticker of a contract stays the same when it is asked for again.
        ticker.updateEvent.clear()

        def changed(ticker: ib_async.Ticker) -> None:
            bid, ask = ib_mapping.quote_side(ticker.bid), ib_mapping.quote_side(ticker.ask)
            underlying = ib_mapping.underlying_price(ticker)
            self._emit(events.QuoteChanged(contract=named, bid=bid, ask=ask, underlying=underlying))

        ticker.updateEvent += changed

    def stop_watching(self, named: OptionContract) -> None:
        """End the stream of a contract's quotes, if there is one."""
        contract = self.quoted.pop(named, None)
        if contract is not None:
            self.cancelMktData(contract)

    def refuse_line(self, request_id: int) -> None:
        """Tell of what no quotes are streamed, as IBKR has no line for the request."""
        ticker = self.wrapper.reqId2Ticker.get(request_id)
        if ticker is None or self.wrapper.ticker2ReqId["mktData"].get(ticker) != request_id:
            return
        for named in [each for each, asked in self.quoted.items() if asked == ticker.contract]:
            self.wrapper.endTicker(ticker, "mktData")
            del self.quoted[named]
            self._emit(events.QuoteRefused(contract=named))

    def lose_quotes(self) -> None:
        """Forget what was streamed: the gateway does not go on with it by itself (1101)."""
        for contract in self.quoted.values():
            self.cancelMktData(contract)
        self.quoted.clear()

    def _closed(self, message: str) -> None:
        self.end(message or "the gateway closed the connection")


class _Ear(Wrapper):
    """Hands on what the gateway says, as it says it.

    Of orders and fills ib_async would keep another copy for as long as the connection lasts, and
    write each out in full for a log that nobody reads: 90 KiB for a trade.
    """

    def __init__(self, ib: IbConnection, emit: Emit) -> None:
        super().__init__(ib)
        self._owner = ib
        self._emit = emit

    def connectAck(self) -> None:
        super().connectAck()
        self._owner.was_greeted = True

    def openOrder(self, orderId: int, contract: Any, order: Any, orderState: Any) -> None:
        report = ib_mapping.report_of_open(order, orderState.status, contract)
        if self._owner.told is not None:
            self._owner.told.open_orders.append(report)
        if order.clientId == self.clientId:
            self._emit(events.OrderReported(report=report))

    def orderStatus(
        self,
        orderId: int,
        status: str,
        filled: float,
        remaining: float,
        avgFillPrice: float,
        permId: int,
        parentId: int,
        lastFillPrice: float,
        clientId: int,
        whyHeld: str,
        mktCapPrice: float = 0.0,
    ) -> None:
        if clientId != self.clientId:
            return
        report = events.OrderReport(
            ib_order_id=IbOrderId(orderId),
            perm_id=PermId(permId) if permId else None,
            status=ib_mapping.status_of(status, filled),
            cum_qty=int(filled),
            avg_price=ib_mapping.price_of(avgFillPrice),
        )
        self._emit(events.OrderReported(report=report))

    def execDetails(self, reqId: int, contract: Any, execution: Any) -> None:
        fill = ib_mapping.fill_of(contract, execution)
        is_asked_for = reqId >= FIRST_REQUEST_ID
        if is_asked_for and self._owner.told is not None:
            self._owner.told.fills.append(fill)
        if execution.orderRef:
            self._emit(events.FillReported(fill=fill))

    def completedOrder(self, contract: Any, order: Any, orderState: Any) -> None:
        if self._owner.told is not None:
            report = ib_mapping.report_of_completed(order, orderState.status)
            self._owner.told.completed.append(report)

    def updateAccountValue(self, tag: str, val: str, currency: str, account: str) -> None:
        super().updateAccountValue(tag, val, currency, account)
        if currency != "USD" or tag not in ("NetLiquidation", "AvailableFunds"):
            return
        value = ib_mapping.price_of(float(val))
        if value is None:
            return
        if tag == "NetLiquidation":
            self._emit(events.BalanceReported(net_liquidation=value))
        else:
            self._emit(events.FundsReported(available=value))

    def position(self, account: str, contract: Any, posCount: float, avgCost: float) -> None:
        super().position(account, contract, posCount, avgCost)
        if account == self._owner.account:
            holding = ib_mapping.holding_of(contract, posCount)
            self._emit(
                events.PositionReported(
                    con_id=holding.con_id, position=int(posCount), holding=holding
                )
            )

    def positionEnd(self) -> None:
        # Told at once, so that no fill that the positions do not have yet comes before it.
        super().positionEnd()
        taken, self._owner.snapshot_in_hand = self._owner.snapshot_in_hand, None
        if taken is not None:
            held = self.positions[self._owner.account]
            positions = {ConId(con_id): int(each.position) for con_id, each in held.items()}
            self._owner.was_ready = True
            self._emit(events.SnapshotTaken(snapshot=replace(taken, positions=positions)))

    def error(
        self, reqId: int, errorCode: int, errorString: str, advancedOrderRejectJson: str
    ) -> None:
        super().error(reqId, errorCode, errorString, advancedOrderRejectJson)
        said = "gateway says code=%s id=%s text=%s"
        afterwards(partial(logger.info, said, errorCode, reqId, errorString))
        if 0 <= reqId < FIRST_REQUEST_ID:
            order_id = IbOrderId(reqId)
            error = events.OrderErrored(ib_order_id=order_id, code=errorCode, text=errorString)
            self._emit(error)
        elif errorCode == NO_LINE_CODE:
            self._owner.refuse_line(reqId)
        elif errorCode in DEGRADED_CODES:
            self._emit(events.LinkDegraded())
        elif errorCode in RESTORED_CODES:
            quotes_lost = errorCode == DATA_LOST_CODE
            if quotes_lost:
                self._owner.lose_quotes()
            self._emit(events.LinkRestored(quotes_lost=quotes_lost))
        elif reqId < 0 and errorCode in NOT_READY_CODES:
            self._owner.end(f"{errorCode} {errorString}")
