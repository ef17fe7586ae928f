"""What the log says of orders that left."""

from __future__ import annotations

from decimal import Decimal

import pytest

from autoscalper.broker import departures
from autoscalper.broker.commands import CancelOrder, ModifyOrder, PlaceOrders
from autoscalper.broker.orders import Terms
from autoscalper.domain.identity import IbOrderId
from tests.unit.broker.story import Story, entry


@pytest.fixture
def placed() -> PlaceOrders:
    story = Story()
    story.connect()
    story.post(entry())
    (placed,) = [each for each in story.commands if isinstance(each, PlaceOrders)]
    return placed


def test_each_order_that_left_has_a_line_and_so_has_its_change(
    placed: PlaceOrders, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    departures.note(placed)
    refs = [order.client_order_id for order in placed.orders]
    assert [line.split()[2] for line in caplog.messages] == [
        f"client_order_id={ref}" for ref in refs
    ]
    assert all(line.startswith("order sent ") for line in caplog.messages)
    caplog.clear()
    terms = Terms(order_qty=1, stop_price=Decimal("0.30"))
    departures.note(ModifyOrder(order=placed.orders[-1], details=placed.details, terms=terms))
    (line,) = caplog.messages
    assert line.startswith(f"order changed client_order_id={refs[-1]} terms=")


def test_a_cancel_leaves_no_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    departures.note(CancelOrder(ib_order_id=IbOrderId(4)))
    assert caplog.messages == []
