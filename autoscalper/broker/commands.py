"""What shall be done: everything that the core can ask for, as wishes in the imperative."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec

from autoscalper.broker.events import ContractDetails
from autoscalper.broker.foreign_orders import ForeignOrder
from autoscalper.broker.orders import Order, Terms
from autoscalper.domain.contract import OptionContract
from autoscalper.domain.identity import IbOrderId


class PlaceOrders(msgspec.Struct, frozen=True, kw_only=True):
    """Send orders of one contract as one unit: a parent first, its children after it."""

    orders: tuple[Order, ...]
    details: ContractDetails


class PlaceForeign(msgspec.Struct, frozen=True, kw_only=True):
    """Send the order that closes a position which is not a trade's."""

    order: ForeignOrder


class ModifyOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Change quantity or prices of a working order, under the same ids."""

    order: Order
    details: ContractDetails
    terms: Terms


class CancelOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Take an order back."""

    ib_order_id: IbOrderId


class FindContract(msgspec.Struct, frozen=True, kw_only=True):
    """Ask IBKR for a contract's details."""

    contract: OptionContract
    #: Whether the first expiry that is listed from the contract's own on will do.
    or_later: bool = False


class WatchQuote(msgspec.Struct, frozen=True, kw_only=True):
    """Keep telling the quote of a contract."""

    contract: OptionContract
    details: ContractDetails
    #: Whether the present quote is wanted although it is streamed already.
    anew: bool = False


class LearnChain(msgspec.Struct, frozen=True, kw_only=True):
    """Learn what is listed of an underlying around its price, when there is nothing else to do."""

    underlying: str
    #: Expiries before it are of no interest.
    today: date


class StopWatching(msgspec.Struct, frozen=True, kw_only=True):
    """Tell the quote of a contract no more."""

    contract: OptionContract


class TakeSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Ask the gateway for everything that it has, on the present connection."""

    #: Comes back with the answer: only the one to the newest question is evidence.
    number: int
    reason: str


Command = (
    PlaceOrders
    | PlaceForeign
    | ModifyOrder
    | CancelOrder
    | FindContract
    | WatchQuote
    | StopWatching
    | TakeSnapshot
    | LearnChain
)


def places(commands: Iterable[Command]) -> bool:
    """Return whether an order leaves with ``commands``."""
    return any(isinstance(command, PlaceOrders | PlaceForeign) for command in commands)
