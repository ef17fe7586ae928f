"""How a field of a message to the gateway is written.

The same as in ``Client.send`` of ib_async 2.1.0, which makes its table of a dozen functions anew
for each message: a bracket has some five hundred fields, and its trader waits for them.
"""

from __future__ import annotations

import math
from operator import attrgetter

from ib_async import Contract
from ib_async.util import UNSET_DOUBLE, UNSET_INTEGER

_parts_of = attrgetter(
    "conId",
    "symbol",
    "secType",
    "lastTradeDateOrContractMonth",
    "strike",
    "right",
    "multiplier",
    "exchange",
    "primaryExchange",
    "currency",
    "localSymbol",
    "tradingClass",
)


def word_of(field: object) -> str:
    """Return ``field`` as the gateway reads it, nothing for one that is not set."""
    # By how often they occur in an order.
    if isinstance(field, str):
        return field
    if isinstance(field, bool):
        return "1" if field else "0"
    if isinstance(field, float):
        return _number(field)
    if isinstance(field, int):
        return "" if field == UNSET_INTEGER else str(field)
    if field is None:
        return ""
    if isinstance(field, Contract):
        return "\0".join(map(str, _parts_of(field)))
    if isinstance(field, list):
        return "".join(f"{each.tag}={each.value};" for each in field)
    return str(field)


def _number(field: float) -> str:
    if field == UNSET_DOUBLE:
        return ""
    return "Infinite" if field == math.inf else str(field)
