"""What happened: everything that the core hears of, as facts in the past tense."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from autoscalper.domain.contract import OptionContract
from autoscalper.domain.identity import ClientOrderId, ConId, ExecId, IbOrderId, PermId
from autoscalper.domain.order import OrderStatus, Side
from autoscalper.domain.pricing import Ticks
from autoscalper.links import alert_to_broker, parser_to_broker


class ContractDetails(msgspec.Struct, frozen=True, kw_only=True):
    """What IBKR says of a contract."""

    con_id: ConId
    trading_class: str
    #: Shares per contract.
    multiplier: Decimal
    ticks: Ticks
    #: When it stops trading on its last day; None while IBKR does not say: it tells of a few days.
    closes_at: datetime | None = None


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """What the account holds of a contract of any kind."""

    con_id: ConId
    #: IBKR's kind of security: ``OPT``, ``STK``, ``FUT``, ...
    kind: str
    #: As a person reads it: ``SPY 560C 2026-11-20``.
    name: str
    symbol: str
    currency: str
    #: Negative when short. Stocks can be held in fractions.
    qty: Decimal


class OrderReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the gateway says of one order. None where this message does not say."""

    ib_order_id: IbOrderId
    client_order_id: ClientOrderId | None = None
    perm_id: PermId | None = None
    #: In doubt where IBKR's word decides nothing by itself.
    status: OrderStatus
    order_qty: int | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    cum_qty: int | None = None
    #: Dollars per share.
    avg_price: Decimal | None = None
    #: Of an open order: the contracts that it trades, several in a combination, and which way.
    con_ids: tuple[ConId, ...] = ()
    side: Side | None = None


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """One execution."""

    exec_id: ExecId
    client_order_id: ClientOrderId
    ib_order_id: IbOrderId
    perm_id: PermId
    con_id: ConId
    side: Side
    last_qty: int
    last_price: Decimal
    executed_at: datetime


def execution_of(exec_id: ExecId) -> ExecId:
    """Return what a fill and its corrections have in common.

    A correction differs from what it corrects in the digits after the last dot (IBKR,
    "Execution.ExecId"); it mends the books and moves no contracts again.
    """
    head, _, number = exec_id.rpartition(".")
    return ExecId(head or number)


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What the gateway has, asked for part by part. A part that failed is None, never empty."""

    #: Open orders of all clients, with those of ours that carry no id of this client.
    open_orders: tuple[OrderReport, ...]
    fills: tuple[Fill, ...]
    #: Orders of today that are done, by our id, with what they filled. Optional evidence.
    completed: tuple[OrderReport, ...] | None
    #: Contracts held by IBKR's contract id; negative when short.
    positions: dict[ConId, int]
    #: Lowest order id that the gateway would accept next.
    next_order_id: IbOrderId
    #: Of the question that it answers.
    number: int


class SignalArrived(msgspec.Struct, frozen=True, kw_only=True):
    """The parser told what a trader wants."""

    message: parser_to_broker.Message


class CommandArrived(msgspec.Struct, frozen=True, kw_only=True):
    """The operator told what to do."""

    command: alert_to_broker.Message


class ClockTicked(msgspec.Struct, frozen=True, kw_only=True):
    """Time went on."""


class GatewayConnecting(msgspec.Struct, frozen=True, kw_only=True):
    """A new connection is being tried."""

    reason: str


class GatewayConnected(msgspec.Struct, frozen=True, kw_only=True):
    """The gateway's API answers as the account that we want."""

    account: str


class GatewayLost(msgspec.Struct, frozen=True, kw_only=True):
    """The connection ended or does not answer."""

    reason: str


class GatewayRefused(msgspec.Struct, frozen=True, kw_only=True):
    """The gateway answers as an account that must not be traded: a person has to mend it."""

    reason: str


class LinkDegraded(msgspec.Struct, frozen=True, kw_only=True):
    """The gateway lost IBKR's servers (1100, 2110): nothing may be sent or changed."""


class LinkRestored(msgspec.Struct, frozen=True, kw_only=True):
    """The gateway has IBKR's servers back (1101, 1102)."""

    #: Whether it does not go on with the quotes that were streamed (1101).
    quotes_lost: bool = False


class SnapshotTaken(msgspec.Struct, frozen=True, kw_only=True):
    """The gateway told everything that it has."""

    snapshot: Snapshot


class OrderReported(msgspec.Struct, frozen=True, kw_only=True):
    """The gateway said something of an order."""

    report: OrderReport


class OrderErrored(msgspec.Struct, frozen=True, kw_only=True):
    """The gateway sent an error about an order. By itself it ends no order."""

    ib_order_id: IbOrderId
    code: int
    text: str


class FillReported(msgspec.Struct, frozen=True, kw_only=True):
    """Contracts were bought or sold."""

    fill: Fill


class PositionReported(msgspec.Struct, frozen=True, kw_only=True):
    """The gateway told how many of a contract the account holds; negative when short."""

    con_id: ConId
    position: int
    #: The same in full, as the gateway names it.
    holding: Holding | None = None


class ContractFound(msgspec.Struct, frozen=True, kw_only=True):
    """IBKR knows the contract."""

    contract: OptionContract
    details: ContractDetails
    #: The one that was asked for, where a later expiry was found instead.
    instead_of: OptionContract | None = None


class ContractLearned(msgspec.Struct, frozen=True, kw_only=True):
    """IBKR told of a contract before anybody needs it."""

    contract: OptionContract
    details: ContractDetails
    #: Whether it is among the nearest to the price, at the first expiry.
    is_near: bool


class QuoteRefused(msgspec.Struct, frozen=True, kw_only=True):
    """IBKR streams no quotes of the contract: all market data lines are taken (101)."""

    contract: OptionContract


class ContractMissing(msgspec.Struct, frozen=True, kw_only=True):
    """IBKR does not know the contract, or it is not a standard one."""

    contract: OptionContract
    reason: str


class QuoteChanged(msgspec.Struct, frozen=True, kw_only=True):
    """The market of a contract moved; None where a side has no price."""

    contract: OptionContract
    bid: Decimal | None
    ask: Decimal | None
    #: The underlying's price in dollars, where it is told with the option's.
    underlying: Decimal | None = None


class BalanceReported(msgspec.Struct, frozen=True, kw_only=True):
    """The gateway told the account's net liquidation value, in dollars."""

    net_liquidation: Decimal


class FundsReported(msgspec.Struct, frozen=True, kw_only=True):
    """The gateway told the dollars that can be spent on new positions."""

    available: Decimal


Event = (
    SignalArrived
    | CommandArrived
    | ClockTicked
    | GatewayConnecting
    | GatewayConnected
    | GatewayLost
    | GatewayRefused
    | LinkDegraded
    | LinkRestored
    | SnapshotTaken
    | OrderReported
    | OrderErrored
    | FillReported
    | PositionReported
    | ContractFound
    | ContractLearned
    | ContractMissing
    | QuoteRefused
    | QuoteChanged
    | BalanceReported
    | FundsReported
)
