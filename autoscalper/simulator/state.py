"""The simulator's file: everything that a restart must not lose, and the record of all orders.

A commit survives the death of the process (SQLite in WAL mode), so what a client was told is
always in the file: the gateway commits before it sends.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import msgspec

from autoscalper.domain.identity import ConId, ExecId, PermId
from autoscalper.runtime.store import Store
from autoscalper.simulator.account import Position
from autoscalper.simulator.instruments import Contract
from autoscalper.simulator.market import OwnPrice
from autoscalper.simulator.orders import Execution, Order, OrderKey, Status
from autoscalper.simulator.sessions import exchange_day

_SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    perm_id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL, order_id INTEGER NOT NULL,
    is_live INTEGER NOT NULL, is_lost INTEGER NOT NULL, status TEXT NOT NULL,
    oca_group TEXT NOT NULL, done_day TEXT NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS orders_by_key ON orders (client_id, order_id);
CREATE INDEX IF NOT EXISTS live_orders ON orders (is_live) WHERE is_live;
CREATE INDEX IF NOT EXISTS orders_by_group ON orders (oca_group) WHERE oca_group <> '';
CREATE INDEX IF NOT EXISTS orders_by_day ON orders (done_day) WHERE done_day <> '';
CREATE TABLE IF NOT EXISTS executions (
    sequence INTEGER PRIMARY KEY, exec_id TEXT NOT NULL UNIQUE, perm_id INTEGER NOT NULL,
    day TEXT NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS executions_by_day ON executions (day);
CREATE INDEX IF NOT EXISTS executions_by_order ON executions (perm_id);
CREATE TABLE IF NOT EXISTS contracts (con_id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS numbers (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS client_ids (
    client_id INTEGER PRIMARY KEY, highest INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS positions (con_id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS prices (con_id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS spots (symbol TEXT PRIMARY KEY, price TEXT NOT NULL) WITHOUT ROWID;
"""

#: What ``Order.anomaly`` says of an order that a restart lost: the gateway knows nothing of it.
LOST = "lost"

_encode = msgspec.json.encode
_orders = msgspec.json.Decoder(Order)
_executions = msgspec.json.Decoder(Execution)
_contracts = msgspec.json.Decoder(Contract)
_positions = msgspec.json.Decoder(Position)
_prices = msgspec.json.Decoder(OwnPrice)
_T = TypeVar("_T")


class Changes(msgspec.Struct):
    """What happened since the last commit, newest record of each thing."""

    orders: dict[PermId, Order] = {}
    executions: list[Execution] = []
    contracts: list[Contract] = []
    positions: dict[ConId, Position] = {}
    #: Whether all positions in the file are to be dropped first.
    forget_positions: bool = False
    cash: Decimal | None = None
    next_perm_id: PermId | None = None
    highest_ids: dict[int, int] = {}
    prices: dict[ConId, OwnPrice] = {}
    spots: dict[str, Decimal] = {}


