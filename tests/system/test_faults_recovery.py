"""How soon the broker trades again, with ten positions and thirty open orders."""

from __future__ import annotations

from tests.chaos import recovery
from tests.chaos.floor import a_stack

#: Seconds: several times what it takes, for machines that do other things, too.
GENEROUS_MS = 10_000


def test_it_trades_again_after_kills_and_restarts_with_everything_still_there() -> None:
    with a_stack() as stack:
        figures = recovery.measure(stack, kills=3, restarts=4)
    assert figures["open_orders"] == recovery.OPEN_ORDERS
    assert 0 < figures["kill_to_trading_ms_p50"] < GENEROUS_MS
    assert 0 < figures["gateway_to_trading_ms_p50"] < GENEROUS_MS
