"""Exits by level: what must be true about a trade, compared with what is, gives the next orders.

Nothing here remembers what was tried: after any crash the same comparison goes on where it was.
A trade with an order in doubt is left alone until the gateway's evidence is in. Together the
working sells of a trade never exceed what it holds, because the resting children are reduced and
confirmed before an exit leaves.

One exception is left, a fill that is not heard of yet. A change carries the order's whole quantity,
so the change of a stop's price that crosses the reduction of its group on the way makes the stop
as large as before; and a target that is put back into its group can cross a partial fill of the
stop. Both are reduced again once the fill is heard. A group in which an order filled wholly is
taken to refuse newcomers, which the simulator does and IBKR does not document.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from autoscalper.broker import endings
from autoscalper.broker.book import Book
from autoscalper.broker.commands import CancelOrder, Command, ModifyOrder, PlaceOrders
from autoscalper.broker.orders import CHANGE_PATIENCE, Order, Terms, Trade
from autoscalper.broker.records import Phase
from autoscalper.domain.order import OrderStatus, OrderType, Purpose
from autoscalper.domain.pricing import ONE_HUNDRED

PROTECTIVE = frozenset({Purpose.STOP_LOSS, Purpose.TAKE_PROFIT})
ENTERING = frozenset({Purpose.ENTRY, Purpose.ADD})

#: After a fill the gateway reduces the siblings by itself: how long it may take.
SETTLE = timedelta(seconds=1)
#: How long an exit rests at its limit before it is made more marketable, and before it goes to
#: the market.
EXIT_STEP = timedelta(seconds=2)
EXIT_LIMIT = timedelta(seconds=4)
#: How far below the bid an exit's first and second limit may fill, in per cent.
EXIT_SLACK_PERCENT = Decimal(2)
EXIT_STEP_PERCENT = Decimal(10)
#: How old a quote may be to price an exit with.
QUOTE_MAX_AGE = timedelta(seconds=5)
#: Refused stops after which a position that cannot be protected is closed, and refused targets
#: after which it goes on with its stop alone.
MAX_REFUSED = 3
#: Time between two attempts to place what did not last; so many times that after many refusals.
RETRY = timedelta(seconds=1)
LONGEST_RETRY = 8


def converge(book: Book, now: datetime) -> list[Command]:
    """Return the next orders, changes and cancels that bring every open trade to its level."""
    commands: list[Command] = []
    for trade in book.open_trades():
        if endings.end_if_flat(book, trade, now):
            continue
        if book.phase is Phase.TRADING and not book.degraded:
            commands += _converge_trade(book, trade, now)
    return commands


def _converge_trade(book: Book, trade: Trade, now: datetime) -> list[Command]:
    live = [order for order in book.orders_of(trade) if order.is_live]
    if any(order.status is OrderStatus.IN_DOUBT for order in live):
        return []
    buys = [order for order in live if order.purpose in ENTERING]
    protective = [order for order in live if order.purpose in PROTECTIVE]
    if buys:
        return _watch_entries(book, trade, buys, protective, now)
    held = book.held(trade)
    if held < 0:
        text = f"{trade.contract} is short by {-held}: buy it back by hand"
        book.warn(f"short {trade.trade_id} {held}", text, now)
    held = max(held, 0)
    keep = min(held, trade.hold)
    exits = [order for order in live if order.purpose is Purpose.EXIT]
    reduced, commands = _reduce_protection(book, trade, protective, keep, now)
    if not reduced:
        return commands
    commands += _exit(book, trade, exits, held - keep, now)
    # What an exit that is being called off may still sell must not be sold by a stop as well.
    safe = max(held - sum(order.leaves_qty for order in exits), 0)
    return commands + _protect(book, trade, protective, min(keep, safe), now)


def _watch_entries(
    book: Book, trade: Trade, buys: list[Order], protective: list[Order], now: datetime
) -> list[Command]:
    timeout = timedelta(seconds=book.settings_for(trade).entry_timeout_seconds)
    unwanted = _are_unwanted(book, trade, buys, protective, now)
    commands = [
        command
        for order in buys
        if unwanted or now - order.created_at >= timeout
        for command in _cancel(book, order, now)
    ]
    return commands + _reprice(book, trade, protective, now)


def _are_unwanted(
    book: Book, trade: Trade, buys: list[Order], protective: list[Order], now: datetime
) -> bool:
    # Nothing more is bought once enough is held, some was or shall be sold, or a stop is missing.
    held = book.held(trade)
    coming = held + sum(order.leaves_qty for order in buys)
    covered = sum(each.leaves_qty for each in protective if each.purpose is Purpose.STOP_LOSS)
    is_naked = covered < coming and not _is_settling(trade, now)
    return trade.is_enough or held >= trade.hold or coming != trade.hold or is_naked


def _reduce_protection(
    book: Book, trade: Trade, protective: list[Order], keep: int, now: datetime
) -> tuple[bool, list[Command]]:
    # Returns whether stops and targets can sell no more than ``keep``, and how they come to it.
    # Only a stop and a target of one group take from each other what they fill, so a target may
    # sell as much as its own group's stop.
    commands: list[Command] = []
    done = True
    held = book.held(trade)
    settling = keep == held and (_is_settling(trade, now) or _parents_just_ended(book, trade, now))
    room = keep
    for group in _groups(protective):
        stops = [order.leaves_qty for order in group if order.purpose is Purpose.STOP_LOSS]
        allowed = min(sum(stops), room)
        room -= allowed
        for order in group:
            if order.leaves_qty > allowed:
                done = False
                if not settling or _enlarges(order, allowed):
                    commands += _shrink(book, trade, order, allowed, now)
    return done, commands


def _enlarges(order: Order, leaves_qty: int) -> bool:
    # A change carries the whole quantity: on its way it crosses what the gateway reduces.
    return order.asked is not None and order.asked.order_qty > order.cum_qty + leaves_qty


def _groups(protective: list[Order]) -> list[list[Order]]:
    groups: dict[str, list[Order]] = {}
    for order in protective:
        groups.setdefault(order.oca_group, []).append(order)
    return list(groups.values())


def _shrink(
    book: Book, trade: Trade, order: Order, leaves_qty: int, now: datetime
) -> list[Command]:
    if leaves_qty == 0:
        return _cancel(book, order, now)
    terms = replace(_wanted_terms(trade, order), order_qty=order.cum_qty + leaves_qty)
    return _modify(book, order, terms, now)


def _parents_just_ended(book: Book, trade: Trade, now: datetime) -> bool:
    # The gateway cancels the children of a canceled parent by itself: give it the time.
    return any(
        order.status is OrderStatus.CANCELED
        and order.asked_at is not None
        and now - order.asked_at < CHANGE_PATIENCE
        for order in book.orders_of(trade)
        if order.purpose in ENTERING
    )


def _exit(
    book: Book, trade: Trade, exits: list[Order], excess: int, now: datetime
) -> list[Command]:
    selling = sum(order.leaves_qty for order in exits)
    if selling > excess:
        return [command for order in exits for command in _cancel(book, order, now)]
    commands = [command for order in exits for command in _walk(book, order, now)]
    missing = min(excess - selling, _sellable(book, trade))
    if missing < excess - selling and trade.unseen_at is None:
        # What we count and what the account shows disagree: the gateway is asked soon.
        trade = replace(trade, unseen_at=now)
        book.put_trade(trade)
    if missing <= 0 or _failed_lately(book, trade, Purpose.EXIT, now):
        return commands
    limit = _exit_limit(book, trade, EXIT_SLACK_PERCENT, now)
    tried = [each for each in book.orders_of(trade) if each.purpose is Purpose.EXIT]
    walked = bool(tried) and tried[-1].status is OrderStatus.CANCELED
    if limit is None or walked:
        order_type, limit = OrderType.MARKET, None
    else:
        order_type = OrderType.LIMIT
    terms = Terms(order_qty=missing, limit_price=limit)
    order = book.new_order(trade, Purpose.EXIT, order_type, terms, now)
    return [*commands, PlaceOrders(orders=(order,), details=book.contracts[trade.contract])]


def _walk(book: Book, order: Order, now: datetime) -> list[Command]:
    age = now - order.created_at
    if order.order_type is OrderType.MARKET or age < EXIT_STEP:
        return []
    if age >= EXIT_LIMIT:
        return _cancel(book, order, now)
    trade = book.trades[order.trade_id]
    limit = _exit_limit(book, trade, EXIT_STEP_PERCENT, now)
    current = order.terms.limit_price
    if limit is None or current is None or limit >= current:
        return []
    return _modify(book, order, replace(order.terms, limit_price=limit), now)


def _exit_limit(book: Book, trade: Trade, slack: Decimal, now: datetime) -> Decimal | None:
    quote = book.quotes.get(trade.contract)
    if quote is None or quote.bid is None or now - quote.at > QUOTE_MAX_AGE:
        return None
    limit = book.contracts[trade.contract].ticks.down(quote.bid * (1 - slack / ONE_HUNDRED))
    return limit if limit > 0 else None


def _sellable(book: Book, trade: Trade) -> int:
    """Return how many contracts IBKR holds for us that no working sell is out for already."""
    con_id = book.contracts[trade.contract].con_id
    if book.snapshot is None:
        return 0
    position = book.snapshot.positions.get(con_id, 0) + book.filled_since_snapshot.get(con_id, 0)
    selling = sum(
        order.leaves_qty
        for other in book.open_trades()
        if other.contract == trade.contract
        for order in book.orders_of(other)
        if order.purpose in (Purpose.EXIT, Purpose.STOP_LOSS)
    )
    return position - selling


def _protect(
    book: Book, trade: Trade, protective: list[Order], keep: int, now: datetime
) -> list[Command]:
    stops = [order for order in protective if order.purpose is Purpose.STOP_LOSS]
    covered = sum(order.leaves_qty for order in stops)
    if keep > covered:
        return _cover(book, trade, protective, keep - covered, now)
    changes = _reprice(book, trade, protective, now)
    return changes + _restore_targets(book, trade, protective, now)


def _reprice(book: Book, trade: Trade, protective: list[Order], now: datetime) -> list[Command]:
    commands: list[Command] = []
    for order in protective:
        wanted = _wanted_terms(trade, order)
        if wanted != order.terms and order.status is not OrderStatus.PENDING_CANCEL:
            commands += _modify(book, order, wanted, now)
    return commands


def _wanted_terms(trade: Trade, order: Order) -> Terms:
    if order.purpose is Purpose.STOP_LOSS:
        return replace(order.terms, stop_price=trade.stop_price)
    return replace(order.terms, limit_price=trade.target_price)


def _cover(
    book: Book, trade: Trade, protective: list[Order], naked: int, now: datetime
) -> list[Command]:
    if _is_settling(trade, now) and protective:
        return []
    refused = _refused(book, trade, Purpose.STOP_LOSS)
    if len(refused) >= MAX_REFUSED:
        _give_up_protecting(book, trade, refused[-1], now)
        return []
    if _failed_lately(book, trade, Purpose.STOP_LOSS, now):
        return []
    return [place_protection(book, trade, naked, now)]


def _restore_targets(
    book: Book, trade: Trade, protective: list[Order], now: datetime
) -> list[Command]:
    bare = [
        group[0]
        for group in _groups(protective)
        if all(order.purpose is Purpose.STOP_LOSS for order in group)
        and not _has_filled(book, trade, group[0].oca_group)
    ]
    refused = _refused(book, trade, Purpose.TAKE_PROFIT)
    if bare and len(refused) >= MAX_REFUSED:
        why = refused[-1].error
        text = f"the target for {trade.contract} is refused ({why}): only its stop is there"
        book.warn(f"no target {trade.trade_id}", text, now)
        return []
    if _is_settling(trade, now) or _failed_lately(book, trade, Purpose.TAKE_PROFIT, now):
        return []
    return [_restore_target(book, trade, stop, now) for stop in bare]


def _has_filled(book: Book, trade: Trade, oca_group: str) -> bool:
    # Nothing can join a group any more in which something filled.
    group = [each for each in book.orders_of(trade) if each.oca_group == oca_group]
    return any(order.cum_qty for order in group)


def _restore_target(book: Book, trade: Trade, stop: Order, now: datetime) -> Command:
    terms = Terms(order_qty=stop.leaves_qty, limit_price=trade.target_price)
    target = book.new_order(
        trade, Purpose.TAKE_PROFIT, OrderType.LIMIT, terms, now, oca_group=stop.oca_group
    )
    return PlaceOrders(orders=(target,), details=book.contracts[trade.contract])


def place_protection(
    book: Book, trade: Trade, qty: int, now: datetime, parent: Order | None = None
) -> PlaceOrders:
    """Return a stop and a target for ``qty`` contracts that cancel each other.

    With a ``parent`` they are its children and leave with it as one unit.
    """
    group = f"{trade.trade_id}|G{book.count(trade, Purpose.STOP_LOSS)}"
    target = (
        Purpose.TAKE_PROFIT,
        OrderType.LIMIT,
        Terms(order_qty=qty, limit_price=trade.target_price),
    )
    stop = (Purpose.STOP_LOSS, OrderType.STOP, Terms(order_qty=qty, stop_price=trade.stop_price))
    # The stop leaves first when nothing protects yet, and last in a bracket, which it transmits.
    # Order ids rise in the order of sending: the gateway refuses one below the last (103).
    legs = tuple(
        book.new_order(trade, purpose, kind, terms, now, parent=parent, oca_group=group)
        for purpose, kind, terms in ((target, stop) if parent else (stop, target))
    )
    orders = (parent, *legs) if parent else legs
    return PlaceOrders(orders=orders, details=book.contracts[trade.contract])


def _cancel(book: Book, order: Order, now: datetime) -> list[Command]:
    if order.status is OrderStatus.PENDING_CANCEL and not order.may_ask_again(now):
        return []
    canceling = replace(
        order, status=OrderStatus.PENDING_CANCEL, asked=None, asked_at=now, error=""
    )
    book.put_order(canceling)
    return [CancelOrder(ib_order_id=order.ib_order_id)]


def _modify(book: Book, order: Order, terms: Terms, now: datetime) -> list[Command]:
    is_new = order.status is OrderStatus.PENDING_NEW and now - order.created_at < CHANGE_PATIENCE
    refused_or_asked = order.asked in (terms, None) and not order.may_ask_again(now)
    if is_new or refused_or_asked:
        # A change too soon after its order can be taken for a second order (103).
        return []
    asked = replace(order, asked=terms, asked_at=now)
    book.put_order(asked)
    return [
        ModifyOrder(
            order=asked,
            details=book.contracts[order.contract],
            terms=terms,
        )
    ]


def _is_settling(trade: Trade, now: datetime) -> bool:
    return trade.filled_at is not None and now - trade.filled_at < SETTLE


def _refused(book: Book, trade: Trade, purpose: Purpose) -> list[Order]:
    return [each for each in book.orders_of(trade) if each.purpose is purpose and each.is_refused]


def _failed_lately(book: Book, trade: Trade, purpose: Purpose, now: datetime) -> bool:
    tried = [each for each in book.orders_of(trade) if each.purpose is purpose]
    if not tried or tried[-1].is_live or tried[-1].cum_qty:
        return False
    refused = len(_refused(book, trade, purpose))
    return now - tried[-1].created_at < RETRY * min(max(refused, 1), LONGEST_RETRY)


def _give_up_protecting(book: Book, trade: Trade, refused: Order, now: datetime) -> None:
    book.put_trade(replace(trade, hold=0))
    text = f"the stop for {trade.contract} is refused ({refused.error}): closing the trade"
    book.warn(f"unprotected {trade.trade_id}", text, now)
