"""What the book is made of: quotes, entries that wait, requests, and what must be kept."""

from __future__ import annotations

import enum
from datetime import date, datetime
from decimal import Decimal

import msgspec

from autoscalper.broker.events import ContractDetails, Fill
from autoscalper.broker.foreign_orders import ForeignOrder
from autoscalper.broker.orders import Order, Trade
from autoscalper.domain.contract import OptionContract
from autoscalper.domain.identity import (
    ClientOrderId,
    CommandId,
    ConId,
    ExecId,
    IbOrderId,
    PostId,
    QuestionId,
    SignalId,
    TradeId,
)
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.links import alert_to_broker, any_to_alert
from autoscalper.links.any_to_alert import CommandState
from autoscalper.links.parser_to_broker import SignalIssued


class Phase(enum.Enum):
    """Where the broker stands with the gateway. Entries are opened in ``TRADING`` only."""

    DOWN = "down"
    CONNECTING = "connecting"
    RECONCILING = "reconciling"
    TRADING = "trading"
    HALTED = "halted"


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """The market of a contract, dollars per share."""

    bid: Decimal | None
    ask: Decimal | None
    at: datetime
    #: The underlying's price in dollars, None where it is not known.
    underlying: Decimal | None = None


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """An entry or an add that is not decided yet."""

    signal: SignalIssued
    #: The contract it means, once its expiry is settled.
    contract: OptionContract
    #: Whether its expiry is the nearest that is listed, because the post names none.
    is_nearest: bool = False
    #: Since when a quote is awaited.
    quote_asked_at: datetime | None = None
    #: The trade that it ordered, once it did: its outcome comes with the fill.
    trade_id: TradeId | None = None
    #: When the operator took an entry that came too late; its age counts from then.
    taken_at: datetime | None = None
    #: What it was measured with, once it was.
    decision: any_to_alert.Decision | None = None
    #: An add that waits for our own resting sells of its contract to be out of its way.
    needs_way: bool = False


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A command of the operator, as far as it got."""

    command: alert_to_broker.Message
    state: CommandState
    #: What was last told of it.
    lines: tuple[str, ...] = ()
    #: Trades that it closes.
    closing: tuple[TradeId, ...] = ()
    #: Whether positions that are no trade's are still to be ordered closed.
    wants_account: bool = False
    #: The orders that close such positions, and why others are left alone, in words.
    foreign: tuple[ForeignOrder, ...] = ()
    left: dict[ConId, str] = {}
    #: Such positions that were gone when their turn came, in words.
    gone: dict[ConId, str] = {}

    def takes(self, post_id: PostId) -> bool:
        """Return whether it is about to take the late entry of that post."""
        is_meant = (
            isinstance(self.command, alert_to_broker.TakeEntry) and self.command.post_id == post_id
        )
        return is_meant and self.state is CommandState.UNDER_WAY


class Ahead(msgspec.Struct, kw_only=True):
    """What may be traded next, and what was learned of it. Nothing of it outlives the process."""

    #: When each underlying was last spoken of, and last asked about over this connection.
    mentioned: dict[str, datetime] = {}
    asked: dict[str, datetime] = {}
    #: Contracts whose details no trade needed yet, and the exchange's day that they are of.
    learned: dict[OptionContract, date] = {}
    #: Whether IBKR had no line for a quote over this connection.
    is_crowded: bool = False
    #: The last day whose usual underlyings were noted.
    day: date | None = None


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A follow-up that may mean several trades, until somebody says which."""

    question_id: QuestionId
    signal: SignalIssued
    candidates: tuple[TradeId, ...]
    asked_at: datetime
    #: Whether it called off an entry that was not ordered yet.
    called_off: bool = False


class Lookout(msgspec.Struct, kw_only=True):
    """What is noticed as time passes and need not be kept."""

    #: When time was last looked at.
    looked_at: datetime | None = None
    #: Since when something is not as it should be: what, and of which trade.
    overdue_since: dict[str, datetime] = {}


class Changes(msgspec.Struct, kw_only=True):
    """What must be kept before anything is done."""

    orders: dict[ClientOrderId, Order] = {}
    trades: dict[TradeId, Trade] = {}
    #: None: the signal is settled.
    waiting: dict[SignalId, Waiting | None] = {}
    #: None: it was taken by hand, or cannot be any more.
    missed: dict[PostId, Waiting | None] = {}
    heard: dict[PostId, datetime] = {}
    recent_alerts: dict[str, datetime] = {}
    fills: dict[ExecId, Fill] = {}
    contracts: dict[OptionContract, ContractDetails] = {}
    requests: dict[CommandId, Request] = {}
    #: None: the question is over.
    questions: dict[QuestionId, Question | None] = {}
    notices: list[tuple[str, any_to_alert.Message]] = []
    paused: bool | None = None
    #: Trading day on which no more may be risked.
    over_on: date | None = None
    #: A new intent raised it, or the gateway.
    high_water_mark: IbOrderId | None = None
    #: A trailing stop is known to have come further, from quotes that do not come again.
    stop_followed: bool = False

    @property
    def must_last(self) -> bool:
        """Return whether nobody would say it again, should the power go.

        That is what people said, new intents, and what an alert came to without an order. What the
        gateway said it says again.
        """
        said = self.heard or self.requests or self.questions or self.missed
        decided = self.paused is not None or self.over_on is not None or self.stop_followed
        is_intent = self.high_water_mark is not None
        return bool(said) or decided or is_intent or any(map(_is_refusal, self.notices))

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to keep."""
        return self == Changes()


def _is_refusal(notice: tuple[str, any_to_alert.Message]) -> bool:
    match notice:
        case (_, any_to_alert.OutcomeDecided(outcome=outcome)):
            return outcome.kind is not OutcomeKind.TRADED
        case _:
            return False
