"""Positions of the account that no trade of ours explains: shown, and closed on command. No I/O.

A command closes at most what it names, and at most what the account holds less what other working
orders would take from it already, with one order for each position. An order is never sent a second
time and never replaced: what did not close is told, and the operator may command again. Working
orders of others are never touched.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import assert_never

from msgspec.structs import replace

from autoscalper.broker import foreign_orders, orderbook
from autoscalper.broker.book import Book
from autoscalper.broker.commands import CancelOrder, Command, PlaceForeign
from autoscalper.broker.events import (
    FillReported,
    Holding,
    OrderErrored,
    OrderReport,
    OrderReported,
    PositionReported,
    Snapshot,
)
from autoscalper.broker.foreign_orders import ForeignOrder
from autoscalper.broker.orders import ASK_AFTER, Trade
from autoscalper.broker.reconcile import BETWEEN_SNAPSHOTS, GRACE
from autoscalper.broker.records import Request
from autoscalper.domain.identity import ClientOrderId, ConId, IbOrderId
from autoscalper.domain.order import OrderStatus, Side
from autoscalper.links.alert_to_broker import CloseTrades, NamedPosition

#: How long after the command a position is still closed: the gateway can be away meanwhile.
ORDERED_WITHIN = timedelta(minutes=15)
#: How long the account's positions may lag behind a fill.
SETTLED = timedelta(seconds=5)
#: Kinds of securities that an order with the contract's id alone closes for certain.
CLOSABLE = frozenset({"STK", "OPT"})


def hear_position(book: Book, event: PositionReported) -> None:
    """Remember what the account holds."""
    if event.holding is not None and event.holding.qty:
        book.holdings[event.con_id] = event.holding
    else:
        book.holdings.pop(event.con_id, None)


def hear(book: Book, event: OrderReported | OrderErrored | FillReported, now: datetime) -> None:
    """Take in what the gateway says of an order, if it is one of these."""
    match event:
        case OrderReported(report=report):
            order = _named(book, report.client_order_id)
            if report.client_order_id is None:
                order = _numbered(book, report.ib_order_id)
            _hear_report(book, order, report, now)
        case OrderErrored():
            _hear_error(book, event)
        case FillReported(fill=fill):
            order = _named(book, fill.client_order_id)
            if order is not None:
                _put(book, foreign_orders.filled(order, fill, now))
        case _:
            assert_never(event)


def doubt_unconfirmed(book: Book, now: datetime) -> None:
    """The connection ended: what was sent and not confirmed, nobody knows."""
    for order in _live(book):
        if order.status in (OrderStatus.IN_DOUBT, OrderStatus.PENDING_NEW):
            doubted_at = order.doubted_at or now
            _put(book, replace(order, status=OrderStatus.IN_DOUBT, doubted_at=doubted_at))


def is_due(book: Book, now: datetime) -> bool:
    """Return whether the gateway must be asked what it has, to order or to end a doubt."""
    asked_at = book.snapshot_asked_at
    if book.snapshot_awaited or (asked_at is not None and now - asked_at < BETWEEN_SNAPSHOTS):
        return False
    if any(request.wants_account for request in book.requests.values()):
        return True
    doubts = [order.doubted_at for order in _live(book)]
    return any(doubted_at is not None and now - doubted_at >= ASK_AFTER for doubted_at in doubts)


def reconcile(book: Book, snapshot: Snapshot, now: datetime) -> list[Command]:
    """Take a full snapshot in, after it was taken in for the trades; order what is still wanted.

    In it an order is ours by its reference alone: other clients give the same order ids.
    """
    for con_id in book.holdings.keys() - snapshot.positions.keys():
        del book.holdings[con_id]
    for fill in snapshot.fills:
        hear(book, FillReported(fill=fill), now)
    commands: list[Command] = []
    for report in snapshot.open_orders:
        commands += _hear_open(book, report, now)
    for report in snapshot.completed or ():
        _hear_report(book, _named(book, report.client_order_id), report, now)
    # Inactive is listed and does not work: as good as missing, until it is said to work.
    known = {
        report.client_order_id
        for report in snapshot.open_orders
        if report.status is not OrderStatus.IN_DOUBT
    }
    for order in _live(book):
        if order.client_order_id not in known:
            commands += _missing(book, order, now)
    for request in [each for each in book.requests.values() if each.wants_account]:
        commands += _order_what_is_wanted(book, request, snapshot, now)
    return commands


def positions(book: Book, now: datetime) -> list[tuple[Holding, int]]:
    """Return what the account holds beyond our trades; negative when short.

    What a trade just bought or sold can be told apart from its position, so that is left out.
    """
    found = []
    for con_id, holding in sorted(book.holdings.items()):
        trades = _trades_in(book, con_id)
        held = sum(max(book.held(trade), 0) for trade in trades if trade.is_open)
        qty = int(holding.qty)
        if held:
            qty = max(qty - held, 0) if qty > 0 else qty
        just_filled = any(_is_recent(trade.filled_at, now) for trade in trades)
        if qty and not just_filled:
            found.append((holding, qty))
    return found


def lines_of(request: Request) -> tuple[str, ...]:
    """Return how far a command is with the positions that are not our trades'."""
    lines = [foreign_orders.described(order) for order in request.foreign]
    lines += [*request.gone.values(), *request.left.values()]
    if request.wants_account:
        lines.append("The rest of the account: as soon as the gateway has told what it holds")
    return tuple(lines)


