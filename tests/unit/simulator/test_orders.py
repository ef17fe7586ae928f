from decimal import Decimal

import msgspec
import pytest

from autoscalper.domain.identity import IbOrderId, PermId
from autoscalper.simulator.orders import OcaType, Order, OrderType, Side, Status
from tests.unit.simulator.stand import CON_ID, WEDNESDAY, terms


def order(**changes: object) -> Order:
    chosen: dict[str, object] = {
        "perm_id": PermId(1),
        "client_id": 1,
        "order_id": IbOrderId(5),
        "terms": terms(),
        "order_qty": Decimal(3),
        "status": Status.SUBMITTED,
        "accepted_at": WEDNESDAY,
        **changes,
    }
    return Order(**chosen)  # type: ignore[arg-type]  # the tests' own choice


def test_what_is_left_is_what_was_ordered_less_what_filled() -> None:
    assert order(cum_qty=Decimal(1)).leaves_qty == 2


@pytest.mark.parametrize("status", [Status.FILLED, Status.CANCELLED, Status.INACTIVE])
def test_an_order_that_is_done_is_not_live(status: Status) -> None:
    assert not order(status=status).is_live
    assert order(status=Status.PENDING_CANCEL).is_live


def test_children_share_a_reducing_group_named_by_their_parent() -> None:
    child = order(parent_perm_id=PermId(77))
    assert (child.oca_group, child.oca_type) == ("77", OcaType.REDUCE)


def test_a_group_of_its_own_wins_and_reduces_unless_it_says_otherwise() -> None:
    named = order(parent_perm_id=PermId(77), terms=terms(oca_group="A"))
    assert (named.oca_group, named.oca_type) == ("A", OcaType.REDUCE)
    cancelling = order(terms=terms(oca_group="A", oca_type=OcaType.CANCEL))
    assert cancelling.oca_type is OcaType.CANCEL
    assert order().oca_type is OcaType.NONE


def test_a_purchase_adds_and_a_sale_takes_away() -> None:
    assert (Side.BUY.sign, Side.SELL.sign) == (1, -1)


def test_order_types_know_their_prices() -> None:
    assert [each.value for each in OrderType if each.has_stop] == [
        "STP",
        "STP LMT",
        "TRAIL",
        "TRAIL LIMIT",
    ]
    assert OrderType.STOP_LIMIT.has_limit
    assert not OrderType.STOP.has_limit
    assert not OrderType.STOP.trails


def test_an_order_survives_being_written_and_read() -> None:
    kept = order(echo={"hidden": "1"}, terms=terms(con_id=CON_ID, order_ref="AS1|x"))
    assert msgspec.json.decode(msgspec.json.encode(kept), type=Order) == kept
