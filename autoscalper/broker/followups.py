"""Follow-ups: what a post changes about a trade that is there.

They set levels (how much to hold, where the stop rests) and are never denied for risk, losses,
hours or age. Bringing the position to its level is done elsewhere.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import assert_never

from msgspec.structs import replace

from autoscalper.broker import correlate, stops
from autoscalper.broker.book import Book
from autoscalper.broker.entries import contract_named, refuse_waiting
from autoscalper.broker.orders import Trade
from autoscalper.broker.records import Waiting
from autoscalper.broker.targets import prices_above, with_targets
from autoscalper.broker.words import understood_as
from autoscalper.domain.identity import SignalId
from autoscalper.domain.instruction import (
    AddToTrade,
    CancelEntry,
    CloseTrade,
    MoveStop,
    NotePlan,
    NoteRisk,
    OpenTrade,
    PriceBasis,
    RiskLevel,
    SetTargets,
    TrimTrade,
)
from autoscalper.domain.order import Purpose, Side
from autoscalper.domain.outcome import Outcome, OutcomeKind
from autoscalper.domain.pricing import shown
from autoscalper.links.parser_to_broker import SignalIssued, SignalRevised, SignalWithdrawn

_HALF = Decimal("0.5")
#: How long after a target was reached the trader may still tell of selling there.
TOLD_WITHIN = timedelta(minutes=10)
#: Up to so many times its price a sale is the one at the target.
_ABOUT = Decimal("1.1")


def follow(
    book: Book, signal: SignalIssued, trades: list[Trade], now: datetime, *, called_off: bool
) -> Outcome:
    """Apply a follow-up to the trades that it means, give it its outcome and return that."""
    outcome = apply(book, signal, trades, now, called_off=called_off)
    _settle(book, signal, trades, outcome, now)
    return outcome


def apply(
    book: Book, signal: SignalIssued, trades: list[Trade], now: datetime, *, called_off: bool
) -> Outcome:
    """Apply a follow-up to the trades that it means and return what came of it.

    ``called_off`` says whether it called off an entry before its order. Only an exit can mean
    several trades.
    """
    instruction = signal.instruction
    trade = trades[0] if trades else None
    match instruction:
        case NotePlan():
            return Outcome(kind=OutcomeKind.IGNORED, detail="noted, nothing to trade")
        case NoteRisk():
            return _heed_risk(book, signal)
        case CloseTrade() | CancelEntry():
            return _close(book, trades, called_off=called_off)
        case TrimTrade() | MoveStop() | SetTargets():
            return _adjust(book, instruction, trade, now)
        case OpenTrade() | AddToTrade():
            raise AssertionError(f"{instruction} opens and does not follow")
        case _:
            assert_never(instruction)


def call_off_waiting(book: Book, signal: SignalIssued, now: datetime) -> bool:
    """Call off what an exit means and is not ordered yet; return whether there was anything."""
    left = signal.instruction.contract.underlying
    book.remember_alert(correlate.exit_key(signal.post, left), signal.post.posted_at)
    voided = correlate.waiting_meant(book, signal)
    for waiting in voided:
        detail = "the same author got out before it was ordered"
        refuse_waiting(book, waiting, OutcomeKind.DENIED, detail, now)
    return bool(voided)


def _heed_risk(book: Book, signal: SignalIssued) -> Outcome:
    instruction = signal.instruction
    assert isinstance(instruction, NoteRisk)
    heeded = False
    for waiting in correlate.waiting_meant(book, signal):
        first = waiting.signal.instruction
        assert isinstance(first, OpenTrade | AddToTrade)
        if first.risk_level is RiskLevel.NORMAL:
            riskier = replace(first, risk_level=instruction.risk_level)
            book.wait(replace(waiting, signal=replace(waiting.signal, instruction=riskier)))
            heeded = True
    detail = "noted, the entry gets smaller" if heeded else "noted, nothing to trade"
    return Outcome(kind=OutcomeKind.IGNORED, detail=detail)


def revise(book: Book, revised: SignalRevised, now: datetime) -> None:
    """Apply an edit and give it its outcome."""
    outcome = apply_edit(book, revised, now)
    understood = "" if revised.instruction is None else understood_as(revised.instruction)
    book.settle(revised.post, outcome, now, understood=f"edit {understood}".strip())


def apply_edit(book: Book, revised: SignalRevised, now: datetime) -> Outcome:
    """Apply an edit: before the order the newest text wins, after it stops and targets do."""
    waiting = _waiting_of(book, revised.post.message_id)
    if waiting is not None:
        return _revise_waiting(book, waiting, revised, now)
    return _revise_trade(book, revised, now)


def withdraw(book: Book, withdrawn: SignalWithdrawn, now: datetime) -> None:
    """Take back what a deleted post asked for and give the deletion its outcome."""
    detail = take_back(book, withdrawn, now) or "nothing to take back"
    outcome = Outcome(kind=OutcomeKind.IGNORED, detail=detail)
    book.settle(withdrawn.post, outcome, now, understood="deleted")


def take_back(book: Book, withdrawn: SignalWithdrawn, now: datetime) -> str:
    """Take back what a deleted post asked for and did not get yet; empty if there is nothing."""
    detail = ""
    waiting = _waiting_of(book, withdrawn.post.message_id)
    if waiting is not None:
        refuse_waiting(book, waiting, OutcomeKind.DENIED, "the post was deleted", now)
        detail = "the waiting entry was called off"
    for trade in _trades_buying_for(book, withdrawn.signal_id):
        book.put_trade(replace(trade, is_enough=True))
        detail = "canceling the unfilled entry"
    return detail


def _trades_buying_for(book: Book, signal_id: SignalId) -> list[Trade]:
    return [
        trade
        for trade in book.open_trades()
        if any(
            order.ordered_by == signal_id and order.side is Side.BUY and order.is_live
            for order in book.orders_of(trade)
        )
    ]


def _close(book: Book, trades: list[Trade], *, called_off: bool) -> Outcome:
    done = [each for trade in trades if (each := _close_one(book, trade))]
    if done:
        named = [f"{what} of {trade.contract}" for trade, what in done]
        detail = "; ".join(named) if len(trades) > 1 else done[0][1]
        return Outcome(kind=OutcomeKind.TRADED, detail=f"{detail}{stops.later(book)}")
    if called_off:
        return Outcome(kind=OutcomeKind.TRADED, detail="entry called off before its order")
    return Outcome(kind=OutcomeKind.DENIED, detail="no open trade")


def _close_one(book: Book, trade: Trade) -> tuple[Trade, str] | None:
    held = book.held(trade)
    book.put_trade(replace(trade, hold=0))
    if held:
        return trade, f"closing {held}"
    is_buying = any(each.is_live and each.side is Side.BUY for each in book.orders_of(trade))
    return (trade, "canceling the unfilled entry") if is_buying else None


def _adjust(
    book: Book,
    instruction: TrimTrade | MoveStop | SetTargets,
    trade: Trade | None,
    now: datetime,
) -> Outcome:
    if trade is None:
        return Outcome(kind=OutcomeKind.DENIED, detail="no open trade")
    match instruction:
        case TrimTrade():
            return _trim(book, instruction, trade, now)
        case MoveStop():
            return stops.move(book, instruction.stop, trade, now)
        case SetTargets():
            return _set_targets(book, instruction, trade)
        case _:
            assert_never(instruction)


def _trim(book: Book, instruction: TrimTrade, trade: Trade, now: datetime) -> Outcome:
    coming = book.coming(trade)
    base = min(book.held(trade) + coming, trade.hold) - coming
    if base <= 0:
        return Outcome(kind=OutcomeKind.DENIED, detail="nothing is held")
    # What the trader sells at a target that he named, our order at that target sold already.
    sold = _sold_by_targets(book, trade, instruction.price, now)
    wanted = max(_part_of(base + sold, instruction, trade.trader_qty), 1)
    selling = max(min(wanted - sold, base), 0)
    left = _trader_has_left(trade.trader_qty, instruction)
    hold = base - selling + coming if selling else trade.hold
    trimmed = replace(trade, hold=hold, trader_qty=left, told_qty=trade.told_qty + sold)
    book.put_trade(trimmed)
    if selling:
        detail = f"selling {selling} of {base}{stops.later(book)}"
    else:
        detail = f"a target sold {sold} of {base + sold} before"
    if instruction.stop is not None and base > selling:
        moved = stops.move(book, instruction.stop, trimmed, now)
        detail = f"{detail}; {moved.detail}"
    return Outcome(kind=OutcomeKind.TRADED, detail=detail)


def _part_of(qty: int, instruction: TrimTrade, trader_qty: int | None) -> int:
    sold = instruction.quantity
    if sold is None:
        return int(qty * (instruction.fraction or _HALF))
    # What he sells of his position, we sell of ours.
    return sold if trader_qty is None else qty * min(sold, trader_qty) // trader_qty


def _sold_by_targets(book: Book, trade: Trade, price: Decimal | None, now: datetime) -> int:
    # Contracts that targets of the trader sold lately and that no trim of his spoke of yet.
    if trade.is_target_default:
        return 0
    fills = [
        fill
        for fill in book.fills.get(trade.trade_id, ())
        if book.orders[fill.client_order_id].purpose is Purpose.TAKE_PROFIT
    ]
    lately = [fill for fill in fills if now - fill.executed_at <= TOLD_WITHIN]
    highest = max((fill.last_price for fill in lately), default=Decimal(0))
    if price is not None and price > highest * _ABOUT:
        return 0
    untold = sum(fill.last_qty for fill in fills) - trade.told_qty
    return max(min(untold, sum(fill.last_qty for fill in lately)), 0)


def _trader_has_left(had: int | None, instruction: TrimTrade) -> int | None:
    if had is None:
        return None
    sold = instruction.quantity
    left = had - (int(had * (instruction.fraction or _HALF)) if sold is None else sold)
    return left if left > 0 else None


def _set_targets(book: Book, instruction: SetTargets, trade: Trade) -> Outcome:
    targets = instruction.targets
    if targets.basis is not PriceBasis.PREMIUM:
        return Outcome(kind=OutcomeKind.IGNORED, detail="targets of the underlying, kept to show")
    ticks = book.contracts[trade.contract].ticks
    above = prices_above(trade.stop_price, targets, ticks)
    if not above:
        return Outcome(kind=OutcomeKind.DENIED, detail="no target above the stop")
    book.put_trade(with_targets(trade, above, has_runner=targets.leaves_runner))
    what = "target" if len(above) == 1 else "targets"
    prices = " ".join(shown(price) for price in above)
    return Outcome(kind=OutcomeKind.TRADED, detail=f"{what} to {prices}{stops.later(book)}")


def _settle(
    book: Book, signal: SignalIssued, trades: list[Trade], outcome: Outcome, now: datetime
) -> None:
    for trade in trades:
        current = book.trades[trade.trade_id]
        message_id = signal.post.message_id
        book.put_trade(replace(current, messages=(*current.messages, message_id)))
    only = trades[0] if len(trades) == 1 else None
    book.settle(
        signal.post,
        outcome,
        now,
        understood=understood_as(signal.instruction, only.contract if only else None),
        trade=trades[0] if trades else None,
    )


def _waiting_of(book: Book, message_id: str) -> Waiting | None:
    for waiting in book.waiting.values():
        if waiting.signal.post.message_id == message_id and waiting.trade_id is None:
            return waiting
    return None


def _revise_waiting(book: Book, waiting: Waiting, revised: SignalRevised, now: datetime) -> Outcome:
    instruction, first = revised.instruction, waiting.signal.instruction
    if isinstance(instruction, OpenTrade | AddToTrade) and type(instruction) is type(first):
        signal = replace(waiting.signal, instruction=instruction)
        if _is_same_contract(book, waiting, signal):
            book.wait(replace(waiting, signal=signal))
            book.remember_alert(correlate.entry_key(signal), signal.post.posted_at)
            return Outcome(kind=OutcomeKind.TRADED, detail="the newest text is what is ordered")
    refuse_waiting(book, waiting, OutcomeKind.DENIED, "the post was edited", now)
    detail = "the waiting entry was called off, an edit opens no position"
    return Outcome(kind=OutcomeKind.DENIED, detail=detail)


def _is_same_contract(book: Book, waiting: Waiting, signal: SignalIssued) -> bool:
    if isinstance(signal.instruction, AddToTrade):
        return signal.instruction.contract.fits(waiting.contract)
    named = contract_named(signal, book.settings_for(signal.post).default_expiry)
    if waiting.is_nearest and named is not None and signal.instruction.contract.expiry is None:
        return replace(named, expiry=waiting.contract.expiry) == waiting.contract
    return named == waiting.contract


def _revise_trade(book: Book, revised: SignalRevised, now: datetime) -> Outcome:
    instruction = revised.instruction
    trade = next(
        (each for each in book.open_trades() if revised.post.message_id in each.messages), None
    )
    if trade is not None and isinstance(instruction, MoveStop | SetTargets):
        return _adjust(book, instruction, trade, now)
    if trade is None or not isinstance(instruction, OpenTrade | AddToTrade):
        return Outcome(kind=OutcomeKind.IGNORED, detail="an edit opens and closes no position")
    return _revise_levels(book, instruction, trade, now)


def _revise_levels(
    book: Book, instruction: OpenTrade | AddToTrade, trade: Trade, now: datetime
) -> Outcome:
    applied = []
    if instruction.stop is not None:
        applied.append(stops.move(book, instruction.stop, trade, now).detail)
    if instruction.targets is not None:
        moved = SetTargets(targets=instruction.targets)
        applied.append(_set_targets(book, moved, book.trades[trade.trade_id]).detail)
    if not applied:
        return Outcome(kind=OutcomeKind.IGNORED, detail="nothing in the edit changes the trade")
    return Outcome(kind=OutcomeKind.TRADED, detail="; ".join(applied))