def is_done(request: Request) -> bool:
    """Return whether nothing more comes of the positions that are not our trades'."""
    return not request.wants_account and not any(order.is_live for order in request.foreign)


def is_whole(request: Request) -> bool:
    """Return whether everything was closed that the operator was shown."""
    are_whole = all(
        order.cum_qty >= order.order_qty and not order.left_qty for order in request.foreign
    )
    return are_whole and not request.left


def _hear_open(book: Book, report: OrderReport, now: datetime) -> list[Command]:
    before = _named(book, report.client_order_id)
    _hear_report(book, before, report, now)
    if before is None or before.status is not OrderStatus.ABANDONED:
        return []
    # It was told as given up: it must not close anything after all.
    return [CancelOrder(ib_order_id=before.ib_order_id)]


def _hear_report(
    book: Book, order: ForeignOrder | None, report: OrderReport, now: datetime
) -> None:
    if order is None:
        return
    updated = foreign_orders.reported(order, report, now)
    if updated != order:
        _put(book, updated)


def _hear_error(book: Book, event: OrderErrored) -> None:
    order = _numbered(book, event.ib_order_id)
    if order is None or not order.is_live:
        return
    rejects = event.code in orderbook.REJECTING_CODES and not order.cum_qty and not order.worked
    if rejects:
        order = replace(order, status=OrderStatus.REJECTED, doubted_at=None)
    _put(book, replace(order, error=f"{event.code} {event.text}"))


def _missing(book: Book, order: ForeignOrder, now: datetime) -> list[Command]:
    doubted_at = order.doubted_at or now
    if not order.missed or now - doubted_at < GRACE:
        doubt = replace(order, status=OrderStatus.IN_DOUBT, doubted_at=doubted_at, missed=True)
        _put(book, doubt)
        return []
    _put(book, replace(order, status=OrderStatus.ABANDONED, doubted_at=None))
    # The gateway may accept it late: then this ends it there.
    return [CancelOrder(ib_order_id=order.ib_order_id)]


def _order_what_is_wanted(
    book: Book, request: Request, snapshot: Snapshot, now: datetime
) -> list[Command]:
    command = request.command
    assert isinstance(command, CloseTrades)
    is_late = now - command.given_at > ORDERED_WITHIN
    ordered = {order.holding.con_id for order in request.foreign}
    fresh: list[ForeignOrder] = []
    left, gone = dict(request.left), dict(request.gone)
    waits = False
    for named in command.positions:
        if named.con_id in ordered or named.con_id in left or named.con_id in gone:
            continue
        if _must_wait(book, named.con_id, snapshot, now) and not is_late:
            waits = True
            continue
        if not snapshot.positions.get(named.con_id):
            gone[named.con_id] = f"{named.name}: not held any more"
            continue
        why_not = "too late, command again" if is_late else _why_not(book, named, snapshot)
        if why_not:
            left[named.con_id] = f"{named.name}: left alone, {why_not}"
        else:
            fresh.append(_new_order(book, command, named, snapshot, now))
    unnamed = _unnamed(book, command)
    waits = waits or any(_just_filled(book, con_id, now) for con_id in unnamed)
    if not waits:
        left |= unnamed
    book.put_request(
        replace(
            request,
            foreign=(*request.foreign, *fresh),
            left=left,
            gone=gone,
            wants_account=waits,
        )
    )
    return [PlaceForeign(order=order) for order in fresh]


