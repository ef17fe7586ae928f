"""Takes what the gateway says of our orders into the book. Evidence only, no decisions."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec.structs import replace

from autoscalper.broker.book import Book
from autoscalper.broker.events import Fill, OrderReport
from autoscalper.broker.orders import OUR_PREFIX, Order, Terms
from autoscalper.domain.identity import IbOrderId
from autoscalper.domain.order import OrderStatus
from autoscalper.links import any_to_alert

#: IBKR's codes that refuse a new order for good (order rejected; not allowed for the account).
REJECTING_CODES = frozenset({201, 203, 10289, 10293})


def find(book: Book, report: OrderReport) -> Order | None:
    """Return our order that ``report`` is about.

    By our id where the report carries it: IBKR's order ids can be given out twice by a gateway
    that forgot its last orders.
    """
    if report.client_order_id is not None:
        return book.orders.get(report.client_order_id)
    return book.order_by_ib_id(report.ib_order_id)


def apply_report(book: Book, report: OrderReport, now: datetime) -> Order | None:
    """Take a report into the book and return the order it is about, None if it is not ours."""
    if report.client_order_id and not report.client_order_id.startswith(OUR_PREFIX):
        return None
    order = find(book, report)
    if order is None:
        _report_unknown(book, report, now)
        return None
    updated = _with_status(_with_terms(order, report), report, now)
    if updated != order:
        book.put_order(updated)
        if updated.cum_qty != order.cum_qty:
            _touch_trade(book, updated, now)
        if updated.is_live and not order.is_live:
            _reopen_trade(book, updated, now)
    return updated


def apply_error(book: Book, ib_order_id: IbOrderId, code: int, text: str, now: datetime) -> None:
    """Remember an error with its order. Only a rejection of an order never confirmed ends it."""
    order = book.order_by_ib_id(ib_order_id)
    if order is None:
        return
    order = replace(order, error=f"{code} {text}", asked=None)
    never_confirmed = order.status in (OrderStatus.IN_DOUBT, OrderStatus.PENDING_NEW)
    if code in REJECTING_CODES and never_confirmed and order.cum_qty == 0:
        order = replace(order, status=OrderStatus.REJECTED, doubted_at=None)
    book.put_order(order)


def apply_fill(book: Book, fill: Fill, now: datetime) -> None:
    """Count a fill, once, and tell of it."""
    order = book.orders.get(fill.client_order_id)
    if order is None or not book.put_fill(fill):
        return
    signed = fill.last_qty if order.side.value == "buy" else -fill.last_qty
    book.filled_since_snapshot[fill.con_id] = (
        book.filled_since_snapshot.get(fill.con_id, 0) + signed
    )
    filled = _filled_by_executions(book, order, fill)
    if filled.cum_qty >= order.cum_qty:
        book.put_order(filled)
        _touch_trade(book, filled, now)
    book.notify(
        f"fill {fill.exec_id}",
        any_to_alert.OrderFilled(
            exec_id=fill.exec_id,
            client_order_id=order.client_order_id,
            trade_id=order.trade_id,
            contract=order.contract,
            side=order.side,
            purpose=order.purpose,
            last_qty=fill.last_qty,
            last_price=fill.last_price,
            executed_at=fill.executed_at,
        ),
    )


def doubt_unconfirmed(book: Book, now: datetime) -> None:
    """The connection ended: what was asked for and not confirmed, nobody knows."""
    for order in [each for each in book.orders.values() if each.is_live]:
        unsure = order.status in (
            OrderStatus.IN_DOUBT,
            OrderStatus.PENDING_NEW,
            OrderStatus.PENDING_CANCEL,
        )
        if unsure or order.asked is not None:
            book.put_order(
                replace(
                    order,
                    status=OrderStatus.IN_DOUBT,
                    doubted_at=order.doubted_at or now,
                    asked=None,
                )
            )


def _with_terms(order: Order, report: OrderReport) -> Order:
    if report.order_qty is None:
        return order
    terms = Terms(
        order_qty=report.order_qty,
        limit_price=report.limit_price,
        stop_price=report.stop_price,
    )
    return replace(
        order,
        terms=terms,
        asked=None if terms == order.asked else order.asked,
        perm_id=report.perm_id or order.perm_id,
    )


def _with_status(order: Order, report: OrderReport, now: datetime) -> Order:
    order = replace(order, perm_id=report.perm_id or order.perm_id)
    if report.cum_qty is not None and report.cum_qty > order.cum_qty:
        order = replace(
            order, cum_qty=report.cum_qty, avg_price=report.avg_price or order.avg_price
        )
    if report.status is None:
        return replace(order, doubted_at=None, missed=False) if order.doubted_at else order
    if not order.is_live and order.status is not OrderStatus.ABANDONED:
        return order
    return replace(order, status=report.status, doubted_at=None, missed=False)


def _filled_by_executions(book: Book, order: Order, fill: Fill) -> Order:
    before = order.executed_qty
    executed = before + fill.last_qty
    spent = order.executed_avg_price * before + fill.last_price * fill.last_qty
    avg_price = (spent / executed).quantize(Decimal("0.0001")).normalize()
    cum_qty = max(order.cum_qty, executed)
    full = cum_qty >= order.terms.order_qty
    return replace(
        order,
        executed_qty=executed,
        executed_avg_price=avg_price,
        cum_qty=cum_qty,
        avg_price=avg_price if executed >= order.cum_qty else order.avg_price,
        status=OrderStatus.FILLED if full else order.status,
        doubted_at=None if full else order.doubted_at,
    )


def _touch_trade(book: Book, order: Order, now: datetime) -> None:
    trade = book.trades.get(order.trade_id)
    if trade is None:
        return
    book.put_trade(replace(trade, filled_at=now))
    if trade.closed_at is not None and book.held(trade) != 0:
        _reopen_trade(book, order, now)


def _reopen_trade(book: Book, order: Order, now: datetime) -> None:
    trade = book.trades.get(order.trade_id)
    if trade is None:
        return
    book.put_trade(replace(trade, closed_at=None))
    book.notify(
        f"late {order.client_order_id} {order.cum_qty}",
        any_to_alert.Reported(
            level=any_to_alert.Level.CRITICAL,
            text=f"{order.client_order_id} was given up and showed up after all: getting out of it",
            reported_at=now,
        ),
    )


def _report_unknown(book: Book, report: OrderReport, now: datetime) -> None:
    if report.client_order_id is None:
        return
    book.notify(
        f"unknown order {report.client_order_id}",
        any_to_alert.Reported(
            level=any_to_alert.Level.CRITICAL,
            text=f"an order of ours that the records do not know: {report.client_order_id}",
            reported_at=now,
        ),
    )
