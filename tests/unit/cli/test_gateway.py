from pathlib import Path
from typing import Any

import pytest

from autoscalper.cli import gateway
from autoscalper.cli.gateway import (
    await_protection,
    contracts_held,
    held,
    resting_entries,
    unprotected,
)
from autoscalper.cli.simulator_control import SimulatorControl
from tests.fakes.control_socket import a_control_socket

CONTRACT = {"underlying": "IWM", "expiry": "2026-03-18", "strike": "210", "right": "C"}
OTHER = {**CONTRACT, "right": "P"}


def order(**fields: Any) -> dict[str, Any]:
    """Return an entry of the ledger: a stop at rest for one contract, but for ``fields``."""
    stop = {
        "contract": CONTRACT,
        "side": "SELL",
        "order_type": "STP",
        "status": "PreSubmitted",
        "leaves_qty": "1",
    }
    return stop | fields


def positions(qty: str = "1") -> dict[str, Any]:
    return {"positions": [{"contract": CONTRACT, "qty": qty}], "account": {}}


def test_what_is_held_is_counted_over_all_contracts() -> None:
    two = {"positions": [{"qty": "2"}, {"qty": "1.0"}]}
    assert (held(two), held({"positions": []})) == (3, 0)


def test_a_contract_that_is_flat_is_not_held() -> None:
    assert contracts_held({"positions": [{"qty": "2"}, {"qty": "0"}, {"qty": "-1"}]}) == 2


def test_only_buy_orders_that_work_are_entries_at_rest() -> None:
    entry = order(side="BUY", order_type="LMT", status="Submitted")
    gone = order(side="BUY", order_type="LMT", status="Cancelled")
    assert resting_entries({"orders": [entry, gone, order()]}) == 1


@pytest.mark.parametrize(
    ("qty", "orders", "is_protected"),
    [
        ("1", [order()], True),
        ("2", [order(leaves_qty="2")], True),
        ("2", [order(), order()], True),
        ("0", [], True),
        ("1", [], False),
        ("2", [order()], False),
        ("1", [order(status="Cancelled")], False),
        ("1", [order(order_type="LMT")], False),
        ("1", [order(contract=OTHER)], False),
        ("1", [order(side="BUY")], False),
    ],
)
def test_a_position_is_protected_by_stops_at_rest_for_all_of_it(
    qty: str, orders: list[dict[str, Any]], is_protected: bool
) -> None:
    bare = unprotected(positions(qty), {"orders": orders})
    assert bare == (() if is_protected else ("IWM 2026-03-18 210 C",))


def test_a_stop_that_is_on_its_way_is_waited_for(tmp_path: Path) -> None:
    ledgers = iter([[], [order(status="PendingSubmit")], [order()]])

    def answer(request: dict[str, Any]) -> Any:
        return positions() if request["command"] == "positions" else {"orders": next(ledgers)}

    with a_control_socket(tmp_path, answer):
        assert await_protection(SimulatorControl(tmp_path)) == ()


def test_a_stop_that_never_comes_is_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "_PATIENCE_SECONDS", 0.05)

    def answer(request: dict[str, Any]) -> Any:
        return positions() if request["command"] == "positions" else {"orders": []}

    with a_control_socket(tmp_path, answer):
        assert await_protection(SimulatorControl(tmp_path)) == ("IWM 2026-03-18 210 C",)
