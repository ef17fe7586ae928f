"""Makes ours agree with theirs after every connect: one pure function from both to what follows.

The gateway's evidence decides what became of an order in doubt: open orders, executions,
completed orders. An order that none of them has, twice and some seconds apart, is given up: an
entry becomes a tombstone, a protection is placed anew as another intent.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec.structs import replace

from autoscalper.broker import orderbook
from autoscalper.broker.book import Book
from autoscalper.broker.commands import CancelOrder, Command
from autoscalper.broker.events import OrderReport, PositionReported, Snapshot
from autoscalper.broker.groups import PROTECTIVE
from autoscalper.broker.orders import ASK_AFTER, OUR_PREFIX, Order, Trade, net_qty
from autoscalper.broker.words import order_named
from autoscalper.domain.exchange import exchange_day
from autoscalper.domain.identity import ClientOrderId, ConId, IbOrderId
from autoscalper.domain.order import WORKING, OrderStatus, Purpose
from autoscalper.links import any_to_alert

#: How long an order in doubt may have been under way before it counts as not there.
GRACE = timedelta(seconds=3)
#: The same for protection: what it leaves without a stop is worse than a second stop for as long as
#: it takes to cancel a first one that shows up after all.
GRACE_OF_PROTECTION = timedelta(seconds=2)
#: And for protection that worked before, or that the gateway complained of: it is not on its way.
GRACE_OF_LOST_PROTECTION = timedelta(seconds=1)
#: Least time between two snapshots that are taken because of a doubt.
BETWEEN_SNAPSHOTS = timedelta(seconds=0.5)
#: How long after contracts left a trade by another hand they are still the trade's if they are in
#: the account again: a gateway that has just started can show positions late.
RETURNED_WITHIN = timedelta(minutes=5)


def is_due(book: Book, now: datetime) -> bool:
    """Return whether something has been in doubt for so long that the gateway must be asked."""
    asked_at = book.snapshot_asked_at
    if book.snapshot_awaited or (asked_at is not None and now - asked_at < BETWEEN_SNAPSHOTS):
        return False
    if any(order.twin_perm_id is not None for order in book.orders.values()):
        return True
    live = [order for order in book.orders.values() if order.is_live]
    if any(orderbook.is_disputed(order) for order in live):
        return True
    doubts = [order.doubted_at for order in live]
    doubts += [trade.unseen_at for trade in book.open_trades()]
    return any(since is not None and now - since >= ASK_AFTER for since in doubts)


def grace_of(order: Order) -> timedelta:
    """Return how long ``order`` may be in doubt before it counts as not there."""
    if order.purpose not in PROTECTIVE:
        return GRACE
    if order.worked or orderbook.is_disputed(order):
        return GRACE_OF_LOST_PROTECTION
    # What hangs on an entry arrives with it, or never.
    return GRACE if order.parent is not None else GRACE_OF_PROTECTION


def reconcile(book: Book, snapshot: Snapshot, now: datetime) -> list[Command]:
    """Take a full snapshot into ``book`` and return the cancels that it calls for."""
    book.snapshot, book.snapshot_awaited = snapshot, False
    book.filled_since_snapshot = {}
    book.raise_high_water_mark(_highest_used(snapshot))
    for fill in snapshot.fills:
        orderbook.apply_fill(book, fill, now)
    book.filled_since_snapshot = {}
    for twin in [each for each in book.orders.values() if each.twin_perm_id is not None]:
        book.put_order(replace(twin, twin_perm_id=None))
    commands: list[Command] = []
    shown = _ours(snapshot.open_orders)
    for ref, reports in shown.items():
        commands += _open_order(book, ref, reports, now)
    for report in snapshot.completed or ():
        done = orderbook.find(book, report)
        if done is not None and done.is_live and not _is_shown(done, shown):
            orderbook.apply_report(book, report, now)
    for order in [each for each in book.orders.values() if each.is_live]:
        if not _is_shown(order, shown) and not _is_newer(book, order):
            commands += _missing(book, order, snapshot, now)
    for trade in book.open_trades():
        _compare_position(book, trade, snapshot, now)
    for con_id, position in snapshot.positions.items():
        _take_back(book, con_id, position, now)
    return commands


def _highest_used(snapshot: Snapshot) -> IbOrderId:
    used = [report.ib_order_id for report in snapshot.open_orders]
    used += [fill.ib_order_id for fill in snapshot.fills]
    return max([IbOrderId(snapshot.next_order_id - 1), *used])


def _ours(reports: Iterable[OrderReport]) -> dict[ClientOrderId, list[OrderReport]]:
    ours: dict[ClientOrderId, list[OrderReport]] = {}
    for report in reports:
        if report.client_order_id is not None and report.client_order_id.startswith(OUR_PREFIX):
            ours.setdefault(report.client_order_id, []).append(report)
    return ours


def _open_order(
    book: Book, ref: ClientOrderId, reports: list[OrderReport], now: datetime
) -> list[Command]:
    """Take in what is shown of one of ours, and return the cancel of what must not work.

    A cancel names the order by its order id, which IBKR may have given to two (a change on its
    way when the gateway loses IBKR's servers, nautilus_trader#4564): whichever of them it ends,
    the next snapshot shows what is left.
    """
    perm_ids = [report.perm_id for report in reports if report.perm_id is not None]
    order = book.orders.get(ref)
    if order is not None and perm_ids and order.perm_id not in perm_ids:
        book.put_order(replace(order, perm_id=perm_ids[0]))
    for report in reports:
        order = orderbook.apply_report(book, report, now)
    if order is None:
        return []
    if order.twin_perm_id is not None:
        text = f"{order_named(order)} works twice at IBKR: canceling one of them"
        _tell(book, f"forked {ref} {order.twin_perm_id}", text, now)
    elif order.is_live or reports[-1].status not in WORKING:
        return []
    return [CancelOrder(ib_order_id=order.ib_order_id)]


def _is_shown(order: Order, shown: dict[ClientOrderId, list[OrderReport]]) -> bool:
    # Inactive is listed and does not work: as good as missing, until it is said to work.
    reports = shown.get(order.client_order_id, ())
    return any(report.status is not OrderStatus.IN_DOUBT for report in reports)


def _is_newer(book: Book, order: Order) -> bool:
    asked_at = book.snapshot_asked_at
    return asked_at is not None and order.created_at >= asked_at


def _missing(book: Book, order: Order, snapshot: Snapshot, now: datetime) -> list[Command]:
    """An order that we take for live and that the gateway does not show."""
    if order.cum_qty >= order.terms.order_qty:
        book.put_order(replace(order, status=OrderStatus.FILLED, doubted_at=None))
        return []
    doubted_at = order.doubted_at or now
    is_early = not order.missed or now - doubted_at < grace_of(order)
    if is_early and not _never_arrived(book, order, snapshot):
        doubted = replace(
            order, status=OrderStatus.IN_DOUBT, doubted_at=doubted_at, missed=True, asked=None
        )
        book.put_order(doubted)
        return []
    book.put_order(replace(order, status=OrderStatus.ABANDONED, doubted_at=None))
    # The gateway may hold it back untransmitted, or accept it late: then this ends it there.
    return [CancelOrder(ib_order_id=order.ib_order_id)]


def _never_arrived(book: Book, order: Order, snapshot: Snapshot) -> bool:
    """Return whether an exit from before this connection is known to have been lost on its way.

    The gateway would still accept its id. It need not be waited for: what replaces it has a higher
    id, and the gateway refuses whatever comes late with a lower one (103).
    """
    replaced = order.purpose not in (Purpose.ENTRY, Purpose.ADD) and order.parent is None
    unseen = not order.worked and order.cum_qty == 0
    return replaced and unseen and snapshot.next_order_id <= order.ib_order_id <= book.sent_before


def _compare_position(book: Book, trade: Trade, snapshot: Snapshot, now: datetime) -> None:
    # Positions and executions are told apart and late: only what stays away is gone.
    if any(_is_in_doubt(each) for each in book.orders_of(trade)):
        return
    external_qty = max(net_qty(book.orders_of(trade)) - _position_of(book, trade, snapshot), 0)
    if external_qty <= trade.external_qty:
        seen = replace(trade, external_qty=external_qty, unseen_at=None)
        if seen != trade:
            book.put_trade(seen)
        return
    unseen_at = trade.unseen_at or now
    just_filled = trade.filled_at is not None and now - trade.filled_at < GRACE
    if now - unseen_at < GRACE or just_filled:
        book.put_trade(replace(trade, unseen_at=unseen_at))
        return
    gone = external_qty - trade.external_qty
    book.put_trade(replace(trade, external_qty=external_qty, unseen_at=None))
    left = book.held(book.trades[trade.trade_id])
    text = f"{gone} of {trade.contract} left the account by another hand: {left} are ours"
    _tell(book, f"external {trade.trade_id} {external_qty}", text, now)


def hear_position(book: Book, event: PositionReported, now: datetime) -> None:
    """Doubt the trades of a contract of which the account holds fewer than we count.

    IBKR tells positions apart from executions, so that it can be early: a snapshot decides.
    """
    if book.snapshot is None:
        return
    _take_back(book, event.con_id, event.position, now)
    counted = book.snapshot.positions.get(event.con_id, 0)
    counted += book.filled_since_snapshot.get(event.con_id, 0)
    if event.position >= counted:
        return
    for trade in book.open_trades():
        if book.contracts[trade.contract].con_id == event.con_id and trade.unseen_at is None:
            book.put_trade(replace(trade, unseen_at=now))


def _take_back(book: Book, con_id: ConId, position: int, now: datetime) -> None:
    """Let a trade go on whose contracts had left by another hand and are there again."""
    for trade in _lately_emptied(book, now) if position > 0 else ():
        others = [each for each in book.open_trades() if each.contract == trade.contract]
        if book.contracts[trade.contract].con_id != con_id or others:
            continue
        back = min(position, trade.external_qty)
        left = trade.external_qty - back
        book.put_trade(replace(trade, closed_at=None, external_qty=left, unseen_at=None))
        text = f"{back} of {trade.contract} are in the account again: protecting them"
        _tell(book, f"returned {trade.trade_id} {now.isoformat()}", text, now)


def _lately_emptied(book: Book, now: datetime) -> list[Trade]:
    return [
        trade
        for trade in book.trades.values()
        if trade.closed_at is not None
        and trade.external_qty > 0
        and now - trade.closed_at <= RETURNED_WITHIN
        and exchange_day(now) <= trade.contract.expiry
    ]


def _position_of(book: Book, trade: Trade, snapshot: Snapshot) -> int:
    position = snapshot.positions.get(book.contracts[trade.contract].con_id, 0)
    others = sum(
        max(book.held(other), 0)
        for other in book.open_trades()
        if other.contract == trade.contract and other.trade_id != trade.trade_id
    )
    return max(position - others, 0)


def _is_in_doubt(order: Order) -> bool:
    return order.status is OrderStatus.IN_DOUBT


def _tell(book: Book, key: str, text: str, now: datetime) -> None:
    book.notify(
        key, any_to_alert.Reported(level=any_to_alert.Level.CRITICAL, text=text, reported_at=now)
    )
