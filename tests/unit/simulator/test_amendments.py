from decimal import Decimal

import pytest

from autoscalper.domain.identity import ConId, IbOrderId
from autoscalper.simulator import amendments
from autoscalper.simulator.orders import OrderTerms, OrderType, Side
from tests.unit.simulator.stand import stop, submission, terms
from tests.unit.simulator.test_orders import order


@pytest.mark.parametrize(
    "changed",
    [
        terms(con_id=ConId(8)),
        terms(Side.SELL),
        terms(order_type=OrderType.MARKET),
        terms(parent_id=IbOrderId(3)),
        terms(oca_group="B"),
        terms(account="DU2"),
        terms(qty=1),
    ],
)
def test_what_an_order_is_cannot_be_amended(changed: OrderTerms) -> None:
    assert "does not match" in amendments.mismatch(order(cum_qty=Decimal(1)), changed)


def test_price_and_quantity_can_be_amended() -> None:
    wanted = terms(qty=5, limit_price=Decimal("0.50"))
    assert amendments.mismatch(order(cum_qty=Decimal(1)), wanted) == ""
    amended = amendments.amended(order(cum_qty=Decimal(1)), submission(5, wanted))
    assert amended.order_qty == 5
    assert amended.leaves_qty == 4
    assert amended.terms.limit_price == Decimal("0.50")


def test_the_reference_of_an_order_stays_what_it_was() -> None:
    before = order(terms=terms(order_ref="first"))
    after = amendments.amended(before, submission(5, terms(order_ref="second")))
    assert after.terms.order_ref == "first"


def test_a_moved_stop_moves_and_a_trailed_one_stays_where_it_got_to() -> None:
    moved = amendments.amended(
        order(terms=stop(price="0.32"), stop_price=Decimal("0.32")),
        submission(5, stop(price="0.35")),
    )
    assert moved.stop_price == Decimal("0.35")
    trail = terms(Side.SELL, order_type=OrderType.TRAIL, aux_price=Decimal("0.1"))
    trailed = amendments.amended(
        order(terms=trail, stop_price=Decimal("0.51")), submission(5, trail)
    )
    assert trailed.stop_price == Decimal("0.51")
