"""What a placeOrder asks for: its fields become terms, or a refusal.

The checks are those that a gateway makes by itself, before an order has a life of its own.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from autoscalper.domain.identity import IbOrderId
from autoscalper.simulator import layouts, market_rules, times
from autoscalper.simulator.codec import ProtocolError, decimal, whole
from autoscalper.simulator.instruments import Contract
from autoscalper.simulator.orders import (
    OcaType,
    OrderTerms,
    OrderType,
    Side,
    TimeCondition,
    TimeInForce,
)
from autoscalper.simulator.requests import PlaceOrder

_TIME_CONDITION = "3"
#: Fields that the book decides on; everything else is given back as it came.
_DECIDED = frozenset(
    """secType exchange action totalQuantity orderType lmtPrice auxPrice tif ocaGroup account
    orderRef transmit parentId ocaType trailStopPrice whatIf""".split()
)
_DEFAULTS = {field.name: field.default for field in layouts.OPEN_ORDER}


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why an order is not accepted: IBKR's code, and words."""

    code: int
    text: str


#: The code of a request that fails validation; its text is only the cause.
INVALID = 321
#: The code of an order that is good till a date that is missing (reported in ib_insync#660); one
#: that is past is taken to be no better.
_NO_SUCH_END = 391


def _invalid(cause: str) -> Refusal:
    return Refusal(code=INVALID, text=cause)


def read_terms(
    request: PlaceOrder, contract: Contract, account: str, now: datetime
) -> OrderTerms | Refusal:
    """Return the terms of ``request`` in ``contract``, or why there are none at ``now``."""
    fields = request.fields
    if fields["action"] not in ("BUY", "SELL"):
        return _invalid(f"Invalid side {fields['action']!r}")
    if fields["orderType"] not in _ORDER_TYPES:
        return Refusal(code=387, text="Unsupported order type for this exchange and security type.")
    if (fields["tif"] or "DAY") not in TimeInForce.__members__:
        return _invalid(f"Invalid time in force {fields['tif']!r}")
    if fields["account"] not in ("", account):
        return _invalid(f"Invalid account code {fields['account']!r}")
    conditions = _conditions(request.blocks.get("CONDITIONS", ()))
    if conditions is None:
        return _invalid("Only time conditions are simulated")
    try:
        terms = _terms(request, contract, account, conditions)
    except (ProtocolError, ValueError) as error:
        return _invalid(str(error))
    return _refusal_of(terms, contract, now) or terms


_ORDER_TYPES = {
    **{order_type.value: order_type for order_type in OrderType},
    "STPLMT": OrderType.STOP_LIMIT,
    "TRAILLMT": OrderType.TRAIL_LIMIT,
}


def _terms(
    request: PlaceOrder, contract: Contract, account: str, conditions: tuple[TimeCondition, ...]
) -> OrderTerms:
    fields = request.fields
    return OrderTerms(
        con_id=contract.con_id,
        side=Side(fields["action"]),
        order_qty=decimal(fields["totalQuantity"]) or Decimal(0),
        order_type=_ORDER_TYPES[fields["orderType"]],
        limit_price=decimal(fields["lmtPrice"]),
        aux_price=decimal(fields["auxPrice"]),
        trail_stop_price=decimal(fields["trailStopPrice"]),
        trailing_percent=decimal(fields["trailingPercent"]),
        limit_price_offset=decimal(fields["lmtPriceOffset"]),
        trigger_method=whole(fields["triggerMethod"]),
        time_in_force=TimeInForce(fields["tif"] or "DAY"),
        good_till=_time(fields["goodTillDate"]),
        good_after=_time(fields["goodAfterTime"]),
        conditions=conditions,
        conditions_cancel_order=request.blocks.get("CONDITIONS", ("0",))[-1] == "1",
        oca_group=fields["ocaGroup"],
        oca_type=OcaType(whole(fields["ocaType"])),
        order_ref=fields["orderRef"],
        account=account,
        parent_id=IbOrderId(whole(fields["parentId"])),
        transmit=fields["transmit"] != "0",
        all_or_none=fields["allOrNone"] == "1",
    )


def _time(text: str) -> datetime | None:
    moment = times.parse(text) if text else None
    if text and moment is None:
        raise ProtocolError(f"Invalid date, time, or time-zone {text[:40]!r}")
    return moment


def _conditions(block: tuple[str, ...]) -> tuple[TimeCondition, ...] | None:
    # Each: type, conjunction, isMore, time; after the last, two flags of the order.
    found = []
    for start in range(0, len(block) - 2, 4):
        kind, conjunction, is_after, text = block[start : start + 4]
        moment = times.parse(text) if kind == _TIME_CONDITION else None
        if moment is None or conjunction not in ("a", ""):
            return None
        found.append(TimeCondition(at=moment, is_after=is_after == "1"))
    return tuple(found)


def _refusal_of(terms: OrderTerms, contract: Contract, now: datetime) -> Refusal | None:
    if terms.order_qty <= 0:
        return Refusal(code=434, text="The order size cannot be zero.")
    if terms.order_qty % 1:
        return _invalid("Fractional quantities are not allowed")
    if terms.time_in_force is TimeInForce.GTD and (terms.good_till or now) <= now:
        return Refusal(code=_NO_SUCH_END, text="A good-till-date order needs a date to come")
    prices = _prices_of(terms)
    if any(price is None for price in prices):
        return _invalid("The order type needs a price")
    if any(price is not None and not _is_price(price, contract) for price in prices):
        return Refusal(
            code=110,
            text="The price does not conform to the minimum price variation for this contract.",
        )
    return None


def _prices_of(terms: OrderTerms) -> list[Decimal | None]:
    match terms.order_type:
        case OrderType.MARKET:
            return []
        case OrderType.LIMIT:
            return [terms.limit_price]
        case OrderType.STOP:
            return [terms.aux_price]
        case OrderType.STOP_LIMIT:
            return [terms.limit_price, terms.aux_price]
        case OrderType.TRAIL | OrderType.TRAIL_LIMIT:
            return [] if terms.trailing_percent else [terms.aux_price]


def _is_price(price: Decimal, contract: Contract) -> bool:
    return price > 0 and market_rules.conforms(contract.rule, price)


def echo_of(request: PlaceOrder) -> dict[str, str]:
    """Return the fields that the book does not decide on, where the client set them."""
    return {
        name: value
        for name, value in request.fields.items()
        if value and name not in _DECIDED and name in _DEFAULTS and value != _DEFAULTS[name]
    }
