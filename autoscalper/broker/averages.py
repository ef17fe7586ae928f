"""Adds: what they may risk, what must make way for them, and the levels that follow the average."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from autoscalper.broker.book import Book
from autoscalper.broker.groups import covered_by
from autoscalper.broker.orders import Order, Trade
from autoscalper.broker.stops import average_of
from autoscalper.domain.instruction import AddToTrade, Instruction
from autoscalper.domain.order import OrderStatus, Purpose, Side
from autoscalper.domain.pricing import default_stop, default_target


def at_risk(book: Book, trade: Trade) -> Decimal:
    """Return the dollars that ``trade`` loses if its stop is hit, what is being bought included."""
    per_share = max(average_of(book, trade) - trade.stop_price, Decimal(0)) * book.held(trade)
    for order in book.orders_of(trade):
        if order.side is Side.BUY:
            price = order.terms.limit_price or trade.stop_price
            per_share += max(price - trade.stop_price, Decimal(0)) * order.leaves_qty
    return per_share * book.contracts[trade.contract].multiplier


def follow(book: Book, trade: Trade) -> Trade:
    """Return ``trade`` with the levels that are the settings' moved to the average after an add.

    The stop does not come down for that unless the settings allow it.
    """
    if not trade.is_stop_default or not any(map(_has_added, book.orders_of(trade))):
        return trade
    settings, ticks = book.settings_for(trade), book.contracts[trade.contract].ticks
    average = average_of(book, trade)
    level = default_stop(average, settings.auto_stop_loss_percent, ticks)
    stop = level if settings.allow_looser_stops else max(trade.stop_price, level)
    target = trade.target_price
    if trade.is_target_default:
        target = default_target(average, level, settings.risk_reward_ratio, ticks)
    followed = replace(trade, stop_price=stop, target_price=target)
    if followed != trade:
        book.put_trade(followed)
    return followed


def must_settle(book: Book, trade: Trade) -> bool:
    """Return whether something of ``trade`` is being sold, has no stop or is in doubt.

    Nothing is added then: an add in doubt would hold the stop up, too.
    """
    live = [each for each in book.orders_of(trade) if each.is_live]
    if any(each.purpose is Purpose.EXIT or each.status is OrderStatus.IN_DOUBT for each in live):
        return True
    held = book.held(trade)
    return trade.hold < held or covered_by(live) < held


def is_in_the_way(book: Book, trade: Trade) -> bool:
    """Return whether a target of ours rests that could have an add refused.

    IBKR has no orders on both sides of one US option (ib_insync#694, ajhpark/ib_nope#32); that its
    stops, which it holds back until their trigger, do not count is assumed. A target that is
    partly filled stays: it could not come back. One whose entry bought nothing yet is not at the
    exchange.
    """
    return any(
        order.purpose is Purpose.TAKE_PROFIT and order.is_live and not order.cum_qty
        for order in book.orders_of(trade)
        if not _waits_for_its_parent(book, order)
    )


def makes_way(book: Book, trade: Trade) -> bool:
    """Return whether the targets of ``trade`` are to be off for an add."""
    return any(
        waiting.needs_way and waiting.trade_id is None and waiting.contract == trade.contract
        for waiting in book.waiting.values()
    )


def trader_has(trade: Trade, add: Instruction) -> int | None:
    """Return the contracts that the trader has after his ``add``, None if that is not known."""
    assert isinstance(add, AddToTrade)
    if trade.trader_qty is None or add.quantity is None:
        return None
    return trade.trader_qty + add.quantity


def _waits_for_its_parent(book: Book, order: Order) -> bool:
    parent = None if order.parent is None else book.orders[order.parent]
    return parent is not None and parent.is_live and parent.cum_qty == 0


def _has_added(order: Order) -> bool:
    return order.purpose is Purpose.ADD and order.cum_qty > 0
