from decimal import Decimal

from autoscalper.simulator.orders import Status
from autoscalper.simulator.transitions import filled, with_status
from tests.unit.simulator.stand import WEDNESDAY
from tests.unit.simulator.test_orders import order


def test_a_status_leaves_a_line_of_history() -> None:
    after = with_status(order(), Status.PRE_SUBMITTED, "trigger", WEDNESDAY)
    assert (after.status, after.why_held, after.done_at) == (
        Status.PRE_SUBMITTED,
        "trigger",
        None,
    )
    assert [line.status for line in after.history] == [Status.PRE_SUBMITTED]
    assert with_status(after, Status.CANCELLED, "", WEDNESDAY).done_at == WEDNESDAY


def test_fills_add_up_and_average() -> None:
    first, one = filled(order(), Decimal(1), Decimal("0.40"), WEDNESDAY)
    second, two = filled(first, Decimal(2), Decimal("0.46"), WEDNESDAY)

    assert (first.status, second.status) == (Status.SUBMITTED, Status.FILLED)
    assert second.cum_qty == 3
    assert second.avg_price == Decimal("0.44")
    assert one.exec_id != two.exec_id
    assert (two.last_qty, two.cum_qty, two.avg_price) == (
        Decimal(2),
        Decimal(3),
        Decimal("0.44"),
    )


def test_the_least_commission_is_charged_once_an_order() -> None:
    first, one = filled(order(), Decimal(1), Decimal("0.40"), WEDNESDAY)
    _, two = filled(first, Decimal(2), Decimal("0.46"), WEDNESDAY)

    assert (one.commission, two.commission) == (Decimal("1.00"), Decimal("0.95"))
