"""What must hold of the book and of its clients' view of it, whatever happens in whatever order.

The machine places, amends, cancels, fills, moves prices and time, drops connections, restarts the
process and the gateway, as one to three clients, and compares three things after every step: the
book, the file, and what each client was told.
"""

from __future__ import annotations

import tempfile
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from autoscalper.domain.identity import IbOrderId
from autoscalper.simulator.commands import Restart
from autoscalper.simulator.orders import OcaType, Order, OrderTerms, Side, Status, Submission
from autoscalper.simulator.session import Session
from tests.unit.simulator.stand import Stand, StandingClock, option_contract, stop, target, terms

CLIENTS = st.sampled_from([1, 2, 3])
PRICES = st.sampled_from([Decimal(cents) / 100 for cents in range(30, 60, 3)])
QUANTITIES = st.integers(1, 7)


class Client:
    """One client: its session, and what it was told of its orders."""

    def __init__(self, client_id: int) -> None:
        self.client_id = client_id
        self.session: Session | None = None
        #: (status, filled, remaining) by permanent id.
        self.told: dict[int, tuple[str, Decimal, Decimal]] = {}
        self.exec_ids: list[str] = []
        self.next_id = 0

    def listen(self) -> None:
        if self.session is None:
            return
        for frame in self.session.outbox:
            fields = frame[4:].decode().split("\0")
            if fields[0] == "3":
                self.told[int(fields[6])] = (fields[2], Decimal(fields[3]), Decimal(fields[4]))
            elif fields[0] == "11" and fields[1] == "-1":
                self.exec_ids.append(fields[14])
            elif fields[0] == "9":
                self.next_id = int(fields[2])
        self.session.outbox.clear()


