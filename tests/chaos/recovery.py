"""How long it takes to trade again: after a kill of the broker, after a restart of the gateway."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from decimal import Decimal

from tests.chaos import evidence
from tests.chaos.play import hand_in, quantile, show_quote
from tests.chaos.stack import Stack
from tests.chaos.trader import Alert, Contract, Kind, Move

#: Positions held meanwhile, each with a stop, a target and a sale for the last day at rest.
POSITIONS = 10
OPEN_ORDERS = 3 * POSITIONS
#: Seconds for which a process must have run before it is killed again, and a restart's pause.
_QUIET_SECONDS = 1.3
_DOWN_SECONDS = 0.3
_LOOK_SECONDS = 0.02
_PATIENCE_SECONDS = 30.0


def measure(stack: Stack, *, kills: int, restarts: int) -> dict[str, float]:
    """Return the figures of so many kills and restarts, in milliseconds."""
    take_positions(stack)
    killed = [_after(stack, _kill_broker) for _ in range(kills)]
    restarted = [_after(stack, _restart_gateway) for _ in range(restarts)]
    live = [order for order in evidence.gather(stack, ()).orders if order.is_live]
    return {
        "positions": POSITIONS,
        "open_orders": len(live),
        "broker_kills": kills,
        "kill_to_trading_ms_p50": quantile(killed, 0.5),
        "kill_to_trading_ms_p99": quantile(killed, 0.99),
        "gateway_restarts": restarts,
        "gateway_to_trading_ms_p50": quantile(restarted, 0.5),
        "gateway_to_trading_ms_p99": quantile(restarted, 0.99),
    }


def take_positions(stack: Stack) -> None:
    """Buy in ``POSITIONS`` contracts and return when all of it is protected."""
    price = Decimal("1.00")
    with closing(stack.door()) as door:
        for number in range(POSITIONS):
            contract = Contract(underlying="SPY", strike=600 + number, right="C")
            move = Move(at=0.0, contract=contract, bid=price - Decimal("0.01"), ask=price)
            show_quote(stack, move)
            text = f"BTO {contract} 3/20 @ {price}"
            alert = Alert(at=0.0, kind=Kind.ENTRY, message_id=f"p{number}", text=text)
            hand_in(stack, door, alert, {})
    _wait_until(lambda: len(_live_sells(stack)) == OPEN_ORDERS, "positions and their protection")


def _live_sells(stack: Stack) -> Sequence[evidence.LedgerOrder]:
    orders = evidence.gather(stack, ()).orders
    held = {order.trade for order in orders if order.side == "BUY" and order.cum_qty}
    return [order for order in orders if order.is_live and order.trade in held]


def _after(stack: Stack, disturb: Callable[[Stack], float]) -> float:
    """Return the milliseconds from the end of a disturbance until the broker trades."""
    before = len(_trading_since(stack))
    ended = disturb(stack)
    _wait_until(lambda: len(_trading_since(stack)) > before, "the broker to trade again")
    at = next(each for each in _trading_since(stack)[before:] if each >= ended)
    time.sleep(_QUIET_SECONDS)
    return (at - ended) * 1000


def _trading_since(stack: Stack) -> list[float]:
    return [at for at, state in evidence.states(stack) if state == "trading"]


def _kill_broker(stack: Stack) -> float:
    ended = stack.moment()
    assert stack.kill("broker"), "the broker does not run"
    return ended


def _restart_gateway(stack: Stack) -> float:
    heard = len(_listening(stack))
    stack.ask("restart", down_seconds=_DOWN_SECONDS)
    _wait_until(lambda: len(_listening(stack)) > heard, "the gateway to come back")
    return _listening(stack)[heard]


def _listening(stack: Stack) -> list[float]:
    lines = evidence.log_lines(stack, "simulator")
    return [at for at, message in lines if message.startswith("listening")]


def _wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(_LOOK_SECONDS)