def _must_wait(book: Book, con_id: ConId, snapshot: Snapshot, now: datetime) -> bool:
    # What is ours gets out first: after that whatever is left is not ours.
    is_ours = any(trade.is_open for trade in _trades_in(book, con_id))
    # Others trade the account as well.
    just_traded = any(
        fill.con_id == con_id and _is_recent(fill.executed_at, now) for fill in snapshot.fills
    )
    return is_ours or just_traded or _just_filled(book, con_id, now)


def _just_filled(book: Book, con_id: ConId, now: datetime) -> bool:
    moments = [trade.filled_at for trade in _trades_in(book, con_id)]
    moments += [each.filled_at for each in _all(book) if each.holding.con_id == con_id]
    return any(_is_recent(moment, now) for moment in moments)


def _is_recent(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and now - moment < SETTLED


def _why_not(book: Book, named: NamedPosition, snapshot: Snapshot) -> str:
    held = snapshot.positions[named.con_id]
    holding = book.holdings.get(named.con_id)
    if holding is None:
        return "the gateway has not said what it is"
    if (held > 0) != (named.qty > 0):
        return f"it was {named.qty} and is {held} now"
    if holding.kind not in CLOSABLE:
        return f"{holding.kind} cannot be closed from here, use IBKR's own app"
    if any(_is_combination(report, named.con_id) for report in snapshot.open_orders):
        return "a combination order works on it"
    if abs(held) <= _taken(book, named.con_id, _closing_side(held), snapshot):
        return "a working order takes all of it already"
    return ""


def _new_order(
    book: Book, command: CloseTrades, named: NamedPosition, snapshot: Snapshot, now: datetime
) -> ForeignOrder:
    held = snapshot.positions[named.con_id]
    side = _closing_side(held)
    taken = _taken(book, named.con_id, side, snapshot)
    return ForeignOrder(
        client_order_id=foreign_orders.client_order_id_of(command.command_id, named.con_id),
        ib_order_id=book.next_ib_order_id(),
        holding=book.holdings[named.con_id],
        side=side,
        order_qty=min(abs(named.qty), abs(held) - taken),
        left_qty=taken,
        created_at=now,
        doubted_at=now,
    )


def _taken(book: Book, con_id: ConId, side: Side, snapshot: Snapshot) -> int:
    """Return how many of a position working orders can take at the most, ours and others'."""
    ours = sum(
        order.leaves_qty
        for order in _live(book)
        if order.holding.con_id == con_id and order.side is side
    )
    # What an order of others filled already is not told here: counting it whole is on the safe
    # side.
    others = sum(
        report.order_qty or 0
        for report in snapshot.open_orders
        if con_id in report.con_ids
        and report.side is side
        and _named(book, report.client_order_id) is None
    )
    return ours + others


def _unnamed(book: Book, command: CloseTrades) -> dict[ConId, str]:
    named = {each.con_id for each in command.positions}
    return {
        con_id: f"{holding.name}: left alone, it was not named in what you confirmed"
        for con_id, holding in book.holdings.items()
        if con_id not in named and not any(trade.is_open for trade in _trades_in(book, con_id))
    }


def _is_combination(report: OrderReport, con_id: ConId) -> bool:
    return len(report.con_ids) > 1 and con_id in report.con_ids


def _closing_side(held: int) -> Side:
    return Side.SELL if held > 0 else Side.BUY


def _trades_in(book: Book, con_id: ConId) -> list[Trade]:
    return [
        trade
        for trade in book.trades.values()
        if trade.contract in book.contracts and book.contracts[trade.contract].con_id == con_id
    ]


def _all(book: Book) -> Iterable[ForeignOrder]:
    return (order for request in book.requests.values() for order in request.foreign)


def _live(book: Book) -> list[ForeignOrder]:
    return [order for order in _all(book) if order.is_live]


def _named(book: Book, client_order_id: ClientOrderId | None) -> ForeignOrder | None:
    found = (order for order in _all(book) if order.client_order_id == client_order_id)
    return next(found, None)


def _numbered(book: Book, ib_order_id: IbOrderId) -> ForeignOrder | None:
    return next((order for order in _all(book) if order.ib_order_id == ib_order_id), None)


def _put(book: Book, order: ForeignOrder) -> None:
    for request in book.requests.values():
        if any(each.client_order_id == order.client_order_id for each in request.foreign):
            orders = tuple(
                order if each.client_order_id == order.client_order_id else each
                for each in request.foreign
            )
            book.put_request(replace(request, foreign=orders))
            return
