"""What stands at the simulated gateway: orders at rest, positions and their stops."""

from __future__ import annotations

import time
from collections import Counter
from decimal import Decimal
from typing import Any

from autoscalper.cli.simulator_control import SimulatorControl

#: Real seconds in which an order that is on its way must have arrived.
_PATIENCE_SECONDS = 10.0
_LOOK_SECONDS = 0.02
#: States of an order that rests at the gateway, in IBKR's words.
_AT_REST = ("PreSubmitted", "Submitted")


def held(positions: Any) -> int:
    """Return how many contracts are held in all, by the simulator's ``positions``."""
    return sum(abs(_count(each["qty"])) for each in positions["positions"])


def contracts_held(positions: Any) -> int:
    """Return in how many contracts there is a position, by the simulator's ``positions``."""
    return sum(_count(each["qty"]) != 0 for each in positions["positions"])


def resting_entries(ledger: Any) -> int:
    """Return how many buy orders rest, by the simulator's ``ledger``."""
    orders = ledger["orders"]
    return sum(each["side"] == "BUY" and each["status"] in _AT_REST for each in orders)


def await_protection(market: SimulatorControl) -> tuple[str, ...]:
    """Return the contracts that are held without enough stops, once nothing is on its way."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        bare = unprotected(market.ask("positions"), market.ask("ledger"))
        if not bare or time.monotonic() > deadline:
            return bare
        time.sleep(_LOOK_SECONDS)


def unprotected(positions: Any, ledger: Any) -> tuple[str, ...]:
    """Return the contracts of which more is held than the stops at rest would sell."""
    stopped: Counter[str] = Counter()
    for order in ledger["orders"]:
        if order["side"] == "SELL" and order["order_type"] == "STP" and order["status"] in _AT_REST:
            stopped[_name(order)] += _count(order["leaves_qty"])
    return tuple(
        _name(each) for each in positions["positions"] if _count(each["qty"]) > stopped[_name(each)]
    )


def _name(entry: Any) -> str:
    contract = entry["contract"]
    return " ".join(str(contract[part]) for part in ("underlying", "expiry", "strike", "right"))


def _count(qty: Any) -> int:
    return int(Decimal(qty))