class Traders(RuleBasedStateMachine):
    """Clients at work."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.clock = StandingClock()
        self.clients = {number: Client(number) for number in (1, 2, 3)}
        self.missed: set[int] = set()
        self.highest_perm_id = 0
        self.groups: dict[str, int] = {}
        self.rolled_back = False

    @initialize()
    def open(self) -> None:
        self.stand = Stand(Path(self.directory.name), self.clock)
        self.stand.quote("0.40", "0.45", size=3)
        self.con_id = option_contract().con_id
        for client in self.clients.values():
            self._connect(client)

    def teardown(self) -> None:
        self.stand.close()
        self.directory.cleanup()

    @rule(number=CLIENTS, price=PRICES, qty=QUANTITIES, side=st.sampled_from(Side))
    def place(self, number: int, price: Decimal, qty: int, side: Side) -> None:
        self._place(number, terms(side, qty, limit_price=price, con_id=self.con_id))

    @rule(number=CLIENTS, price=PRICES, qty=QUANTITIES)
    def place_bracket(self, number: int, price: Decimal, qty: int) -> None:
        con_id = self.con_id
        parent = self._place(
            number, terms(qty=qty, limit_price=price, con_id=con_id, transmit=False)
        )
        self._place(number, target(qty, "0.54", con_id=con_id, parent_id=parent, transmit=False))
        self._place(number, stop(qty, "0.33", con_id=con_id, parent_id=parent))

    @rule(
        number=CLIENTS,
        quantities=st.lists(QUANTITIES, min_size=2, max_size=3),
        oca_type=st.sampled_from([OcaType.CANCEL, OcaType.REDUCE, OcaType.REDUCE_WITH_BLOCK]),
    )
    def place_group(self, number: int, quantities: list[int], oca_type: OcaType) -> None:
        group = f"g{len(self.groups)}"
        self.groups[group] = number
        for step, qty in enumerate(quantities):
            wanted = target(
                qty, f"0.{48 + step}", con_id=self.con_id, oca_group=group, oca_type=oca_type
            )
            self._place(number, wanted)

    @rule(data=st.data(), price=PRICES)
    def amend_price(self, data: st.DataObject, price: Decimal) -> None:
        order = self._pick(data)
        if order is not None and order.terms.limit_price is not None:
            # As a client that knows of a reduction does it: by the quantity that it was told.
            changed = _with(order.terms, limit_price=price, order_qty=order.order_qty)
            submission = Submission(key=order.key, terms=changed)
            self._publish(self.stand.world.book.place(submission, self.clock.now()))

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        order = self._pick(data)
        if order is not None:
            self._publish(self.stand.world.book.cancel(order.key, self.clock.now()))

    @rule(data=st.data(), qty=QUANTITIES)
    def fill(self, data: st.DataObject, qty: int) -> None:
        order = self._pick(data)
        if order is not None and order.status is not Status.STAGED:
            book = self.stand.world.book
            price = order.terms.limit_price or Decimal("0.40")
            self._publish(book.fill(order, Decimal(qty), price, self.clock.now()))

    @rule(bid=PRICES, size=st.integers(1, 9))
    def quote(self, bid: Decimal, size: int) -> None:
        self.stand.quote(str(bid), str(bid + Decimal("0.02")), size=size)

    @rule(number=CLIENTS)
    def repeat_an_id(self, number: int) -> None:
        book = self.stand.world.book
        used = book.highest_ids.get(number, 0)
        before = len(list(book.live))
        if used and book.live.named((number, IbOrderId(used))) is None:
            submission = Submission(key=(number, IbOrderId(used)), terms=terms(con_id=self.con_id))
            self._publish(book.place(submission, self.clock.now()))
            assert len(list(book.live)) == before

    @rule(number=CLIENTS)
    def disconnect_or_connect(self, number: int) -> None:
        client = self.clients[number]
        if client.session is None:
            self._connect(client)
        else:
            client.listen()
            self.stand.gateway.leave(client.session)
            client.session = None

    @rule()
    def restart_the_process(self) -> None:
        self.stand.world.commit()
        self._listen()
        self.stand.close()
        self.stand = Stand(Path(self.directory.name), self.clock)
        for client in self.clients.values():
            client.session = None
            self._connect(client)

    @precondition(lambda self: len(self.groups) < 50)
    @rule(lose=st.integers(0, 2))
    def restart_the_gateway(self, lose: int) -> None:
        scenarios, server = self.stand.server.scenarios, self.stand.server
        server.come_back = lambda *_: None  # type: ignore[method-assign]  # there is no loop here
        live = [each for each in self.stand.world.book.live if each.status is not Status.STAGED]
        self.missed |= {each.perm_id for each in live[len(live) - lose :]} if lose else set()
        scenarios.restart(Restart(lose_orders=lose))
        self.rolled_back = self.rolled_back or lose > 0
        for client in self.clients.values():
            if client.session is not None:
                self.stand.gateway.leave(client.session)
            client.session = None
            self._connect(client)

    @rule(hours=st.sampled_from([1, 5]))
    def pass_time(self, hours: int) -> None:
        self.clock.pass_by(hours=hours)
        self.stand.step()

    @invariant()
    def filled_and_remaining_are_the_quantity(self) -> None:
        for order in self._orders():
            assert order.cum_qty >= 0
            assert order.leaves_qty >= 0
            assert order.cum_qty + order.leaves_qty == order.order_qty
            assert order.status is not Status.FILLED or order.leaves_qty == 0

    @invariant()
    def ids_only_rise(self) -> None:
        orders = self._orders()
        perm_ids = [order.perm_id for order in orders]
        assert perm_ids == sorted(set(perm_ids))
        highest = max(perm_ids, default=0)
        assert highest >= self.highest_perm_id
        self.highest_perm_id = highest
        for client in self.clients.values():
            used = [o.order_id for o in orders if o.client_id == client.client_id and not o.anomaly]
            assert self.stand.world.book.next_order_id(client.client_id) > max(used, default=0)
            assert client.next_id > 0

    @invariant()
    def no_group_overfills(self) -> None:
        orders = self._orders()
        for group in self.groups:
            members = [order for order in orders if order.terms.oca_group == group]
            filled = sum(_part_filled(order) for order in members)
            assert filled <= 1, group

    @invariant()
    def exits_never_sell_more_than_their_entry_bought(self) -> None:
        orders = self._orders()
        for parent in orders:
            children = [order for order in orders if order.parent_perm_id == parent.perm_id]
            assert sum(child.cum_qty for child in children) <= parent.cum_qty

    @invariant()
    def the_record_says_what_the_clients_were_told(self) -> None:
        self._listen()
        record = {order.perm_id: order for order in self._orders()}
        for client in self.clients.values():
            if client.session is None:
                continue
            for perm_id, told in client.told.items():
                order = record[perm_id]  # type: ignore[index]  # what was told is a plain number
                if perm_id not in self.missed:
                    assert told == (order.status.value, order.cum_qty, order.leaves_qty)

    @invariant()
    def nobody_is_told_a_fill_twice_and_every_fill_is_in_the_record(self) -> None:
        kept = {
            execution.exec_id
            for order in self._orders()
            for execution in self.stand.state.executions_of(order.perm_id)
        }
        for client in self.clients.values():
            assert len(client.exec_ids) == len(set(client.exec_ids))
            assert set(client.exec_ids) <= kept

    @invariant()
    def the_position_is_the_sum_of_the_fills(self) -> None:
        total = sum(order.terms.side.sign * order.cum_qty for order in self._orders())
        held = self.stand.world.account.position(self.con_id, 100).qty
        assert held == total

    def _orders(self) -> list[Order]:
        self.stand.world.commit()
        return list(self.stand.state.all_orders())

    def _place(self, number: int, wanted: OrderTerms) -> IbOrderId:
        book = self.stand.world.book
        order_id = book.next_order_id(number)
        submission = Submission(key=(number, order_id), terms=wanted)
        self._publish(book.place(submission, self.clock.now()))
        self.stand.gateway.orders.match(option_contract())
        return order_id

    def _publish(self, facts: object) -> None:
        self.stand.gateway.orders.publish(facts)  # type: ignore[arg-type]  # facts of the book
        self.stand.world.commit()

    def _pick(self, data: st.DataObject) -> Order | None:
        live = list(self.stand.world.book.live)
        return data.draw(st.sampled_from(live)) if live else None

    def _connect(self, client: Client) -> None:
        client.session = Session(178)
        self.stand.gateway.start(client.session, client.client_id)
        # A client that comes back knows only what it asks for.
        client.told.clear()
        client.listen()

    def _listen(self) -> None:
        for client in self.clients.values():
            client.listen()


def _with(wanted: OrderTerms, **changes: object) -> OrderTerms:
    fields = {name: getattr(wanted, name) for name in OrderTerms.__struct_fields__}
    return OrderTerms(**{**fields, **changes})


def _part_filled(order: Order) -> Fraction:
    asked = max((line.order_qty for line in order.history), default=order.order_qty)
    return Fraction(order.cum_qty) / Fraction(asked) if asked else Fraction(0)


TestTraders = Traders.TestCase
TestTraders.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
