"""Takes what the gateway says of our orders into the book. Evidence only, no decisions."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from itertools import chain

from msgspec.structs import replace

from autoscalper.broker.book import Book
from autoscalper.broker.events import Fill, OrderReport
from autoscalper.broker.orders import OUR_PREFIX, Order, Terms
from autoscalper.broker.words import order_named, stranger_named
from autoscalper.domain.identity import ClientOrderId, ConId, IbOrderId, PermId
from autoscalper.domain.order import WORKING, OrderStatus
from autoscalper.links import any_to_alert

#: IBKR's codes that refuse a new order for good: price off the grid, no such parent, no such
#: contract, order rejected, not allowed for the account (TWS API, "Message Codes").
REJECTING_CODES = frozenset({110, 135, 200, 201, 203, 10289, 10293})
#: Codes that say that the gateway and we disagree about an order: an id used before, a change of
#: what is filled, a request that it cannot validate, a cancel of what is not there or is done.
DISPUTING_CODES = frozenset({103, 104, 321, 10147, 10148})
#: The confirmation of a cancel comes as an error.
_CANCEL_CONFIRMED = 202
_UNCONFIRMED = (OrderStatus.IN_DOUBT, OrderStatus.PENDING_NEW)


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
        price = report.limit_price if report.stop_price is None else report.stop_price
        con_id = report.con_ids[0] if report.con_ids else None
        text = stranger_named(_name_of(book, con_id), report.side, price, report.order_qty)
        _report_unknown(book, report.client_order_id, text, now)
        return None
    if is_of_twin(order, report):
        updated = replace(order, twin_perm_id=_twin_after(report))
    else:
        updated = _with_status(_with_terms(order, report), report, now)
    if updated != order:
        book.put_order(updated)
        _follow_stop(book, updated)
        if updated.cum_qty != order.cum_qty:
            _touch_trade(book, updated, now)
        if updated.is_live and not order.is_live:
            _reopen_trade(book, updated, now)
    return updated


def is_of_twin(order: Order, report: OrderReport) -> bool:
    """Return whether ``report`` is about another order that IBKR made under the same name."""
    return bool(report.perm_id and order.perm_id) and report.perm_id != order.perm_id


def apply_error(book: Book, ib_order_id: IbOrderId, code: int, text: str, now: datetime) -> None:
    """Remember an error with its order. Only a rejection of one that does not work ends it.

    What else is refused puts the order in question, so that the gateway is asked soon.
    """
    order = book.order_by_ib_id(ib_order_id)
    if order is None or code == _CANCEL_CONFIRMED:
        return
    rejects = code in REJECTING_CODES and order.cum_qty == 0
    never_worked = not order.worked and order.status in _UNCONFIRMED
    is_over = order.status is OrderStatus.CANCELED or (order.is_live and order.is_inactive)
    if rejects and (never_worked or is_over):
        order = replace(order, status=OrderStatus.REJECTED, doubted_at=None)
    elif not order.is_live:
        return
    elif code in REJECTING_CODES | DISPUTING_CODES:
        order = replace(order, doubted_at=order.doubted_at or now)
    book.put_order(replace(order, error=f"{code} {text}", asked=None))


def apply_fill(book: Book, fill: Fill, now: datetime) -> None:
    """Count a fill, once, and tell of it."""
    order = book.orders.get(fill.client_order_id)
    if order is None:
        name = _name_of(book, fill.con_id)
        text = stranger_named(name, fill.side, fill.last_price, fill.last_qty)
        _report_unknown(book, fill.client_order_id, text, now)
        return
    if not book.put_fill(fill):
        return
    signed = fill.last_qty if order.side.value == "buy" else -fill.last_qty
    book.filled_since_snapshot[fill.con_id] = (
        book.filled_since_snapshot.get(fill.con_id, 0) + signed
    )
    filled = _filled_by_executions(order, fill)
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


def is_disputed(order: Order) -> bool:
    """Return whether the gateway said that an order is not as we think, and no more yet."""
    return order.doubted_at is not None and _code_of(order) in DISPUTING_CODES


def doubt_unconfirmed(book: Book, now: datetime) -> None:
    """The connection ended: what was asked for and not confirmed, nobody knows."""
    for order in [each for each in book.orders.values() if each.is_live]:
        unsure = order.status in (*_UNCONFIRMED, OrderStatus.PENDING_CANCEL)
        if unsure or order.asked is not None:
            book.put_order(
                replace(
                    order,
                    status=OrderStatus.IN_DOUBT,
                    doubted_at=order.doubted_at or now,
                    asked=None,
                )
            )


def _twin_after(report: OrderReport) -> PermId | None:
    is_gone = report.status in (OrderStatus.CANCELED, OrderStatus.REJECTED)
    return None if is_gone else report.perm_id


def _with_terms(order: Order, report: OrderReport) -> Order:
    if report.order_qty is None:
        return order
    terms = Terms(
        order_qty=report.order_qty,
        limit_price=report.limit_price,
        stop_price=report.stop_price,
    )
    if order.trail is not None and order.asked is not None:
        # Where a trailing stop is says nothing of what was asked for.
        order = replace(order, asked=replace(order.asked, stop_price=terms.stop_price))
    if terms == order.asked:
        return replace(order, terms=terms, asked=None, asked_at=None)
    return replace(order, terms=terms)


def _with_status(order: Order, report: OrderReport, now: datetime) -> Order:
    order = _with_qty(replace(order, perm_id=report.perm_id or order.perm_id), report)
    order = replace(order, is_inactive=report.status is OrderStatus.IN_DOUBT)
    if not _can_become(order, report.status):
        return order
    status = _status_now(order, report.status, now)
    is_gone = status in (OrderStatus.CANCELED, OrderStatus.REJECTED)
    if order.twin_perm_id is not None and is_gone:
        # The other one goes on in its place, and a snapshot tells on what terms.
        order, status = replace(order, perm_id=order.twin_perm_id), OrderStatus.IN_DOUBT
    in_doubt = status is OrderStatus.IN_DOUBT
    return replace(
        order,
        status=status,
        worked=order.worked or status in WORKING,
        doubted_at=(order.doubted_at or now) if in_doubt else None,
        missed=order.missed and in_doubt,
    )


def _with_qty(order: Order, report: OrderReport) -> Order:
    cum_qty = report.cum_qty
    if cum_qty is None and report.status is OrderStatus.FILLED:
        cum_qty = order.terms.order_qty
    if cum_qty is None or cum_qty <= order.cum_qty:
        return order
    return replace(order, cum_qty=cum_qty, avg_price=report.avg_price or order.avg_price)


def _can_become(order: Order, status: OrderStatus) -> bool:
    """Late messages revive nothing that ended, unless the end was ours to conclude."""
    if order.status is OrderStatus.ABANDONED:
        return status is not OrderStatus.IN_DOUBT
    if order.status is OrderStatus.REJECTED:
        return status in WORKING or status is OrderStatus.FILLED
    return order.is_live


def _status_now(order: Order, reported: OrderStatus, now: datetime) -> OrderStatus:
    is_over = reported is OrderStatus.CANCELED or order.is_inactive
    if is_over and order.cum_qty == 0 and _code_of(order) in REJECTING_CODES:
        # IBKR cancels what the exchange refuses, or calls it inactive; an error tells them apart.
        return OrderStatus.REJECTED
    if reported not in WORKING:
        return reported
    if order.status is OrderStatus.PENDING_CANCEL and not order.may_ask_again(now):
        # Said before the cancel reached it.
        return OrderStatus.PENDING_CANCEL
    return OrderStatus.PARTIALLY_FILLED if order.cum_qty else OrderStatus.NEW


def _code_of(order: Order) -> int:
    code = order.error.partition(" ")[0]
    return int(code) if code.isdigit() else 0


def _filled_by_executions(order: Order, fill: Fill) -> Order:
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


def _follow_stop(book: Book, stop: Order) -> None:
    # The gateway moves a trailing stop by itself, and only up.
    trade, price = book.trades.get(stop.trade_id), stop.terms.stop_price
    if trade is None or stop.trail is None or price is None or not stop.is_live:
        return
    if stop.trail == trade.trail and price > trade.stop_price:
        book.put_trade(replace(trade, stop_price=price))


def _reopen_trade(book: Book, order: Order, now: datetime) -> None:
    trade = book.trades.get(order.trade_id)
    if trade is None:
        return
    book.put_trade(replace(trade, closed_at=None))
    book.notify(
        f"late {order.client_order_id} {order.cum_qty}",
        any_to_alert.Reported(
            level=any_to_alert.Level.CRITICAL,
            text=f"{order_named(order)} was given up and showed up after all: getting out of it",
            reported_at=now,
        ),
    )


def _name_of(book: Book, con_id: ConId | None) -> str:
    known = (str(each) for each, details in book.contracts.items() if details.con_id == con_id)
    held = (each.name for each in book.holdings.values() if each.con_id == con_id)
    return next(chain(known, held), "a contract that was not traded here")


def _report_unknown(
    book: Book, client_order_id: ClientOrderId | None, named: str, now: datetime
) -> None:
    if client_order_id is None or not client_order_id.startswith(OUR_PREFIX):
        return
    book.notify(
        f"unknown order {client_order_id}",
        any_to_alert.Reported(
            level=any_to_alert.Level.CRITICAL,
            text=f"an order of ours that the records do not know: {named}",
            reported_at=now,
        ),
    )
