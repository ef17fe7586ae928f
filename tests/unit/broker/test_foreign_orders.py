"""What becomes of an order that closes a position which is not a trade's."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from autoscalper.broker import foreign_orders
from autoscalper.broker.events import Fill, Holding, OrderReport
from autoscalper.broker.foreign_orders import ForeignOrder
from autoscalper.domain.identity import ClientOrderId, CommandId, ConId, ExecId, IbOrderId, PermId
from autoscalper.domain.order import OrderStatus, Side
from tests.unit.broker.story import MORNING

SHARES = Holding(
    con_id=ConId(501), kind="STK", name="KO", symbol="KO", currency="USD", qty=Decimal(100)
)
ORDER = ForeignOrder(
    client_order_id=ClientOrderId("ASC1|x|501"),
    ib_order_id=IbOrderId(9),
    holding=SHARES,
    side=Side.SELL,
    order_qty=100,
    created_at=MORNING,
    doubted_at=MORNING,
)
LATER = MORNING + timedelta(seconds=1)


def report(status: OrderStatus, cum_qty: int | None = None, price: str = "61") -> OrderReport:
    return OrderReport(
        ib_order_id=IbOrderId(9),
        status=status,
        cum_qty=cum_qty,
        avg_price=Decimal(price) if cum_qty else None,
    )


def reported(order: ForeignOrder, status: OrderStatus, cum_qty: int | None = None) -> ForeignOrder:
    return foreign_orders.reported(order, report(status, cum_qty), LATER)


def fill(qty: int, price: str, exec_id: str) -> Fill:
    return Fill(
        exec_id=ExecId(exec_id),
        client_order_id=ORDER.client_order_id,
        ib_order_id=ORDER.ib_order_id,
        perm_id=PermId(1),
        con_id=ConId(501),
        side=Side.SELL,
        last_qty=qty,
        last_price=Decimal(price),
        executed_at=LATER,
    )


def test_a_command_has_one_order_for_each_position() -> None:
    def named(command: str, con_id: int) -> ClientOrderId:
        return foreign_orders.client_order_id_of(CommandId(command), ConId(con_id))

    assert named("button a", 1) == named("button a", 1)
    assert len({named("button a", 1), named("button a", 2), named("button b", 1)}) == 3


def test_a_working_order_is_in_doubt_no_more() -> None:
    order = reported(ORDER, OrderStatus.NEW)
    assert (order.status, order.doubted_at, order.worked) == (OrderStatus.NEW, None, True)
    assert order.leaves_qty == 100


def test_executions_count_once_each_with_their_corrections() -> None:
    order = foreign_orders.filled(ORDER, fill(40, "61", "a.1.01"), LATER)
    order = foreign_orders.filled(order, fill(40, "61", "a.1.01"), LATER)
    order = foreign_orders.filled(order, fill(40, "60", "a.1.02"), LATER)
    assert (order.cum_qty, order.leaves_qty) == (40, 60)
    order = foreign_orders.filled(order, fill(60, "62", "a.2.01"), LATER)
    assert (order.status, order.cum_qty, order.avg_price) == (
        OrderStatus.FILLED,
        100,
        Decimal("61.6"),
    )


def test_what_the_status_told_before_its_executions_is_not_counted_twice() -> None:
    order = reported(ORDER, OrderStatus.NEW, 40)
    order = foreign_orders.filled(order, fill(40, "61", "a.1.01"), LATER)
    assert (order.cum_qty, order.avg_price, order.filled_at) == (40, Decimal(61), LATER)
    assert reported(order, OrderStatus.NEW, 10).cum_qty == 40


@pytest.mark.parametrize("ended", [OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED])
def test_a_late_message_revives_nothing_that_ended(ended: OrderStatus) -> None:
    order = replace(ORDER, status=ended)
    assert reported(order, OrderStatus.NEW).status is ended


def test_an_order_that_was_given_up_is_believed_when_it_shows_up() -> None:
    order = replace(ORDER, status=OrderStatus.ABANDONED)
    assert reported(order, OrderStatus.IN_DOUBT) == order
    assert reported(order, OrderStatus.NEW).is_live


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "KO: selling 100 at the market"),
        (
            {"cum_qty": 30, "avg_price": Decimal("61.2")},
            "KO: selling 70 at the market, sold 30 at 61.20 so far",
        ),
        (
            {"error": "399 held until the market opens"},
            "KO: selling 100 at the market; the gateway says 399 held until the market opens",
        ),
        (
            {"status": OrderStatus.FILLED, "cum_qty": 100, "avg_price": Decimal(61)},
            "KO: sold 100 at 61.00",
        ),
        (
            {"status": OrderStatus.CANCELED, "cum_qty": 30, "avg_price": Decimal(61)},
            "KO: sold 30 at 61.00, 70 left: the order is canceled",
        ),
        (
            {"status": OrderStatus.REJECTED, "error": "201 no"},
            "KO: nothing sold: refused, 201 no",
        ),
        (
            {"status": OrderStatus.CANCELED, "error": "202 halted"},
            "KO: nothing sold: the order is canceled, 202 halted",
        ),
        (
            {"status": OrderStatus.ABANDONED},
            "KO: nothing sold: the gateway knows nothing of the order",
        ),
    ],
)
def test_how_far_it_is_reads_plainly(changed: dict[str, object], words: str) -> None:
    assert foreign_orders.described(replace(ORDER, **changed)) == words


def test_what_is_left_of_a_position_is_said() -> None:
    done = replace(ORDER, status=OrderStatus.FILLED, cum_qty=100, avg_price=Decimal(61))
    shared = replace(done, left_qty=20)
    assert foreign_orders.described(shared).endswith(", 20 left to other working orders")
    odd = replace(done, holding=replace(SHARES, qty=Decimal("100.25")))
    assert foreign_orders.described(odd).endswith(", 0.25 left: only whole ones can be ordered")
