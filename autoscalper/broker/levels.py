"""Exits by level: what must be true about a trade, compared with what is, gives the next orders.

Nothing here remembers what was tried: after any crash the same comparison goes on where it was.
A trade with an order in doubt is left alone until the gateway's evidence is in. Together the
working sells of a trade never exceed what it holds, because the resting children are reduced and
confirmed before an exit leaves.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from autoscalper.broker import endings
from autoscalper.broker.book import Book, Phase
from autoscalper.broker.commands import CancelOrder, Command, ModifyOrder, PlaceOrders
from autoscalper.broker.orders import Order, Terms, Trade
from autoscalper.domain.order import OrderStatus, OrderType, Purpose
from autoscalper.domain.pricing import ONE_HUNDRED
from autoscalper.links import any_to_alert

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
#: Refused stops after which a position that cannot be protected is closed.
MAX_REFUSED_STOPS = 3
#: Time between two attempts to place what was refused.
RETRY = timedelta(seconds=1)
#: How long a change may stay unconfirmed before it is asked for again.
CHANGE_PATIENCE = timedelta(seconds=2)


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
    if buys:
        return _watch_entries(book, trade, buys, now)
    held = book.held(trade)
    if held < 0:
        _report_short(book, trade, held, now)
        return []
    keep = min(held, trade.hold)
    protective = [order for order in live if order.purpose in PROTECTIVE]
    exits = [order for order in live if order.purpose is Purpose.EXIT]
    reduced, commands = _reduce_protection(book, trade, protective, keep, now)
    if not reduced:
        return commands
    commands += _exit(book, trade, exits, held - keep, now)
    return commands + _protect(book, trade, protective, keep, now)


def _watch_entries(book: Book, trade: Trade, buys: list[Order], now: datetime) -> list[Command]:
    timeout = timedelta(seconds=book.settings.entry_timeout_seconds)
    unwanted = book.held(trade) >= trade.hold
    return [
        command
        for order in buys
        if unwanted or now - order.created_at >= timeout
        for command in _cancel(book, order, now)
    ]


def _reduce_protection(
    book: Book, trade: Trade, protective: list[Order], keep: int, now: datetime
) -> tuple[bool, list[Command]]:
    """Return whether stops and targets cover no more than ``keep``, and how they come to it."""
    commands: list[Command] = []
    done = True
    held = book.held(trade)
    settling = keep == held and (_is_settling(trade, now) or _parents_just_ended(book, trade, now))
    for purpose in (Purpose.STOP_LOSS, Purpose.TAKE_PROFIT):
        room = keep
        for order in (each for each in protective if each.purpose is purpose):
            allowed = min(order.leaves_qty, room)
            room -= allowed
            if allowed == order.leaves_qty:
                continue
            done = False
            if settling:
                continue
            if allowed == 0:
                commands += _cancel(book, order, now)
            else:
                terms = replace(order.terms, order_qty=order.cum_qty + allowed)
                commands += _modify(book, order, terms, now)
    return done, commands


def _parents_just_ended(book: Book, trade: Trade, now: datetime) -> bool:
    """The gateway cancels the children of a canceled parent by itself: give it the time."""
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
    commands: list[Command] = []
    for order in exits:
        commands += _walk(book, order, now)
    missing = min(excess - sum(order.leaves_qty for order in exits), _sellable(book, trade))
    if missing <= 0 or _refused_lately(book, trade, Purpose.EXIT, now):
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
        for order in book.orders_of(trade)
        if order.is_live and order.purpose in (Purpose.EXIT, Purpose.STOP_LOSS)
    )
    return position - selling


def _protect(
    book: Book, trade: Trade, protective: list[Order], keep: int, now: datetime
) -> list[Command]:
    stops = [order for order in protective if order.purpose is Purpose.STOP_LOSS]
    covered = sum(order.leaves_qty for order in stops)
    if keep > covered:
        return _cover(book, trade, protective, keep - covered, now)
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
    orphans = _targets_without_stop(protective)
    if orphans:
        return [command for order in orphans for command in _cancel(book, order, now)]
    refused = [
        order
        for order in book.orders_of(trade)
        if order.purpose is Purpose.STOP_LOSS and order.status is OrderStatus.REJECTED
    ]
    if len(refused) >= MAX_REFUSED_STOPS:
        _give_up_protecting(book, trade, refused[-1], now)
        return []
    if _refused_lately(book, trade, Purpose.STOP_LOSS, now):
        return []
    return [place_protection(book, trade, naked, now)]


def place_protection(
    book: Book, trade: Trade, qty: int, now: datetime, parent: Order | None = None
) -> PlaceOrders:
    """Return a stop and a target for ``qty`` contracts that cancel each other.

    With a ``parent`` they are its children and leave with it as one unit.
    """
    group = f"{trade.trade_id}|G{book.count(trade, Purpose.STOP_LOSS)}"
    target = book.new_order(
        trade,
        Purpose.TAKE_PROFIT,
        OrderType.LIMIT,
        Terms(order_qty=qty, limit_price=trade.target_price),
        now,
        parent=parent,
        oca_group=group,
    )
    stop = book.new_order(
        trade,
        Purpose.STOP_LOSS,
        OrderType.STOP,
        Terms(order_qty=qty, stop_price=trade.stop_price),
        now,
        parent=parent,
        oca_group=group,
    )
    # The stop leaves first when nothing protects yet, and last in a bracket, which it transmits.
    orders = (parent, target, stop) if parent else (stop, target)
    return PlaceOrders(orders=orders, details=book.contracts[trade.contract])


def _targets_without_stop(protective: list[Order]) -> list[Order]:
    stopped = {order.oca_group for order in protective if order.purpose is Purpose.STOP_LOSS}
    return [order for order in protective if order.oca_group not in stopped]


def _cancel(book: Book, order: Order, now: datetime) -> list[Command]:
    recently = order.asked_at is not None and now - order.asked_at < CHANGE_PATIENCE
    if order.status is OrderStatus.PENDING_CANCEL and recently:
        return []
    book.put_order(replace(order, status=OrderStatus.PENDING_CANCEL, asked_at=now))
    return [CancelOrder(ib_order_id=order.ib_order_id)]


def _modify(book: Book, order: Order, terms: Terms, now: datetime) -> list[Command]:
    recently = order.asked_at is not None and now - order.asked_at < CHANGE_PATIENCE
    if recently and order.asked in (terms, None):
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


def _refused_lately(book: Book, trade: Trade, purpose: Purpose, now: datetime) -> bool:
    return any(
        order.purpose is purpose
        and order.status is OrderStatus.REJECTED
        and now - order.created_at < RETRY
        for order in book.orders_of(trade)
    )


def _give_up_protecting(book: Book, trade: Trade, refused: Order, now: datetime) -> None:
    if trade.hold == 0:
        return
    book.put_trade(replace(trade, hold=0))
    book.notify(
        f"unprotected {trade.trade_id}",
        any_to_alert.Reported(
            level=any_to_alert.Level.CRITICAL,
            text=f"the stop for {trade.contract} is refused ({refused.error}): closing the trade",
            reported_at=now,
        ),
    )


def _report_short(book: Book, trade: Trade, held: int, now: datetime) -> None:
    book.notify(
        f"short {trade.trade_id} {held}",
        any_to_alert.Reported(
            level=any_to_alert.Level.CRITICAL,
            text=f"{trade.contract} is short by {-held}: buy it back by hand",
            reported_at=now,
        ),
    )
