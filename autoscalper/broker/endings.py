"""How a trade ends, and how the alert that opened it got its outcome."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from autoscalper.broker.book import Book
from autoscalper.broker.orders import Order, Trade
from autoscalper.broker.records import Waiting
from autoscalper.broker.targets import targets_of
from autoscalper.broker.words import behind, understood_as
from autoscalper.domain.exchange import exchange_day
from autoscalper.domain.order import OrderStatus, Side
from autoscalper.domain.outcome import Outcome, OutcomeKind
from autoscalper.domain.pricing import shown
from autoscalper.links import any_to_alert

#: After a first partial fill, how long the rest is awaited before the outcome is told.
SETTLE = timedelta(seconds=1)
#: In IBKR's words for an order that meets one of the other side in the same option (201).
_BOTH_SIDES = "on both sides"


def end_if_flat(book: Book, trade: Trade, now: datetime) -> bool:
    """Settle what can be settled and close ``trade`` if it is flat for good; return whether."""
    if exchange_day(now) > trade.contract.expiry:
        trade = _expire(book, trade, now)
    orders = book.orders_of(trade)
    for waiting in book.at_hand.entering(trade.trade_id):
        _settle_entry(book, trade, waiting, now)
    # Nobody looks at a trade that is closed: its entry would never be told.
    is_told = not book.at_hand.entering(trade.trade_id)
    if not is_told or any(order.is_live for order in orders) or book.held(trade) != 0:
        return False
    book.put_trade(replace(trade, closed_at=now))
    closed = result_of(book, trade, now)
    if closed is not None:
        book.notify(f"closed {trade.trade_id} {closed.bought_qty}", closed)
    return True


def result_of(book: Book, trade: Trade, closed_at: datetime) -> any_to_alert.TradeClosed | None:
    """Return what a flat trade made, None if nothing was ever bought."""
    orders = book.orders_of(trade)
    bought_qty = sum(order.cum_qty for order in orders if order.side is Side.BUY)
    if not bought_qty:
        return None
    spent, sold_qty, gained = (
        _value(orders, Side.BUY),
        sum(order.cum_qty for order in orders if order.side is Side.SELL),
        _value(orders, Side.SELL),
    )
    avg_entry = spent / bought_qty
    avg_exit = gained / sold_qty if sold_qty else Decimal(0)
    multiplier = book.contracts[trade.contract].multiplier
    # What was held to the end counts as worthless, as it does in the day's limits.
    is_expired = exchange_day(closed_at) > trade.contract.expiry
    ended_qty = bought_qty if is_expired else sold_qty
    return any_to_alert.TradeClosed(
        trade_id=trade.trade_id,
        contract=trade.contract,
        bought_qty=bought_qty,
        avg_entry_price=avg_entry,
        avg_exit_price=avg_exit,
        realized=(gained - avg_entry * ended_qty) * multiplier,
        closed_at=closed_at,
    )


def _expire(book: Book, trade: Trade, now: datetime) -> Trade:
    """The contract is no more: so are its orders, and what was held is settled in cash."""
    for order in [each for each in book.orders_of(trade) if each.is_live]:
        book.put_order(replace(order, status=OrderStatus.EXPIRED, doubted_at=None, asked=None))
    held = book.held(trade)
    if held == 0:
        return trade
    expired = replace(trade, external_qty=trade.external_qty + held)
    book.put_trade(expired)
    book.notify(
        f"expired {trade.trade_id}",
        any_to_alert.Reported(
            level=any_to_alert.Level.CRITICAL,
            text=f"{trade.contract} expired while {held} were held",
            reported_at=now,
        ),
    )
    return expired


def _value(orders: Iterable[Order], side: Side) -> Decimal:
    return sum(
        (order.avg_price * order.cum_qty for order in orders if order.side is side), Decimal(0)
    )


def _settle_entry(book: Book, trade: Trade, waiting: Waiting, now: datetime) -> None:
    signal = waiting.signal
    ordered = [each for each in book.orders_of(trade) if each.ordered_by == signal.signal_id]
    entry = next(order for order in ordered if order.side is Side.BUY)
    just_filled = trade.filled_at is not None and now - trade.filled_at < SETTLE
    if entry.is_live and (entry.cum_qty == 0 or just_filled):
        return
    # The end of an order can be told before its executions, without a price.
    if entry.cum_qty and not entry.avg_price and just_filled:
        return
    book.stop_waiting(signal.signal_id)
    book.settle(
        signal.post,
        _entry_outcome(book, trade, entry, now),
        now,
        understood=understood_as(signal.instruction, waiting.contract),
        trade=trade,
        orders=ordered,
        decision=waiting.decision,
    )


def _entry_outcome(book: Book, trade: Trade, entry: Order, now: datetime) -> Outcome:
    if entry.cum_qty:
        at = f" at {shown(entry.avg_price)}" if entry.avg_price else ""
        detail = f"bought {entry.cum_qty}{at}, {_levels_of(trade)}"
        return Outcome(kind=OutcomeKind.TRADED, detail=detail)
    waited = f"{(now - entry.created_at).total_seconds():.0f} s"
    if entry.is_refused:
        return Outcome(
            kind=OutcomeKind.REJECTED, detail=entry.error + _both_sides(book, trade, entry)
        )
    if entry.status is OrderStatus.ABANDONED:
        return Outcome(
            kind=OutcomeKind.EXPIRED, detail=f"never reached the gateway, given up after {waited}"
        )
    if entry.ends_at is not None and now > entry.ends_at:
        waited = f"{(entry.ends_at - entry.created_at).total_seconds():.0f} s"
    limit = entry.terms.limit_price
    at = "the market" if limit is None else shown(limit)
    return Outcome(kind=OutcomeKind.EXPIRED, detail=f"not filled at {at} within {waited}")


def _both_sides(book: Book, trade: Trade, entry: Order) -> str:
    # Whether resting stops count for IBKR is not documented. Where they do, none is given up for
    # an add: what is held would be bare for as long as the add waits.
    if _BOTH_SIDES not in entry.error or book.held(trade) <= 0:
        return ""
    return ". IBKR takes no add beside the stop of what is held: nothing was bought, the stop stays"


def _levels_of(trade: Trade) -> str:
    trail = "" if trade.trail is None else f" trailing {behind(trade.trail)}"
    prices = targets_of(trade)
    what = "target" if len(prices) == 1 else "targets"
    named = " ".join(shown(price) for price in prices)
    runner = ", the rest runs" if trade.has_runner else ""
    return f"stop {shown(trade.stop_price)}{trail}, {what} {named}{runner}"
