"""openOrder and completedOrder: an order as a gateway tells it, in 135 and 100 fields."""

from __future__ import annotations

from decimal import Decimal

from autoscalper.simulator import layouts, times
from autoscalper.simulator.codec import UNSET_DOUBLE, Value, encode_texts, text
from autoscalper.simulator.contract_codec import written
from autoscalper.simulator.instruments import Contract
from autoscalper.simulator.layouts import Field
from autoscalper.simulator.orders import Order, Status

_OPEN_ORDER = 5
_COMPLETED_ORDER = 101
_CONTRACT_NAMES = (
    "conId",
    "symbol",
    "secType",
    "expiry",
    "strike",
    "right",
    "multiplier",
    "exchange",
    "currency",
    "localSymbol",
    "tradingClass",
)


def open_order(order: Order, contract: Contract, version: int) -> bytes:
    """Return the openOrder frame of an order as it stands."""
    return _encode(_OPEN_ORDER, layouts.OPEN_ORDER, _open_values(order, contract), order, version)


def what_if(order: Order, contract: Contract, margins: dict[str, Decimal], version: int) -> bytes:
    """Return the openOrder frame that answers a whatIf, with its margins and commission."""
    values = _open_values(order, contract) | margins | {"whatIf": "1"}
    return _encode(_OPEN_ORDER, layouts.OPEN_ORDER, values, order, version)


def completed_order(order: Order, contract: Contract, version: int) -> bytes:
    """Return the completedOrder frame of an order that is done. It names no order id."""
    values = _common_values(order, contract) | {
        "status": order.status.value,
        "filledQuantity": order.cum_qty,
        "completedTime": times.render(order.done_at or order.accepted_at),
        "completedStatus": _completed_status(order),
    }
    if order.parent_perm_id is not None:
        values["parentPermId"] = order.parent_perm_id
    return _encode(_COMPLETED_ORDER, layouts.COMPLETED_ORDER, values, order, version)


def _encode(
    message_id: int, layout: tuple[Field, ...], values: dict[str, Value], order: Order, version: int
) -> bytes:
    fields = layouts.defaults(layout) | order.echo
    fields |= {name: text(value) for name, value in values.items()}
    row = [str(message_id)]
    for stretch in layouts.stretches(layout, version):
        row += map(fields.__getitem__, stretch.names)
        row += order.echo_blocks.get(stretch.block, ())
    return encode_texts(row)


def _open_values(order: Order, contract: Contract) -> dict[str, Value]:
    return _common_values(order, contract) | {
        "orderId": order.order_id,
        "clientId": order.client_id,
        "parentId": order.terms.parent_id,
        "status": order.status.value,
        "commission": order.commission if order.commission else UNSET_DOUBLE,
        "minCommission": UNSET_DOUBLE,
        "maxCommission": UNSET_DOUBLE,
    }


def _common_values(order: Order, contract: Contract) -> dict[str, Value]:
    terms = order.terms
    values: dict[str, Value] = dict(zip(_CONTRACT_NAMES, written(contract), strict=True))
    values |= {
        "right": "?" if contract.right is None else contract.right.value,
        "action": terms.side.value,
        "totalQuantity": order.order_qty,
        "orderType": terms.order_type.value,
        "lmtPrice": terms.limit_price or Decimal(0),
        "auxPrice": terms.aux_price or Decimal(0),
        "tif": terms.time_in_force.value,
        "ocaGroup": order.oca_group,
        "ocaType": int(order.oca_type) or 3,
        "account": terms.account,
        "orderRef": terms.order_ref,
        "permId": order.perm_id,
    }
    if order.stop_price is not None:
        values["trailStopPrice"] = order.stop_price
        values["trailStopPriceAgain"] = order.stop_price
    return values


def _completed_status(order: Order) -> str:
    if order.status is Status.FILLED:
        return f"Filled Size: {order.cum_qty:f}"
    return order.reason or "Cancelled by Trader"
