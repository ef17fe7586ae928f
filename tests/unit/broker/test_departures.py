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
    stop = placed.orders[-1]
    terms = Terms(order_qty=1, stop_price=Decimal("0.30"))
    departures.note([placed, ModifyOrder(order=stop, details=placed.details, terms=terms)])
    await until(lambda: len(caplog.messages) > len(placed.orders), "the lines")
    *sent, changed = caplog.messages
    assert [line.split()[:3] for line in sent] == [
        ["order", "sent", f"client_order_id={order.client_order_id}"] for order in placed.orders
    ]
    assert changed.startswith(f"order changed client_order_id={stop.client_order_id} terms=")


async def test_a_cancel_leaves_no_line(
    placed: PlaceOrders, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    departures.note([CancelOrder(ib_order_id=IbOrderId(4))])
    departures.note([placed])
    await until(lambda: len(caplog.messages) >= len(placed.orders), "the lines")
    assert all(line.startswith("order sent ") for line in caplog.messages)


async def test_every_point_to_die_at_is_passed_before_anything_else(
    placed: PlaceOrders, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO")
    passed: list[str] = []
    monkeypatch.setattr(crashpoints, "reach", passed.append)
    departures.note([placed])
    assert passed == [f"broker-after-send-{order.purpose.name.lower()}" for order in placed.orders]
    assert caplog.messages == []
