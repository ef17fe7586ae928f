"""An order's life through IBKR's own Python client (ibapi 9.81.1), one line for each step."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.execution import ExecutionFilter
from ibapi.order import Order
from ibapi.wrapper import EWrapper

EXPIRY = "20260320"
CLIENT_ID = 21
PATIENCE_SECONDS = 10.0


class Client(EWrapper, EClient):
    """Keeps everything that it is told, in order."""

    def __init__(self) -> None:
        EClient.__init__(self, self)
        self.heard: list[tuple[str, tuple[Any, ...]]] = []

    def note(self, what: str, *values: Any) -> None:
        self.heard.append((what, values))

    def nextValidId(self, orderId: int) -> None:
        self.note("nextValidId", orderId)

    def contractDetails(self, reqId: int, contractDetails: Any) -> None:
        self.note("contractDetails", contractDetails)

    def contractDetailsEnd(self, reqId: int) -> None:
        self.note("contractDetailsEnd")

    def tickPrice(self, reqId: int, tickType: int, price: float, attrib: Any) -> None:
        self.note("tickPrice", tickType, price)

    def openOrder(self, orderId: int, contract: Any, order: Any, orderState: Any) -> None:
        self.note("openOrder", orderId, order.orderRef, order.lmtPrice, order.permId)

    def orderStatus(self, orderId: int, status: str, *rest: Any) -> None:
        self.note("orderStatus", orderId, status)

    def execDetails(self, reqId: int, contract: Any, execution: Any) -> None:
        self.note("execDetails", execution.orderRef, execution.price, reqId)

    def execDetailsEnd(self, reqId: int) -> None:
        self.note("execDetailsEnd")

    def commissionReport(self, commissionReport: Any) -> None:
        self.note("commissionReport", commissionReport.commission)

    def completedOrder(self, contract: Any, order: Any, orderState: Any) -> None:
        self.note("completedOrder", order.orderRef, orderState.status)

    def completedOrdersEnd(self) -> None:
        self.note("completedOrdersEnd")

    def openOrderEnd(self) -> None:
        self.note("openOrderEnd")

    def positionEnd(self) -> None:
        self.note("positionEnd")

    def position(self, account: str, contract: Any, position: float, avgCost: float) -> None:
        self.note("position", position, round(avgCost, 2))

    def error(self, reqId: int, errorCode: int, errorString: str) -> None:
        self.note("error", reqId, errorCode)


class Steps:
    """Says what passed, and ends the run at what did not."""

    def __init__(self, port: int, control: str) -> None:
        self.port = port
        self.control = control
        self.client = Client()

    def connect(self) -> int:
        self._begin()
        # disconnect() leaves the old socket open until its reader wakes up, up to a second later.
        while self.wait_for_either("nextValidId", "error")[0] == "error":
            self.client.disconnect()
            time.sleep(0.1)
            self._begin()
        ((order_id,),) = self.wait("nextValidId")
        return int(order_id)

    def _begin(self) -> None:
        self.client = Client()
        self.client.connect("127.0.0.1", self.port, CLIENT_ID)
        threading.Thread(target=self.client.run, daemon=True).start()

    def wait_for_either(self, *names: str) -> tuple[str, tuple[Any, ...]]:
        """Return the first message of one of ``names``, or end the run."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            for name, values in self.client.heard:
                if name in names:
                    return name, values
            time.sleep(0.01)
        sys.exit(f"ibapi  FAILED waiting for {names}")

    def wait(
        self, what: str, matches: Callable[..., bool] = lambda *_: True, count: int = 1
    ) -> list[tuple[Any, ...]]:
        """Return the values of ``count`` messages, or end the run."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            found = [values for name, values in self.client.heard if name == what]
            found = [values for values in found if matches(*values)]
            if len(found) >= count:
                return found
            time.sleep(0.01)
        sys.exit(f"ibapi  FAILED waiting for {count} {what}; heard {self.client.heard[-12:]}")

    def status(self, order_id: int, status: str) -> None:
        self.wait("orderStatus", lambda each, stands: (each, stands) == (order_id, status))

    def quote(self, bid: str, ask: str) -> None:
        with socket.socket(socket.AF_UNIX) as line, line.makefile("rw") as lines:
            line.connect(self.control)
            asked = {"command": "quote", "underlying": "SPY", "expiry": "2026-03-20"}
            asked |= {"strike": "685", "right": "C", "bid": bid, "ask": ask}
            lines.write(json.dumps(asked) + "\n")
            lines.flush()
            assert json.loads(lines.readline())["ok"]


def passed(step: str) -> None:
    print(f"ibapi  {step:<22} ok", flush=True)


def option() -> Contract:
    contract = Contract()
    contract.symbol, contract.secType, contract.exchange = "SPY", "OPT", "SMART"
    contract.currency, contract.lastTradeDateOrContractMonth = "USD", EXPIRY
    contract.strike, contract.right, contract.multiplier = 685.0, "C", "100"
    return contract


def order(action: str, kind: str, ref: str, **fields: Any) -> Order:
    made = Order()
    made.action, made.orderType, made.totalQuantity = action, kind, 2
    made.orderRef, made.tif = ref, "DAY"
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def main(port: int, control: str) -> None:
    steps = Steps(port, control)
    steps.quote("0.42", "0.43")
    order_id = steps.connect()
    passed("connect")
    contract = look_up(steps)
    order_id = place_amend_cancel(steps, contract, order_id)
    order_id = bracket(steps, contract, order_id)
    steps.client.placeOrder(order_id, contract, order("BUY", "LMT", "rests", lmtPrice=0.20))
    steps.status(order_id, "Submitted")
    records(steps)
    found_again(steps, order_id)


def look_up(steps: Steps) -> Contract:
    steps.client.reqContractDetails(1, option())
    steps.wait("contractDetailsEnd")
    ((details,),) = steps.wait("contractDetails")
    assert details.contract.conId > 0
    assert details.marketRuleIds
    passed("contract details")
    steps.client.reqMktData(2, details.contract, "", False, False, [])
    steps.wait("tickPrice", lambda kind, price: (kind, price) == (2, 0.43))
    passed("quote")
    return details.contract


def place_amend_cancel(steps: Steps, contract: Contract, order_id: int) -> int:
    limit = order("BUY", "LMT", "one", lmtPrice=0.20)
    steps.client.placeOrder(order_id, contract, limit)
    steps.status(order_id, "Submitted")
    passed("place")
    limit.lmtPrice = 0.25
    steps.client.placeOrder(order_id, contract, limit)
    steps.wait("openOrder", lambda each, ref, price, perm: (each, price) == (order_id, 0.25))
    passed("modify")
    steps.client.cancelOrder(order_id)
    steps.status(order_id, "Cancelled")
    steps.wait("error", lambda each, code: (each, code) == (order_id, 202))
    steps.client.cancelOrder(order_id)
    steps.wait("error", lambda each, code: (each, code) == (order_id, 10148))
    passed("cancel")
    return order_id + 1


def bracket(steps: Steps, contract: Contract, entry: int) -> int:
    target, stop = entry + 1, entry + 2
    place = steps.client.placeOrder
    place(entry, contract, order("BUY", "LMT", "entry", lmtPrice=0.43, transmit=False))
    exits = {"parentId": entry, "transmit": False}
    place(target, contract, order("SELL", "LMT", "target", lmtPrice=0.86, **exits))
    place(stop, contract, order("SELL", "STP", "stop", auxPrice=0.32, parentId=entry))
    steps.status(entry, "Filled")
    steps.status(target, "Submitted")
    steps.status(stop, "PreSubmitted")
    passed("bracket")
    steps.quote("0.30", "0.31")
    steps.status(stop, "Filled")
    steps.status(target, "Cancelled")
    steps.wait("commissionReport", lambda commission: commission == 1.3, count=2)
    passed("fill")
    return stop + 1


def records(steps: Steps) -> None:
    steps.client.reqExecutions(3, ExecutionFilter())
    steps.wait("execDetailsEnd")
    found = steps.wait("execDetails", lambda ref, price, req_id: req_id == 3, count=2)
    assert [(ref, price) for ref, price, _ in found] == [("entry", 0.43), ("stop", 0.30)]
    passed("executions")
    steps.client.reqCompletedOrders(False)
    steps.wait("completedOrdersEnd")
    assert steps.wait("completedOrder", count=4) == [
        ("one", "Cancelled"),
        ("entry", "Filled"),
        ("target", "Cancelled"),
        ("stop", "Filled"),
    ]
    passed("completed orders")


def found_again(steps: Steps, order_id: int) -> None:
    (_, _, _, perm_id) = steps.wait("openOrder", lambda each, *_: each == order_id)[0]
    steps.client.disconnect()
    assert steps.connect() == order_id + 1
    steps.client.reqOpenOrders()
    steps.wait("openOrderEnd")
    found = steps.wait("openOrder")
    assert found == [(order_id, "rests", 0.20, perm_id)]
    passed("reconnect, find again")
    steps.client.disconnect()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