class State:
    """The file, opened by one process at a time."""

    def __init__(self, path: Path) -> None:
        """Open ``path`` or make it.

        Raises:
            StoreUnusable: the file is damaged, newer, or held by another process.
        """
        self._store = Store(path, durable=False, schema=_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def commit(self, changes: Changes) -> None:
        """Keep all of ``changes``.

        Raises:
            StorageFailed: the disk refused; nothing was kept.
        """
        with self._store.transaction():
            self._keep_orders(changes)
            self._keep_account(changes)
            for contract in changes.contracts:
                self._put("contracts", contract.con_id, _encode(contract))
            for own in changes.prices.values():
                self._put("prices", own.con_id, _encode(own))
            for symbol, price in changes.spots.items():
                self._put("spots", symbol, str(price))

    def live_orders(self) -> list[Order]:
        """Return the live orders, untransmitted ones included, oldest first."""
        return self._all(_orders, "orders WHERE is_live ORDER BY perm_id")

    def all_orders(self) -> Iterator[Order]:
        """Yield every order that was ever accepted, oldest first."""
        for (body,) in self._store.execute("SELECT body FROM orders ORDER BY perm_id"):
            yield _orders.decode(body)

    def completed_orders(self, day: date) -> list[Order]:
        """Return the orders that ended on ``day`` of the exchange, oldest first."""
        where = "orders WHERE done_day = ? AND NOT is_lost ORDER BY perm_id"
        return self._all(_orders, where, day.isoformat())

    def executions(self, day: date) -> list[Execution]:
        """Return the fills and corrections of ``day``, oldest first."""
        return self._all(_executions, "executions WHERE day = ? ORDER BY sequence", day.isoformat())

    def executions_of(self, perm_id: PermId) -> list[Execution]:
        """Return the fills and corrections of one order, oldest first."""
        return self._all(_executions, "executions WHERE perm_id = ? ORDER BY sequence", perm_id)

    def execution(self, exec_id: ExecId) -> Execution | None:
        """Return the fill or correction of that id, or None."""
        found = self._all(_executions, "executions WHERE exec_id = ?", exec_id)
        return found[0] if found else None

    def contracts(self) -> list[Contract]:
        """Return every contract that was given out."""
        return self._all(_contracts, "contracts")

    def positions(self) -> list[Position]:
        """Return the positions."""
        return self._all(_positions, "positions")

    def prices(self) -> list[OwnPrice]:
        """Return the prices of the contracts that left the market's model."""
        return self._all(_prices, "prices")

    def spots(self) -> dict[str, Decimal]:
        """Return the prices of the underlyings."""
        rows = self._store.execute("SELECT symbol, price FROM spots").fetchall()
        return {symbol: Decimal(price) for symbol, price in rows}

    def cash(self) -> Decimal | None:
        """Return the dollars in the account; None in a new file."""
        value = self._number("cash")
        return None if value is None else Decimal(value)

    def next_perm_id(self) -> PermId | None:
        """Return the next permanent id; None in a new file."""
        value = self._number("next_perm_id")
        return None if value is None else PermId(int(value))

    def highest_ids(self) -> dict[int, int]:
        """Return the highest order id that each client has used."""
        return dict(self._store.execute("SELECT client_id, highest FROM client_ids").fetchall())

    def highest_known_id(self, client_id: int) -> int:
        """Return the highest id of the client's orders that were not lost, 0 without any."""
        (highest,) = self._store.execute(
            "SELECT max(order_id) FROM orders WHERE client_id = ? AND NOT is_lost", (client_id,)
        ).fetchone()
        return highest or 0

    def final_status(self, key: OrderKey) -> Status | None:
        """Return how the done order of that key ended, or None if there was none."""
        row = self._store.execute(
            "SELECT status FROM orders WHERE client_id = ? AND order_id = ?"
            " AND NOT is_live AND NOT is_lost ORDER BY perm_id DESC LIMIT 1",
            key,
        ).fetchone()
        return None if row is None else Status(row[0])

    def is_group_spent(self, oca_group: str) -> bool:
        """Return whether an order of that OCA group filled completely."""
        row = self._store.execute(
            "SELECT 1 FROM orders WHERE oca_group = ? AND oca_group <> '' AND status = ? LIMIT 1",
            (oca_group, Status.FILLED.value),
        ).fetchone()
        return row is not None

    def _keep_orders(self, changes: Changes) -> None:
        for order in changes.orders.values():
            self._put_order(order)
        for execution in changes.executions:
            self._put_execution(execution)
        if changes.next_perm_id is not None:
            self._put("numbers", "next_perm_id", str(changes.next_perm_id))
        for client_id, highest in changes.highest_ids.items():
            self._put("client_ids", client_id, highest)

    def _keep_account(self, changes: Changes) -> None:
        if changes.forget_positions:
            self._store.execute("DELETE FROM positions")
        for position in changes.positions.values():
            self._put("positions", position.con_id, _encode(position))
        if changes.cash is not None:
            self._put("numbers", "cash", str(changes.cash))

    def _put(self, table: str, key: object, value: object) -> None:
        self._store.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", (key, value))

    def _put_order(self, order: Order) -> None:
        self._store.execute(
            "INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                order.perm_id,
                order.client_id,
                order.order_id,
                order.is_live,
                order.anomaly == LOST,
                order.status.value,
                order.terms.oca_group,
                "" if order.done_at is None else exchange_day(order.done_at).isoformat(),
                _encode(order),
            ),
        )

    def _put_execution(self, execution: Execution) -> None:
        self._store.execute(
            "INSERT INTO executions (exec_id, perm_id, day, body) VALUES (?, ?, ?, ?)",
            (
                execution.exec_id,
                execution.perm_id,
                exchange_day(execution.executed_at).isoformat(),
                _encode(execution),
            ),
        )

    def _number(self, name: str) -> str | None:
        row = self._store.execute("SELECT value FROM numbers WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def _all(self, decoder: msgspec.json.Decoder[_T], where: str, *values: object) -> list[_T]:
        rows = self._store.execute(f"SELECT body FROM {where}", values).fetchall()
        return [decoder.decode(body) for (body,) in rows]
