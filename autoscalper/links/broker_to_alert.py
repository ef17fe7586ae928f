"""broker -> alert: how things stand, for whoever asks.

A file in RUN_DIR that the broker replaces every second. Only the newest state counts, so nothing
is kept and nothing is promised: its age is in it. What must not be lost goes by ``any_to_alert``.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import msgspec

from autoscalper.domain.contract import OptionContract
from autoscalper.domain.identity import ClientOrderId, PostId, TradeId
from autoscalper.domain.instruction import TrailBy
from autoscalper.domain.order import OrderStatus, Purpose, Side
from autoscalper.links.alert_to_broker import NamedPosition
from autoscalper.runtime.errors import StorageFailed

#: The broker, and the broker of the channels on paper, as programs of supervisord.
BROKER = "broker"
PAPER = "paper"


class OpenTrade(msgspec.Struct, frozen=True, kw_only=True):
    """A trade that is not flat for good."""

    trade_id: TradeId
    contract: OptionContract
    opened_at: datetime
    held_qty: int
    #: Dollars per share; None before the first fill.
    avg_price: Decimal | None
    #: The present market, dollars per share; None where it is unknown or too old.
    bid: Decimal | None
    ask: Decimal | None
    #: Shares per contract.
    multiplier: Decimal
    #: Contracts that a stop protects which works at the broker.
    protected_qty: int
    #: Where the stop is; one that trails, as far as it is known to have come.
    stop_price: Decimal
    target_price: Decimal
    #: How the stop follows the premium, None if it stays where it is.
    trail: TrailBy | None = None


class LiveOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order that can still fill, as far as anybody knows."""

    client_order_id: ClientOrderId
    contract: OptionContract
    purpose: Purpose
    side: Side
    status: OrderStatus
    leaves_qty: int
    #: Its limit or stop, dollars per share; None at the market.
    price: Decimal | None


class MissedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that came too late and can still be taken by hand."""

    post_id: PostId
    contract: OptionContract
    posted_price: Decimal | None
    posted_at: datetime
    bid: Decimal | None
    ask: Decimal | None


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How the broker stands."""

    written_at: datetime
    #: Where it stands with the gateway, and since when.
    phase: str
    phase_since: datetime
    #: Attempts to connect since the connection was lost.
    attempts: int = 0
    account: str
    paused: bool
    #: Signals that are not decided yet.
    waiting: int
    #: Dollars; None until the gateway has told.
    net_liquidation: Decimal | None
    #: Dollars that risk is a percentage of.
    balance: Decimal
    #: When the gateway last told everything that it has.
    reconciled_at: datetime | None
    trades: tuple[OpenTrade, ...] = ()
    orders: tuple[LiveOrder, ...] = ()
    missed: tuple[MissedEntry, ...] = ()
    #: What the account holds beyond the trades.
    foreign: tuple[NamedPosition, ...] = ()


def leave(run_dir: Path, status: Status, broker: str = BROKER) -> None:
    """Replace what is known of a broker; a reader never sees half of it.

    Raises:
        StorageFailed: the disk refused.
    """
    path = _path_of(run_dir, broker)
    fresh = path.with_suffix(".status.fresh")
    try:
        fresh.write_bytes(msgspec.json.encode(status))
        fresh.replace(path)
    except OSError as error:
        raise StorageFailed(f"{path}: {error.strerror}; free space or mend the disk") from error


def read(run_dir: Path, broker: str = BROKER) -> Status | None:
    """Return the last status that a broker left, None if there is none that can be read."""
    try:
        return msgspec.json.decode(_path_of(run_dir, broker).read_bytes(), type=Status)
    except (OSError, msgspec.DecodeError):
        return None


def _path_of(run_dir: Path, broker: str) -> Path:
    return run_dir / f"{broker}.status"
