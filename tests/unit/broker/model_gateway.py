"""A gateway in memory: orders, brackets, groups that reduce each other, positions.

It does what IBKR documents and nothing else, and tells it as the events that the core hears. What
is on the way in either direction stays in two queues, so that a test can lose or delay it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import msgspec

from autoscalper.broker.commands import (
    CancelOrder,
    Command,
    FindContract,
    LearnChain,
    ModifyOrder,
    PlaceForeign,
    PlaceOrders,
    StopWatching,
    TakeSnapshot,
    WatchQuote,
)
from autoscalper.broker.events import (
    ContractDetails,
    ContractFound,
    Event,
    Fill,
    FillReported,
    OrderErrored,
    OrderReport,
    OrderReported,
    QuoteChanged,
    Snapshot,
    SnapshotTaken,
)
from autoscalper.broker.orders import Order, Terms
from autoscalper.domain.contract import OptionContract
from autoscalper.domain.exchange import EXCHANGE_ZONE
from autoscalper.domain.identity import ClientOrderId, ConId, ExecId, IbOrderId, PermId
from autoscalper.domain.order import TERMINAL, OrderStatus, OrderType, Side
from autoscalper.domain.pricing import TickBand, Ticks, trailing_stop

PENNIES = Ticks(bands=(TickBand(low_edge=Decimal(0), increment=Decimal("0.01")),))


class Held(msgspec.Struct):
    """An order as the gateway has it."""

    order: Order
    terms: Terms
    perm_id: PermId
    is_staged: bool
    status: OrderStatus = OrderStatus.NEW
    cum_qty: int = 0
    spent: Decimal = Decimal(0)
    sold_by_children: int = 0
    #: It crossed a fill of its group on the way and is too large until it is corrected. What it
    #: could sell too much in that time is not played: the broker cannot know of the fill yet.
    is_crossed: bool = False

    @property
    def is_live(self) -> bool:
        return self.status not in TERMINAL

    @property
    def leaves_qty(self) -> int:
        return self.terms.order_qty - self.cum_qty if self.is_live else 0

    @property
    def works(self) -> bool:
        return self.is_live and not self.is_staged


class ModelGateway:
    """Takes commands from ``inbox`` when told to, and puts what it says into ``outbox``."""

    def __init__(self) -> None:
        self.orders: dict[IbOrderId, Held] = {}
        #: The older one of two orders under one id; the id names it again when the newer ends.
        self.forked: dict[IbOrderId, Held] = {}
        #: Every order that was ever accepted, by our id: more than one of an id is a duplicate.
        self.accepted: dict[ClientOrderId, int] = {}
        self.positions: dict[ConId, int] = {}
        self.bought: dict[ConId, int] = {}
        self.fills: list[Fill] = []
        self.next_order_id = IbOrderId(1)
        self.inbox: list[Command] = []
        self.outbox: list[Event] = []
        self.now = datetime.min.replace(tzinfo=UTC)
        #: What it refuses and withholds: set by tests.
        self.rejects = 0
        #: How many, outside a bracket, it takes and makes inactive: what is behind it refuses them.
        self.makes_inactive = 0
        self.fails_to_validate = 0
        self.loses = 0
        self.answers_completed = True
        #: Whether a stop is an order on its side, too.
        self.counts_stops = False
        #: What a search for the nearest expiry finds; None: the one that was asked for.
        self.next_expiry: date | None = None
        self.is_quoting = True
        self.contracts: dict[OptionContract, ContractDetails] = {}
        self.asks: dict[OptionContract, tuple[Decimal, Decimal]] = {}

    def take_in(self, most: int | None = None) -> None:
        """Carry out the first ``most`` commands of the inbox, all by default."""
        self.look_at_the_clock()
        taken, self.inbox = self.inbox[:most], self.inbox[most:] if most is not None else []
        for command in taken:
            self._carry_out(command)

    def look_at_the_clock(self) -> None:
        """End what was good till now."""
        for held in self.live():
            if held.order.ends_at is not None and self.now >= held.order.ends_at:
                self.end(held)

    def fill(self, held: Held, qty: int, price: Decimal) -> None:
        """Fill up to ``qty`` of an order, as far as it may fill."""
        self.look_at_the_clock()
        qty = min(qty, self._fillable(held))
        if qty <= 0:
            return
        con_id = self._con_id(held)
        sign = 1 if held.order.side is Side.BUY else -1
        held.cum_qty += qty
        held.spent += qty * price
        held.status = OrderStatus.PARTIALLY_FILLED
        if held.leaves_qty == 0:
            held.status = OrderStatus.FILLED
        self.positions[con_id] = self.positions.get(con_id, 0) + sign * qty
        self.bought[con_id] = self.bought.get(con_id, 0) + max(sign, 0) * qty
        self._tell_fill(held, qty, price, con_id)
        parent = self.orders.get(held.order.parent_ib_order_id or IbOrderId(0))
        if parent is not None:
            parent.sold_by_children += qty
        for sibling in self._siblings(held):
            self._shrink(sibling, sibling.leaves_qty - qty)

    def trail(self, contract: OptionContract, bid: Decimal) -> None:
        """Let the trailing stops of ``contract`` follow its bid."""
        for held in self.live():
            order, stood = held.order, held.terms.stop_price
            if order.contract == contract and order.trail is not None and stood is not None:
                behind = trailing_stop(bid, order.trail, PENNIES)
                held.terms = msgspec.structs.replace(held.terms, stop_price=max(stood, behind))

    def end(self, held: Held, status: OrderStatus = OrderStatus.CANCELED) -> None:
        """End an order, and what hangs on it."""
        held.status = status
        self.say(self._status_report(held))
        ib_order_id = held.order.ib_order_id
        if self.orders[ib_order_id] is held and ib_order_id in self.forked:
            self.orders[ib_order_id] = self.forked.pop(ib_order_id)
        for child in self.orders.values():
            if child.order.parent_ib_order_id == held.order.ib_order_id and child.is_live:
                self._shrink(child, held.cum_qty - held.sold_by_children)

    def fork(self, ib_order_id: IbOrderId, terms: Terms) -> None:
        """Take a change for another order, and say nothing of it."""
        older = self.orders[ib_order_id]
        self.forked[ib_order_id] = older
        self.orders[ib_order_id] = msgspec.structs.replace(
            older, terms=terms, perm_id=PermId(older.perm_id + 50_000)
        )

    def working_sells(self, con_id: ConId) -> int:
        """Return how many contracts the resting sells could sell at the worst."""
        groups: dict[str, int] = {}
        for held in self._all():
            if held.works and held.order.side is Side.SELL and self._con_id(held) == con_id:
                group = held.order.oca_group or held.order.client_order_id
                groups[group] = max(groups.get(group, 0), self._fillable(held))
        return sum(groups.values())

    def stops(self, con_id: ConId) -> int:
        """Return how many contracts resting stops protect; two of one group protect the same."""
        groups: dict[str, int] = {}
        for held in self._all():
            is_stop = held.order.order_type in (OrderType.STOP, OrderType.TRAILING_STOP)
            if held.works and is_stop and self._con_id(held) == con_id:
                group = held.order.oca_group
                groups[group] = max(groups.get(group, 0), self._fillable(held))
        return sum(groups.values())

    def live(self) -> list[Held]:
        """Return the orders that can fill or be canceled."""
        return [held for held in self._all() if held.works]

    def say(self, report: OrderReport) -> None:
        """Tell of an order."""
        self.outbox.append(OrderReported(report=report))

    def snapshot(self, number: int) -> Snapshot:
        """Return everything that the gateway has."""
        done = [held for held in self.orders.values() if not held.is_live]
        return Snapshot(
            open_orders=tuple(self._open_report(held) for held in self.live()),
            fills=tuple(self.fills),
            completed=tuple(map(self._completed_report, done)) if self.answers_completed else None,
            positions={con_id: qty for con_id, qty in self.positions.items() if qty},
            next_order_id=self.next_order_id,
            number=number,
        )

    def _carry_out(self, command: Command) -> None:
        match command:
            case PlaceOrders(orders=orders, details=details):
                contract = orders[0].contract
                self.contracts[contract] = details
                self._place(orders)
                self.trail(contract, self._market(contract)[0])
            case PlaceForeign():
                raise AssertionError("the account holds what is ours only")
            case ModifyOrder(order=order, terms=terms):
                self._modify(order, terms)
            case CancelOrder(ib_order_id=ib_order_id):
                self._cancel(ib_order_id)
            case FindContract(contract=contract, or_later=or_later):
                self._find(contract, or_later=or_later)
            case StopWatching(contract=contract):
                self.asks.pop(contract, None)
            case LearnChain():
                pass
            case WatchQuote(contract=contract):
                self._quote(contract)
            case TakeSnapshot(number=number):
                self.outbox.append(SnapshotTaken(snapshot=self.snapshot(number)))

    def _quote(self, contract: OptionContract) -> None:
        if self.is_quoting:
            bid, ask = self._market(contract)
            self.trail(contract, bid)
            self.outbox.append(QuoteChanged(contract=contract, bid=bid, ask=ask))

    def _market(self, contract: OptionContract) -> tuple[Decimal, Decimal]:
        return self.asks.get(contract, (Decimal("0.42"), Decimal("0.43")))

    def _find(self, contract: OptionContract, *, or_later: bool) -> None:
        asked = contract
        if or_later and self.next_expiry is not None:
            contract = msgspec.structs.replace(contract, expiry=self.next_expiry)
        details = self.contracts.setdefault(
            contract,
            ContractDetails(
                con_id=ConId(len(self.contracts) + 1001),
                trading_class=contract.underlying,
                multiplier=Decimal(100),
                closes_at=datetime.combine(contract.expiry, time(16), EXCHANGE_ZONE),
                ticks=PENNIES,
            ),
        )
        self.outbox.append(
            ContractFound(
                contract=contract,
                details=details,
                instead_of=None if contract == asked else asked,
            )
        )

    def _place(self, orders: tuple[Order, ...]) -> None:
        is_bracket = len(orders) > 1 and orders[0].oca_group == ""
        for order in orders:
            self._accept(order, is_staged=is_bracket and order is not orders[-1])
        if is_bracket and orders[0].ib_order_id in self.orders:
            for order in orders:
                held = self.orders.get(order.ib_order_id)
                if held is not None and held.is_live:
                    held.is_staged = False
        for order in orders:
            held = self.orders.get(order.ib_order_id)
            if held is not None and held.works:
                self._tell(held)

    def _accept(self, order: Order, *, is_staged: bool) -> None:
        if order.ib_order_id < self.next_order_id:
            self._refuse(order.ib_order_id, 103, "Duplicate order id")
            return
        if order.parent_ib_order_id and order.parent_ib_order_id not in self.orders:
            self._refuse(order.ib_order_id, 135, "Can't find order with id")
            return
        if self.rejects:
            self.rejects -= 1
            self._refuse(order.ib_order_id, 201, "Order rejected - reason: no")
            return
        if self.loses:
            self.loses -= 1
            return
        if self.fails_to_validate:
            self.fails_to_validate -= 1
            self._refuse(order.ib_order_id, 321, "Error validating request")
            return
        if self._meets_the_other_side(order):
            self._refuse(order.ib_order_id, 201, "Cannot have open orders on both sides")
            return
        group = [each for each in self.orders.values() if each.order.oca_group == order.oca_group]
        if order.oca_group and any(each.status is OrderStatus.FILLED for each in group):
            self._refuse(order.ib_order_id, 201, "Order rejected - OCA group is already filled")
            return
        self.next_order_id = IbOrderId(order.ib_order_id + 1)
        self.accepted[order.client_order_id] = self.accepted.get(order.client_order_id, 0) + 1
        self.orders[order.ib_order_id] = Held(
            order=order,
            terms=order.terms,
            perm_id=PermId(order.ib_order_id + 700_000),
            is_staged=is_staged,
            is_crossed=order.oca_group != "" and any(each.cum_qty for each in group),
        )
        if self.makes_inactive and not is_staged and not order.parent:
            self.makes_inactive -= 1
            held = self.orders[order.ib_order_id]
            self._tell(held)
            self.end(held, OrderStatus.IN_DOUBT)
            held.status = OrderStatus.REJECTED
            self._refuse(order.ib_order_id, 201, "Order rejected - reason: no")

    def _meets_the_other_side(self, order: Order) -> bool:
        works = {OrderType.LIMIT, OrderType.MARKET}
        if self.counts_stops:
            works |= {OrderType.STOP, OrderType.TRAILING_STOP}
        if order.parent or order.order_type not in works or order.active_at:
            return False
        return any(
            held.works
            and held.order.side is not order.side
            and held.order.order_type in works
            and held.order.active_at is None
            and self._fillable(held) > 0
            for held in self.orders.values()
            if held.order.contract == order.contract
        )

    def _modify(self, order: Order, terms: Terms) -> None:
        held = self.orders.get(order.ib_order_id)
        if held is None or not held.is_live:
            self._refuse(order.ib_order_id, 104, "Cannot modify a filled order")
        elif terms.order_qty <= held.cum_qty:
            self._refuse(order.ib_order_id, 105, "Order being modified does not match")
        else:
            grew = terms.order_qty > held.terms.order_qty
            held.terms = terms
            is_too_large = held.leaves_qty > self.positions.get(self._con_id(held), 0)
            held.is_crossed = grew or (held.is_crossed and is_too_large)
            self._tell(held)

    def _cancel(self, ib_order_id: IbOrderId) -> None:
        held = self.orders.get(ib_order_id)
        if held is None:
            self._refuse(ib_order_id, 10147, "OrderId that needs to be cancelled is not found")
        elif not held.is_live:
            self._refuse(ib_order_id, 10148, f"cannot be cancelled, state: {held.status.value}")
        else:
            self.end(held)
            self._refuse(ib_order_id, 202, "Order Canceled - reason:")

    def _refuse(self, ib_order_id: IbOrderId, code: int, text: str) -> None:
        self.outbox.append(OrderErrored(ib_order_id=ib_order_id, code=code, text=text))

    def _fillable(self, held: Held) -> int:
        parent = self.orders.get(held.order.parent_ib_order_id or IbOrderId(0))
        if held.is_crossed:
            return min(held.leaves_qty, self.positions[self._con_id(held)])
        if parent is None or not parent.is_live:
            return held.leaves_qty
        return max(min(held.leaves_qty, parent.cum_qty - parent.sold_by_children), 0)

    def _siblings(self, held: Held) -> list[Held]:
        group = held.order.oca_group
        return [
            each
            for each in self._all()
            if group and each.order.oca_group == group and each is not held and each.is_live
        ]

    def _shrink(self, held: Held, leaves_qty: int) -> None:
        if leaves_qty >= held.leaves_qty:
            return
        if leaves_qty <= 0:
            self.end(held)
            return
        held.terms = msgspec.structs.replace(held.terms, order_qty=held.cum_qty + leaves_qty)
        self._tell(held)

    def _tell_fill(self, held: Held, qty: int, price: Decimal, con_id: ConId) -> None:
        fill = Fill(
            exec_id=ExecId(f"0000e0d5.{len(self.fills):08x}.01.01"),
            client_order_id=held.order.client_order_id,
            ib_order_id=held.order.ib_order_id,
            perm_id=held.perm_id,
            con_id=con_id,
            side=held.order.side,
            last_qty=qty,
            last_price=price,
            executed_at=self.now,
        )
        self.fills.append(fill)
        self.outbox.append(FillReported(fill=fill))
        self._tell(held)

    def _tell(self, held: Held) -> None:
        self.say(self._open_report(held))
        self.say(self._status_report(held))

    def _open_report(self, held: Held) -> OrderReport:
        is_done = held.status in TERMINAL
        return OrderReport(
            ib_order_id=held.order.ib_order_id,
            client_order_id=held.order.client_order_id,
            perm_id=held.perm_id,
            status=held.status if is_done else OrderStatus.NEW,
            order_qty=held.terms.order_qty,
            limit_price=held.terms.limit_price,
            stop_price=held.terms.stop_price,
        )

    def _status_report(self, held: Held) -> OrderReport:
        return OrderReport(
            ib_order_id=held.order.ib_order_id,
            perm_id=held.perm_id,
            status=held.status,
            cum_qty=held.cum_qty,
            avg_price=held.spent / held.cum_qty if held.cum_qty else None,
        )

    def _completed_report(self, held: Held) -> OrderReport:
        return OrderReport(
            ib_order_id=IbOrderId(0),
            client_order_id=held.order.client_order_id,
            perm_id=held.perm_id,
            status=held.status,
            cum_qty=held.cum_qty,
        )

    def _all(self) -> list[Held]:
        return [*self.forked.values(), *self.orders.values()]

    def _con_id(self, held: Held) -> ConId:
        return self.contracts[held.order.contract].con_id
