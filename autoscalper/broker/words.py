"""Instructions and orders in the words in which the user reads them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import assert_never

from msgspec.structs import replace

from autoscalper.broker.orders import Order, Terms, Trade, describe
from autoscalper.domain.contract import OptionContract
from autoscalper.domain.instruction import (
    AddToTrade,
    CancelEntry,
    CloseTrade,
    Instruction,
    MoveStop,
    NotePlan,
    NoteRisk,
    OpenTrade,
    SetTargets,
    StopAt,
    StopAtBreakEven,
    StopBelow,
    StopRule,
    TrailBy,
    TrimTrade,
)
from autoscalper.domain.order import Purpose, Side
from autoscalper.domain.outcome import Outcome
from autoscalper.domain.post import Post
from autoscalper.domain.pricing import shown
from autoscalper.links import any_to_alert

_CALLED = {
    Purpose.ENTRY: "entry",
    Purpose.ADD: "add",
    Purpose.STOP_LOSS: "stop",
    Purpose.TAKE_PROFIT: "target",
    Purpose.FLATTEN: "sale for the last day",
    Purpose.EXIT: "exit",
}


def understood_as(instruction: Instruction, contract: OptionContract | None = None) -> str:
    """Return the instruction in words, with ``contract`` in place of what the post named."""
    named = str(contract or instruction.contract)
    return " ".join(part for part in (_what(instruction), named, _details(instruction)) if part)


def order_named(order: Order) -> str:
    """Return an order as a person tells it from others: ``SPY 560C 2026-11-20 stop 0.40 x2``."""
    terms = order.terms
    return _order(f"{order.contract} {_CALLED[order.purpose]}", _priced(terms), terms.order_qty)


def stranger_named(contract: str, side: Side | None, price: Decimal | None, qty: int | None) -> str:
    """Return the same of an order of which only what the gateway says is known."""
    side_word = "" if side is None else f" {side.value}"
    return _order(f"{contract}{side_word}", price, qty)


def behind(trail: TrailBy) -> str:
    """Return how far behind the market a trailing stop is."""
    if trail.percent is not None:
        return f"{trail.percent.normalize():f} % behind"
    return f"{shown(trail.amount or Decimal(0))} behind"


def _order(what: str, price: Decimal | None, qty: int | None) -> str:
    parts = (what, "" if price is None else shown(price), "" if qty is None else f"x{qty}")
    return " ".join(part for part in parts if part)


def _priced(terms: Terms) -> Decimal | None:
    return terms.limit_price if terms.stop_price is None else terms.stop_price


def _what(instruction: Instruction) -> str:
    match instruction:
        case OpenTrade():
            return "NEW"
        case AddToTrade():
            return "ADD"
        case TrimTrade():
            return "TRIM"
        case CloseTrade():
            return "EXIT"
        case MoveStop():
            return "MOVE_STOP"
        case SetTargets():
            return "TARGETS"
        case CancelEntry():
            return "CANCEL"
        case NotePlan():
            return "PLAN"
        case NoteRisk():
            return "RISK_NOTE"
        case _:
            assert_never(instruction)


def _details(instruction: Instruction) -> str:
    match instruction:
        case OpenTrade(price=price) | AddToTrade(price=price) | CloseTrade(price=price):
            return _price(price)
        case TrimTrade(fraction=fraction, quantity=quantity):
            if quantity is not None:
                return str(quantity)
            return "half" if fraction is None else f"{fraction * 100:.0f} %"
        case MoveStop(stop=stop):
            return "" if stop is None else _stop(stop)
        case SetTargets(targets=targets):
            return " ".join(f"{shown(price)}" for price in targets.prices)
        case _:
            return ""


def _price(price: Decimal | None) -> str:
    return "" if price is None else f"@ {shown(price)}"


def _stop(stop: StopRule) -> str:
    match stop:
        case StopAt():
            return f"to {shown(stop.price)}"
        case StopAtBreakEven():
            return "to break-even"
        case StopBelow():
            return f"{stop.percent.normalize():f} % below the entry"
        case TrailBy():
            return f"trailing {behind(stop)}"
        case _:
            assert_never(stop)


def outcome_of(
    post: Post,
    outcome: Outcome,
    now: datetime,
    understood: str,
    trade: Trade | None,
    orders: list[Order],
    decision: any_to_alert.Decision | None,
) -> any_to_alert.OutcomeDecided:
    """Return how the alert of a post ended, with everything that decided it."""
    return replace(
        any_to_alert.outcome_decided(post, outcome, understood=understood, decided_at=now),
        trade_id=trade.trade_id if trade else None,
        orders=tuple(describe(order) for order in orders),
        ordered_at=orders[0].created_at if orders else None,
        decision=decision,
    )
