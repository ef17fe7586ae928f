"""ingest, parser and broker -> alert: what the user must be able to read.

A log in each sender's store, all of the same messages, each followed by alert. Key: for outcomes
the post's id, which makes the outcome of a post one; for the rest an id derived from the cause.
"""

from __future__ import annotations

import enum
from datetime import datetime
from decimal import Decimal

import msgspec

from autoscalper.domain.contract import OptionContract
from autoscalper.domain.identity import (
    ClientOrderId,
    CommandId,
    ExecId,
    MessageId,
    PostId,
    QuestionId,
    TradeId,
)
from autoscalper.domain.order import OrderStatus, Purpose, Side
from autoscalper.domain.outcome import Outcome
from autoscalper.domain.post import Post
from autoscalper.runtime.link import Link


class Level(enum.Enum):
    """How much a notice wants the user's attention."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What an entry or an add was decided on, whatever the decision was."""

    decided_at: datetime
    #: The market, dollars per share; None where it was not known.
    bid: Decimal | None
    ask: Decimal | None
    underlying: Decimal | None
    quoted_at: datetime | None
    #: The entry's limit and its stop, dollars per share.
    limit_price: Decimal
    stop_price: Decimal
    #: What each limit measured and what it allows, in words.
    measured: tuple[str, ...]


class _Notice(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    #: Whether it is about what is traded on paper beside real orders.
    is_paper: bool = False


class OutcomeDecided(_Notice, frozen=True, kw_only=True, tag=True):
    """An alert ended."""

    post_id: PostId
    message_id: MessageId
    channel_name: str
    author_name: str
    text: str
    posted_at: datetime
    received_at: datetime
    decided_at: datetime
    #: What the post was understood as, in words.
    understood: str
    outcome: Outcome
    trade_id: TradeId | None = None
    #: The orders that it caused, in words, in the order in which they left.
    orders: tuple[str, ...] = ()
    #: When the first of them was handed to the gateway's connection.
    ordered_at: datetime | None = None
    #: None for what is neither an entry nor an add, or was not measured.
    decision: Decision | None = None


def outcome_decided(
    post: Post, outcome: Outcome, *, understood: str, decided_at: datetime
) -> OutcomeDecided:
    """Return that the alert of ``post`` ended, and nothing of a trade."""
    return OutcomeDecided(
        post_id=post.post_id,
        message_id=post.message_id,
        channel_name=post.channel_name,
        author_name=post.author_name,
        text=post.text,
        posted_at=post.posted_at,
        received_at=post.received_at,
        decided_at=decided_at,
        understood=understood,
        outcome=outcome,
    )


class OrderChanged(_Notice, frozen=True, kw_only=True, tag=True):
    """An order stands differently: where it is, what it asks for, or what it filled."""

    client_order_id: ClientOrderId
    trade_id: TradeId
    status: OrderStatus
    #: Side, quantity, kind and price, in words.
    what: str
    cum_qty: int
    #: Code and text of the gateway's last error about it.
    error: str
    changed_at: datetime


class OrderFilled(_Notice, frozen=True, kw_only=True, tag=True):
    """Contracts were bought or sold."""

    exec_id: ExecId
    client_order_id: ClientOrderId
    trade_id: TradeId
    contract: OptionContract
    side: Side
    purpose: Purpose
    last_qty: int
    #: Dollars per share.
    last_price: Decimal
    executed_at: datetime


class TradeClosed(_Notice, frozen=True, kw_only=True, tag=True):
    """A trade is flat."""

    trade_id: TradeId
    contract: OptionContract
    #: Contracts bought in all, and the average prices per share of what was bought and sold.
    bought_qty: int
    avg_entry_price: Decimal
    avg_exit_price: Decimal
    #: Dollars, without commissions.
    realized: Decimal
    closed_at: datetime


class TradeChanged(_Notice, frozen=True, kw_only=True, tag=True):
    """A trade stands differently: what it holds, what it shall hold, or where it is protected."""

    trade_id: TradeId
    contract: OptionContract
    #: The post that opened it.
    message_id: MessageId
    author_name: str
    channel_name: str
    #: Dollars per share; None where the post named none.
    posted_price: Decimal | None
    opened_at: datetime
    #: The entry's limit, dollars per share; None at the market.
    limit_price: Decimal | None
    #: Contracts that the entry and its adds ordered, and those that they bought.
    order_qty: int
    bought_qty: int
    held_qty: int
    #: At most so many shall be held: what is above is being sold.
    hold_qty: int
    #: Average of our own fills, dollars per share; None before the first.
    avg_price: Decimal | None
    stop_price: Decimal
    target_price: Decimal
    changed_at: datetime
    #: Shares per contract.
    multiplier: Decimal = Decimal(100)


class GatewayChanged(_Notice, frozen=True, kw_only=True, tag=True):
    """The broker's state of connection changed."""

    state: str
    reason: str
    changed_at: datetime


class CommandState(enum.Enum):
    """How far a command of the operator is."""

    #: Taken; it needs the gateway or the market to go on.
    UNDER_WAY = "under way"
    DONE = "done"
    #: Nothing more comes of it, and not all of it was done.
    PARTLY = "partly done"
    REFUSED = "refused"


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A trade that a post may mean."""

    trade_id: TradeId
    contract: OptionContract
    held_qty: int


class QuestionAsked(_Notice, frozen=True, kw_only=True, tag=True):
    """A post may mean several trades: the operator shall say which.

    Its end is told with ``CommandAnswered`` for ``alert_to_broker.answer_to``, whoever ends it.
    """

    question_id: QuestionId
    channel_name: str
    author_name: str
    text: str
    #: What the post was understood as, in words.
    understood: str
    choices: tuple[Choice, ...]
    #: Whether it can mean all of them; without an answer it does then, else it is dropped.
    can_be_all: bool
    asked_at: datetime
    ends_at: datetime


class CommandAnswered(_Notice, frozen=True, kw_only=True, tag=True):
    """The broker took a command of the operator, or got further with it."""

    command_id: CommandId
    state: CommandState
    #: One line for each thing to say.
    lines: tuple[str, ...]
    answered_at: datetime


class Reported(_Notice, frozen=True, kw_only=True, tag=True):
    """Something that the user should know and that is none of the above."""

    level: Level
    text: str
    reported_at: datetime


Message = (
    OutcomeDecided
    | OrderChanged
    | OrderFilled
    | TradeChanged
    | TradeClosed
    | GatewayChanged
    | QuestionAsked
    | CommandAnswered
    | Reported
)

_DECODER = msgspec.msgpack.Decoder(Message)

FROM_INGEST: Link[Message] = Link("ingest_to_alert", _DECODER)
FROM_PARSER: Link[Message] = Link("parser_to_alert", _DECODER)
FROM_BROKER: Link[Message] = Link("broker_to_alert", _DECODER)
#: From the broker of the channels on paper.
FROM_PAPER: Link[Message] = Link("paper_to_alert", _DECODER)
