"""The record of every order that was ever accepted, as people and tests read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal

import msgspec

from autoscalper.simulator.instruments import Contract
from autoscalper.simulator.orders import Execution, Order, StatusChange
from autoscalper.simulator.state import State


class LedgerFill(msgspec.Struct, frozen=True, kw_only=True):
    """One fill; a correction has the exec id of what it corrects but for its last number."""

    exec_id: str
    qty: Decimal
    price: Decimal
    commission: Decimal
    at: datetime


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One order: who placed it, what it says, and all that became of it.

    Attributes:
        limit_price: None for an order without one.
        stop_price: the trigger price, where it stands now for a trailing one.
        anomaly: ``lost`` in an injected restart, ``forked`` by an amendment, else empty.
    """

    client_id: int
    order_id: int
    perm_id: int
    order_ref: str
    parent_id: int
    oca_group: str
    oca_type: int
    #: underlying, expiry, strike, right, con_id, local_symbol
    contract: dict[str, object]
    side: str
    order_type: str
    time_in_force: str
    #: As first placed or last amended, and as OCA reductions left it.
    asked_qty: Decimal
    order_qty: Decimal
    cum_qty: Decimal
    leaves_qty: Decimal
    avg_price: Decimal
    limit_price: Decimal | None
    stop_price: Decimal | None
    transmit: bool
    status: str
    reason: str
    anomaly: str
    accepted_at: datetime
    done_at: datetime | None
    history: tuple[StatusChange, ...]
    fills: list[LedgerFill]


def read(
    state: State, contract_of: Callable[[Order], Contract], order_ref: str | None = None
) -> Iterator[LedgerEntry]:
    """Yield the ledger from the file, oldest order first."""
    for order in state.all_orders():
        if order_ref in (None, order.terms.order_ref):
            yield _entry(order, contract_of(order), state.executions_of(order.perm_id))


def _entry(order: Order, contract: Contract, executions: list[Execution]) -> LedgerEntry:
    terms = order.terms
    return LedgerEntry(
        client_id=order.client_id,
        order_id=order.order_id,
        perm_id=order.perm_id,
        order_ref=terms.order_ref,
        parent_id=terms.parent_id,
        oca_group=order.oca_group,
        oca_type=int(order.oca_type),
        contract=described(contract),
        side=terms.side.value,
        order_type=terms.order_type.value,
        time_in_force=terms.time_in_force.value,
        asked_qty=terms.order_qty,
        order_qty=order.order_qty,
        cum_qty=order.cum_qty,
        leaves_qty=order.leaves_qty,
        avg_price=order.avg_price,
        limit_price=terms.limit_price if terms.order_type.has_limit else None,
        stop_price=order.stop_price,
        transmit=terms.transmit,
        status=order.status.value,
        reason=order.reason,
        anomaly=order.anomaly,
        accepted_at=order.accepted_at,
        done_at=order.done_at,
        history=order.history,
        fills=[_fill(execution) for execution in executions],
    )


def described(contract: Contract) -> dict[str, object]:
    """Return a contract as people name it, and by IBKR's id and symbol."""
    return {
        "underlying": contract.symbol,
        "expiry": contract.expiry,
        "strike": contract.strike,
        "right": contract.right,
        "con_id": contract.con_id,
        "local_symbol": contract.local_symbol,
    }


def _fill(execution: Execution) -> LedgerFill:
    return LedgerFill(
        exec_id=execution.exec_id,
        qty=execution.last_qty,
        price=execution.last_price,
        commission=execution.commission,
        at=execution.executed_at,
    )
