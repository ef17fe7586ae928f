"""Every field of the long messages, name by name, against ib_async's own encoder and decoder."""

from __future__ import annotations

import dataclasses
from typing import Any

import ib_async
import pytest
from ib_async.client import Client
from ib_async.decoder import Decoder

from autoscalper.simulator import codec, layouts, request_codec
from autoscalper.simulator.layouts import COMPLETED_ORDER, OPEN_ORDER, PLACE_ORDER, Field
from autoscalper.simulator.requests import PlaceOrder

#: Fields that say how many follow, or whether others follow.
COUNTS = {
    "nComboLegs",
    "nOrderComboLegs",
    "nSmartComboParams",
    "deltaNeutralContractPresent",
    "nConditions",
}
#: Fields that would make others follow, or that the encoder and decoder change.
LEFT_EMPTY = {
    "hedgeType",
    "algoStrategy",
    "scalePriceIncrement",
    "volatility",
    "scaleTable",
    "conditions",
}
DEFAULTS: dict[str, Any] = {
    field.name: field.default
    for each in (ib_async.Order, ib_async.OrderState)
    for field in dataclasses.fields(each)
    if isinstance(field.default, str | int | float)
}


def sentinel(name: str, index: int) -> str:
    default = DEFAULTS.get(name.removesuffix("Again"), "")
    if name in COUNTS:
        return "0"
    if name in LEFT_EMPTY:
        return ""
    if isinstance(default, bool):
        return "1"
    if isinstance(default, int):
        return str(1000 + index)
    if isinstance(default, float):
        return f"{1000 + index}.5"
    return f"{name}{index}"


class Ear:
    """What the decoder hands its findings to."""

    def __init__(self) -> None:
        self.order: Any = None
        self.state: Any = None

    def openOrder(self, order_id: int, contract: Any, order: Any, state: Any) -> None:
        self.order, self.state = order, state

    def completedOrder(self, contract: Any, order: Any, state: Any) -> None:
        self.order, self.state = order, state


@pytest.mark.parametrize(("message_id", "layout"), [("5", OPEN_ORDER), ("101", COMPLETED_ORDER)])
def test_the_decoder_finds_every_field_where_it_was_put(
    message_id: str, layout: tuple[Field, ...]
) -> None:
    names = [field.name for field in layouts.at(layout, 178) if not field.is_block]
    put = {name: sentinel(name, index) for index, name in enumerate(names)}
    fixed = {"orderId": "7", "expiry": "20260320", "strike": "685", "conId": "9"}
    put |= {name: value for name, value in fixed.items() if name in names}
    ear = Ear()
    decoder: Any = Decoder(ear, 178)  # type: ignore[arg-type]  # it calls only these two
    decoder.interpret([message_id, *put.values()])

    assert ear.order is not None, "the decoder refused the message"
    # The second of the two wins.
    put["trailStopPrice"] = put["trailStopPriceAgain"]
    compared = 0
    for name in names:
        for heard in (ear.order, ear.state):
            if name in DEFAULTS and hasattr(heard, name) and put[name]:
                assert _plain(getattr(heard, name)) == _plain(put[name]), name
                compared += 1
    assert compared > 75


def test_the_encoder_puts_every_field_where_it_is_read() -> None:
    sent: list[bytes] = []
    make_client: Any = Client
    client = make_client(None)
    client._serverVersion = 178
    client.isConnected = lambda: True
    client.sendMsg = lambda text: sent.append(text.encode())
    names = [field.name for field in layouts.at(PLACE_ORDER, 178) if not field.is_block]
    order = ib_async.Order()
    given = {}
    for index, name in enumerate(names):
        if name in DEFAULTS and name not in LEFT_EMPTY and name not in COUNTS:
            given[name] = sentinel(name, index)
            default = DEFAULTS[name]
            value = given[name]
            setattr(order, name, True if isinstance(default, bool) else type(default)(value))
    order.deltaNeutralOrderType = ""
    given.pop("deltaNeutralOrderType")
    client.placeOrder(7, ib_async.Option("SPY", "20260320", 685, "C", "SMART"), order)

    request = request_codec.read(sent[0], 178)
    assert isinstance(request, PlaceOrder)
    assert len(given) > 70
    for name, value in given.items():
        assert _plain(request.fields[name]) == _plain(value), name


def _plain(value: object) -> object:
    text = str(int(value)) if isinstance(value, bool) else str(value)
    try:
        return codec.decimal(text)
    except codec.ProtocolError:
        return text
