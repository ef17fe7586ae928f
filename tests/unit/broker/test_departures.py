"""What the log says of orders that left."""

from __future__ import annotations

from decimal import Decimal

import pytest

from autoscalper.broker import departures
from autoscalper.broker.commands import CancelOrder, ModifyOrder, PlaceOrders
from autoscalper.broker.orders import Terms
from autoscalper.domain.identity import IbOrderId
from autoscalper.runtime import crashpoints
from tests.fakes.home import until
from tests.unit.broker.story import Story, entry


@pytest.fixture
def placed() -> PlaceOrders:
    story = Story()
    story.connect()
    story.post(entry())
    (placed,) = [each for each in story.commands if isinstance(each, PlaceOrders)]
    return placed


async def test_each_order_that_left_has_a_line_and_so_has_its_change(
    placed: PlaceOrders, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    refs = [order.client_order_id for order in placed.orders]
    terms = Terms(order_qty=1, stop_price=Decimal("0.30"))
    changed = ModifyOrder(order=placed.orders[-1], details=placed.details, terms=terms)
    departures.note([placed, CancelOrder(ib_order_id=IbOrderId(4)), changed])
    assert caplog.messages == []
    await until(lambda: len(caplog.messages) == len(refs) + 1, "a line for each")
    assert [" ".join(line.split()[:3]) for line in caplog.messages] == [
        *(f"order sent client_order_id={ref}" for ref in refs),
        f"order changed client_order_id={refs[-1]}",
    ]


async def test_a_process_can_be_ended_the_moment_each_order_left(
    placed: PlaceOrders, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[str] = []
    monkeypatch.setattr(crashpoints, "reach", reached.append)
    departures.note([placed])
    purposes = [order.purpose.name.lower() for order in placed.orders]
    assert reached == [f"broker-after-send-{each}" for each in purposes]
