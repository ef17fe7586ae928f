"""Reads placeOrder: 114 fields for a plain option order, and blocks that only some orders have."""

from __future__ import annotations

from collections.abc import Callable

from autoscalper.domain.identity import IbOrderId
from autoscalper.simulator import layouts
from autoscalper.simulator.codec import FieldReader, ProtocolError, decimal, whole
from autoscalper.simulator.contract_codec import read_contract
from autoscalper.simulator.requests import PlaceOrder

_Fields = dict[str, str]

#: How many fields a condition of each type has after its type and conjunction: price, time,
#: margin, execution, volume, percent change.
_CONDITION_FIELDS = {1: 5, 3: 2, 4: 2, 5: 3, 6: 4, 7: 4}


def read_place_order(fields: FieldReader, version: int) -> PlaceOrder:
    """Read the whole message, down to its last field.

    Raises:
        ProtocolError: a field is missing or left over, or a number does not parse.
    """
    order_id = IbOrderId(fields.integer())
    contract = read_contract(fields)
    values: _Fields = {"secType": contract.sec_type, "exchange": contract.exchange}
    blocks: dict[str, tuple[str, ...]] = {}
    for stretch in layouts.stretches(layouts.PLACE_ORDER, version):
        values.update(zip(stretch.names, fields.texts(len(stretch.names)), strict=True))
        block = tuple(_BLOCKS[stretch.block](fields, values)) if stretch.block else ()
        if block:
            blocks[stretch.block] = block
    if fields.left:
        raise ProtocolError(f"expected the end of placeOrder, were {fields.left} more fields")
    return PlaceOrder(order_id=order_id, contract=contract, fields=values, blocks=blocks)


def _bag(fields: FieldReader, values: _Fields) -> list[str]:
    if values["secType"] != "BAG":
        return []
    legs = _counted(fields, 8)
    prices = _counted(fields, 1)
    return legs + prices + _counted(fields, 2)


def _counted(fields: FieldReader, width: int) -> list[str]:
    count = fields.text()
    return [count, *fields.texts(whole(count) * width)]


def _delta_neutral(fields: FieldReader, values: _Fields) -> list[str]:
    return fields.texts(8) if values["deltaNeutralOrderType"] else []


def _scale(fields: FieldReader, values: _Fields) -> list[str]:
    increment = decimal(values["scalePriceIncrement"])
    return fields.texts(7) if increment is not None and increment > 0 else []


def _hedge(fields: FieldReader, values: _Fields) -> list[str]:
    return fields.texts(1) if values["hedgeType"] else []


def _delta_contract(fields: FieldReader, values: _Fields) -> list[str]:
    return fields.texts(3) if values["deltaNeutralContractPresent"] == "1" else []


def _algo(fields: FieldReader, values: _Fields) -> list[str]:
    return _counted(fields, 2) if values["algoStrategy"] else []


def _peg_bench(fields: FieldReader, values: _Fields) -> list[str]:
    return fields.texts(5) if values["orderType"] in ("PEG BENCH", "PEGBENCH") else []


def _conditions(fields: FieldReader, values: _Fields) -> list[str]:
    block: list[str] = []
    for _ in range(whole(values["nConditions"])):
        head = fields.texts(2)
        if whole(head[0]) not in _CONDITION_FIELDS:
            raise ProtocolError(f"expected the type of a condition, was {head[0][:20]!r}")
        block += head + fields.texts(_CONDITION_FIELDS[whole(head[0])])
    return block + fields.texts(2) if block else block


def _pegged(fields: FieldReader, values: _Fields) -> list[str]:
    block = fields.texts(1) if values["exchange"] == "IBKRATS" else []
    if values["orderType"] == "PEG BEST":
        block += fields.texts(2)
        return block + fields.texts(2) if block[-1] == "Infinite" else block
    return block + fields.texts(2) if values["orderType"] == "PEG MID" else block


_BLOCKS: dict[str, Callable[[FieldReader, _Fields], list[str]]] = {
    "BAG": _bag,
    "DELTA_NEUTRAL": _delta_neutral,
    "SCALE": _scale,
    "HEDGE": _hedge,
    "DELTA_CONTRACT": _delta_contract,
    "ALGO": _algo,
    "PEG_BENCH": _peg_bench,
    "CONDITIONS": _conditions,
    "PEGGED": _pegged,
}
