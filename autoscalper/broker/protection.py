"""What rests at the broker for what is held: stops, targets, and a sale for the last day.

Every contract that is kept has a stop. Each group (see ``groups``) has one stop, at most one
target, and one sale that goes to the market on the last day by itself. A target for a part of the
position needs a group of its own, and a group is split in two steps. First all but its stop is
reduced, while the stop still covers everything. Then the stop is, and the moment the gateway says
so the new group leaves, its stop first. In between the part that moves has no stop for the round
trip of that one change. It cannot be shorter: the two stops are in different groups, so nothing at
the gateway ties the one to the other, and a new stop that left without the answer would sell short
if the old one had just sold everything and nobody had heard of it yet. What a fall through the stop
costs in a round trip is a sale that much later.

A stop of another kind (fixed, trailing) joins the group of the one that it replaces, which is
canceled only when the new one works: there is no moment without.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from autoscalper.broker import averages, flatten
from autoscalper.broker.book import Book
from autoscalper.broker.changes import (
    MAX_REFUSED,
    cancel,
    failed_lately,
    is_settling,
    modify,
    refused,
)
from autoscalper.broker.commands import Command, PlaceOrders
from autoscalper.broker.groups import ENTERING, covered_by, groups_of, is_spent, only
from autoscalper.broker.orders import CHANGE_PATIENCE, Order, Terms, Trade
from autoscalper.broker.targets import Part, parts_of, price_of_group
from autoscalper.domain.order import WORKING, OrderStatus, OrderType, Purpose, Side


def reduce(
    book: Book, trade: Trade, protective: list[Order], keep: int, now: datetime
) -> tuple[bool, list[Command]]:
    """Return whether what rests can sell no more than ``keep``, and how it comes to that."""
    commands: list[Command] = []
    done = True
    held = book.held(trade)
    settling = keep == held and (is_settling(trade, now) or _parents_just_ended(book, trade, now))
    room = keep
    for group in groups_of(protective):
        allowed = min(covered_by(group), room)
        room -= allowed
        for order in group:
            if order.leaves_qty > allowed:
                done = False
                if not settling or _enlarges(order, allowed):
                    commands += _shrink(book, trade, order, allowed, now)
    return done, commands


def protect(
    book: Book, trade: Trade, protective: list[Order], keep: int, now: datetime
) -> list[Command]:
    """Return what gives each of ``keep`` contracts its stop, and its target where it has one."""
    covered = covered_by(protective)
    if keep > covered:
        return _cover(book, trade, protective, keep, now)
    splitting = _split(book, trade, protective, keep, now)
    if splitting:
        return splitting
    commands = [
        *reprice(book, trade, protective, now),
        *_replace_stops(book, trade, protective, now),
    ]
    if splitting is None:
        commands += _restore(book, trade, protective, now)
    return commands


def reprice(book: Book, trade: Trade, protective: list[Order], now: datetime) -> list[Command]:
    """Return the changes that bring resting orders to the prices of the trade."""
    commands: list[Command] = []
    groups = groups_of(protective)
    makes_way = averages.makes_way(book, trade)
    for index, group in enumerate(groups):
        target = price_of_group(trade, index, len(groups))
        for order in group:
            if order.status is OrderStatus.PENDING_CANCEL:
                continue
            if order.purpose is Purpose.TAKE_PROFIT and (target is None or makes_way):
                commands += cancel(book, order, now)
                continue
            wanted = _never_larger(order)
            if order.purpose is Purpose.TAKE_PROFIT:
                wanted = replace(wanted, limit_price=target)
            elif order.order_type is OrderType.STOP and _fits(trade, order):
                wanted = replace(wanted, stop_price=trade.stop_price)
            if wanted != order.terms:
                commands += modify(book, order, wanted, now)
    return commands


def bracket(book: Book, trade: Trade, entry: Order, now: datetime) -> PlaceOrders:
    """Return ``entry`` with its children, which leave with it as one unit.

    It protects all that it buys in one group. Further targets take their part once it is bought:
    IBKR does not say what becomes of several groups of one parent that fills in part.
    """
    part = Part(qty=entry.terms.order_qty, target=price_of_group(trade, 0, 1))
    return _place(book, trade, part, now, parent=entry)


def _fits(trade: Trade, stop: Order) -> bool:
    kind = OrderType.STOP if trade.trail is None else OrderType.TRAILING_STOP
    return stop.order_type is kind and stop.trail == trade.trail


def _never_larger(order: Order) -> Terms:
    # A change carries the whole quantity: one that is on its way to less must not be undone.
    asked = (order.asked or order.terms).order_qty
    return replace(order.terms, order_qty=min(asked, order.terms.order_qty))


def _enlarges(order: Order, leaves_qty: int) -> bool:
    # A change carries the whole quantity: on its way it crosses what the gateway reduces.
    return order.asked is not None and order.asked.order_qty > order.cum_qty + leaves_qty


def _shrink(
    book: Book, trade: Trade, order: Order, leaves_qty: int, now: datetime
) -> list[Command]:
    if leaves_qty == 0:
        return cancel(book, order, now)
    terms = order.asked or order.terms
    if order.purpose is Purpose.STOP_LOSS and _fits(trade, order):
        terms = replace(terms, stop_price=trade.stop_price)
    return modify(book, order, replace(terms, order_qty=order.cum_qty + leaves_qty), now)


def _parents_just_ended(book: Book, trade: Trade, now: datetime) -> bool:
    # The gateway cancels the children of a canceled parent by itself: give it the time.
    return any(
        order.status is OrderStatus.CANCELED
        and order.asked_at is not None
        and now - order.asked_at < CHANGE_PATIENCE
        for order in book.orders_of(trade)
        if order.purpose in ENTERING
    )


def _cover(
    book: Book, trade: Trade, protective: list[Order], keep: int, now: datetime
) -> list[Command]:
    if _may_be_reducing(book, trade, now) and protective:
        return []
    refusals = refused(book, trade, Purpose.STOP_LOSS)
    if len(refusals) >= MAX_REFUSED:
        _give_up_protecting(book, trade, refusals[-1], now)
        return []
    if failed_lately(book, trade, Purpose.STOP_LOSS, now):
        return []
    kept = [covered_by(group) for group in groups_of(protective)]
    return [_place(book, trade, part, now) for part in parts_of(trade, keep, kept)]


def _split(
    book: Book, trade: Trade, protective: list[Order], keep: int, now: datetime
) -> list[Command] | None:
    # None: no group is larger than its part. Empty: one is, and the answer is awaited.
    if _may_be_reducing(book, trade, now):
        return None
    if any(order.status not in WORKING for order in protective):
        return None
    groups = groups_of(protective)
    parts = parts_of(trade, keep, [])
    for index, group in enumerate(groups):
        covered = covered_by(group)
        qty = _size_of(group, parts[index].qty if len(groups) < len(parts) else covered)
        if qty < covered:
            rest = [each for each in group if each.purpose is not Purpose.STOP_LOSS]
            first = [each for each in rest if each.leaves_qty > qty]
            return [
                command
                for order in first or only(group, Purpose.STOP_LOSS)
                for command in _shrink(book, trade, order, qty, now)
            ]
    return None


def _size_of(group: list[Order], qty: int) -> int:
    # What was begun is finished, whatever is wanted meanwhile: a target for less than its stop
    # would take the whole stop with it.
    rest = [each.leaves_qty for each in group if each.purpose is not Purpose.STOP_LOSS]
    return min([qty, *filter(None, rest)])


def _may_be_reducing(book: Book, trade: Trade, now: datetime) -> bool:
    # What was bought just now reduces nothing, and its further targets are in a hurry.
    sold = any(order.cum_qty for order in book.orders_of(trade) if order.side is Side.SELL)
    return sold and is_settling(trade, now)


def _replace_stops(
    book: Book, trade: Trade, protective: list[Order], now: datetime
) -> list[Command]:
    commands: list[Command] = []
    for group in groups_of(protective):
        stops = only(group, Purpose.STOP_LOSS)
        fitting = [stop for stop in stops if _fits(trade, stop)]
        others = [stop for stop in stops if not _fits(trade, stop)]
        if not others:
            continue
        if any(stop.status in WORKING for stop in fitting):
            commands += [each for stop in others for each in cancel(book, stop, now)]
        elif not fitting and not is_settling(trade, now):
            commands += _join_stop(book, trade, others[0], now)
    return commands


def _join_stop(book: Book, trade: Trade, beside: Order, now: datetime) -> list[Command]:
    group = [each for each in book.orders_of(trade) if each.oca_group == beside.oca_group]
    refusals = [each for each in only(group, Purpose.STOP_LOSS) if each.is_refused]
    if is_spent(group, beside.oca_group) or len(refusals) >= MAX_REFUSED:
        why = refusals[-1].error if refusals else "its group filled"
        text = f"the stop for {trade.contract} cannot be replaced ({why}): it stays of its kind"
        book.warn(f"stop stays {beside.client_order_id}", text, now)
        book.put_trade(replace(trade, trail=beside.trail))
        return []
    if failed_lately(book, trade, Purpose.STOP_LOSS, now):
        return []
    stop = _stop(book, trade, beside.leaves_qty, now, oca_group=beside.oca_group)
    return [PlaceOrders(orders=(stop,), details=book.contracts[trade.contract])]


def _restore(book: Book, trade: Trade, protective: list[Order], now: datetime) -> list[Command]:
    commands: list[Command] = []
    groups = groups_of(protective)
    for index, group in enumerate(groups):
        stops = only(group, Purpose.STOP_LOSS)
        if not stops or is_settling(trade, now):
            continue
        part = Part(qty=covered_by(group), target=price_of_group(trade, index, len(groups)))
        commands += _restore_last_sale(book, trade, group, part, now)
        is_bare = not only(group, Purpose.TAKE_PROFIT) and not averages.makes_way(book, trade)
        if part.target is not None and is_bare:
            commands += _join(book, trade, Purpose.TAKE_PROFIT, stops[0].oca_group, part, now)
    return commands


def _restore_last_sale(
    book: Book, trade: Trade, group: list[Order], part: Part, now: datetime
) -> list[Command]:
    at = _last_sale_at(book, trade)
    resting = only(group, Purpose.FLATTEN)
    if at <= now:
        return []
    if not resting:
        return _join(book, trade, Purpose.FLATTEN, group[0].oca_group, part, now)
    # The contract's own hours became known, or FLATTEN_AT is another.
    late = [each for each in resting if each.active_at != at]
    if _has_filled(book, trade, group[0].oca_group):
        return []
    return [command for each in late for command in cancel(book, each, now)]


def _join(
    book: Book, trade: Trade, purpose: Purpose, oca_group: str, part: Part, now: datetime
) -> list[Command]:
    if _has_filled(book, trade, oca_group):
        return []
    refusals = refused(book, trade, purpose)
    if len(refusals) >= MAX_REFUSED:
        what = "target" if purpose is Purpose.TAKE_PROFIT else "sale for the last day"
        why = refusals[-1].error
        text = f"the {what} for {trade.contract} is refused ({why}): only its stop is there"
        book.warn(f"no {what} {trade.trade_id}", text, now)
        return []
    if failed_lately(book, trade, purpose, now):
        return []
    order = _leg(book, trade, purpose, part, now, oca_group=oca_group)
    return [PlaceOrders(orders=(order,), details=book.contracts[trade.contract])]


def _has_filled(book: Book, trade: Trade, oca_group: str) -> bool:
    # Nothing can join such a group any more.
    group = [each for each in book.orders_of(trade) if each.oca_group == oca_group]
    return any(order.cum_qty for order in group)


def _place(
    book: Book, trade: Trade, part: Part, now: datetime, parent: Order | None = None
) -> PlaceOrders:
    group = f"{trade.trade_id}|G{book.count(trade, Purpose.STOP_LOSS)}"
    purposes = [Purpose.TAKE_PROFIT] if part.target is not None else []
    if _last_sale_at(book, trade) > now:
        purposes.append(Purpose.FLATTEN)
    # The stop leaves first when nothing protects yet, and last in a bracket, which it transmits.
    # Order ids rise in the order of sending: the gateway refuses one below the last (103).
    purposes.insert(len(purposes) if parent else 0, Purpose.STOP_LOSS)
    legs = tuple(
        _leg(book, trade, purpose, part, now, oca_group=group, parent=parent)
        for purpose in purposes
    )
    orders = (parent, *legs) if parent else legs
    return PlaceOrders(orders=orders, details=book.contracts[trade.contract])


def _leg(
    book: Book,
    trade: Trade,
    purpose: Purpose,
    part: Part,
    now: datetime,
    *,
    oca_group: str,
    parent: Order | None = None,
) -> Order:
    if purpose is Purpose.STOP_LOSS:
        return _stop(book, trade, part.qty, now, oca_group=oca_group, parent=parent)
    is_target = purpose is Purpose.TAKE_PROFIT
    return book.new_order(
        trade,
        purpose,
        OrderType.LIMIT if is_target else OrderType.MARKET,
        Terms(order_qty=part.qty, limit_price=part.target if is_target else None),
        now,
        parent=parent,
        oca_group=oca_group,
        active_at=None if is_target else _last_sale_at(book, trade),
    )


def _stop(
    book: Book,
    trade: Trade,
    qty: int,
    now: datetime,
    *,
    oca_group: str,
    parent: Order | None = None,
) -> Order:
    return book.new_order(
        trade,
        Purpose.STOP_LOSS,
        OrderType.STOP if trade.trail is None else OrderType.TRAILING_STOP,
        Terms(order_qty=qty, stop_price=trade.stop_price),
        now,
        parent=parent,
        oca_group=oca_group,
        trail=trade.trail,
    )


def _last_sale_at(book: Book, trade: Trade) -> datetime:
    return flatten.last_sale_at(book, trade.contract, book.settings_for(trade))


def _give_up_protecting(book: Book, trade: Trade, last: Order, now: datetime) -> None:
    book.put_trade(replace(trade, hold=0))
    text = f"the stop for {trade.contract} is refused ({last.error}): closing the trade"
    book.warn(f"unprotected {trade.trade_id}", text, now)
