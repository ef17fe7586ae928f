"""The broker's memory on disk: what was decided, before it is done."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec

from autoscalper.broker import forgetting
from autoscalper.broker.book import Book
from autoscalper.broker.events import ContractDetails, Fill, execution_of
from autoscalper.broker.orders import Order, Trade
from autoscalper.broker.records import Changes, Question, Request, Waiting
from autoscalper.domain.contract import OptionContract
from autoscalper.domain.identity import ExecId, IbOrderId, PostId
from autoscalper.links import any_to_alert
from autoscalper.runtime.log import Log
from autoscalper.runtime.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    client_order_id TEXT PRIMARY KEY, ib_order_id INTEGER NOT NULL UNIQUE,
    trade_id TEXT NOT NULL, payload BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS orders_of_trade ON orders (trade_id);
CREATE TABLE IF NOT EXISTS trades (
    trade_id TEXT PRIMARY KEY, closed_at TEXT, payload BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS waiting (
    signal_id TEXT PRIMARY KEY, payload BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS missed (
    post_id TEXT PRIMARY KEY, payload BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS heard (post_id TEXT PRIMARY KEY, heard_at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS recent_alerts (
    alert TEXT PRIMARY KEY, posted_at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fills (
    exec_id TEXT PRIMARY KEY, client_order_id TEXT NOT NULL, payload BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS fills_of_order ON fills (client_order_id);
CREATE TABLE IF NOT EXISTS contracts (
    contract TEXT PRIMARY KEY, named BLOB NOT NULL, details BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS requests (
    command_id TEXT PRIMARY KEY, payload BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS questions (
    question_id TEXT PRIMARY KEY, payload BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""

_encode = msgspec.msgpack.Encoder().encode
_order = msgspec.msgpack.Decoder(Order).decode
_trade = msgspec.msgpack.Decoder(Trade).decode
_fill = msgspec.msgpack.Decoder(Fill).decode
_waiting = msgspec.msgpack.Decoder(Waiting).decode
_request = msgspec.msgpack.Decoder(Request).decode
_question = msgspec.msgpack.Decoder(Question).decode
_contract = msgspec.msgpack.Decoder(OptionContract).decode
_details = msgspec.msgpack.Decoder(ContractDetails).decode


class Journal:
    """Keeps a book's changes and gives them back after a restart."""

    def __init__(self, store: Store, notices: Log[any_to_alert.Message]) -> None:
        """Use ``store``, opened with ``SCHEMA``; ``notices`` is the log to alert in it."""
        self._store = store
        self._notices = notices

    def keep(self, changes: Changes) -> None:
        """Write ``changes`` inside the caller's transaction."""
        for order in changes.orders.values():
            self._put(
                "orders",
                (order.client_order_id, order.ib_order_id, order.trade_id, _encode(order)),
            )
        for trade in changes.trades.values():
            closed_at = trade.closed_at.isoformat() if trade.closed_at else None
            self._put("trades", (trade.trade_id, closed_at, _encode(trade)))
        for signal_id, waiting in changes.waiting.items():
            if waiting is None:
                self._store.execute("DELETE FROM waiting WHERE signal_id = ?", (signal_id,))
            else:
                self._put("waiting", (signal_id, _encode(waiting)))
        for post_id, missed in changes.missed.items():
            if missed is None:
                self._store.execute("DELETE FROM missed WHERE post_id = ?", (post_id,))
            else:
                self._put("missed", (post_id, _encode(missed)))
        self._keep_questions(changes)
        self._keep_facts(changes)
        for key, message in changes.notices:
            self._notices.append(key, message)

    def load(self, book: Book, now: datetime) -> None:
        """Fill a new ``book`` with what is remembered."""
        since = (now - forgetting.REMEMBERED).isoformat()
        for (payload,) in self._rows(
            "SELECT payload FROM trades WHERE closed_at IS NULL OR closed_at > ? ORDER BY"
            " (SELECT MIN(ib_order_id) FROM orders WHERE orders.trade_id = trades.trade_id)",
            since,
        ):
            book.put_trade(_trade(payload))
        for (payload,) in self._rows(
            "SELECT orders.payload FROM trades JOIN orders USING (trade_id)"
            " WHERE closed_at IS NULL OR closed_at > ? ORDER BY ib_order_id",
            since,
        ):
            book.put_order(_order(payload))
        waiting = [_waiting(payload) for (payload,) in self._rows("SELECT payload FROM waiting")]
        for each in sorted(waiting, key=lambda each: each.signal.read_at):
            book.wait(each)
        for (payload,) in self._rows("SELECT payload FROM missed"):
            book.miss(_waiting(payload))
        for (payload,) in self._rows("SELECT payload FROM requests"):
            request = _request(payload)
            book.requests[request.command.command_id] = request
        questions = [
            _question(payload) for (payload,) in self._rows("SELECT payload FROM questions")
        ]
        for question in sorted(questions, key=lambda each: each.signal.read_at):
            book.ask(question)
        self._load_facts(book, now)
        forgetting.forget(book, now)
        book.take_changes()
        # How it stands was told before, or is once the gateway says how it stands now.
        book.at_hand.take_untold_orders()
        book.at_hand.take_untold_trades()

    def _load_facts(self, book: Book, now: datetime) -> None:
        for named, details in self._rows("SELECT named, details FROM contracts"):
            book.put_contract(_contract(named), _details(details))
        heard_from = forgetting.heard_from(book, now).isoformat()
        for post_id, heard_at in self._rows(
            "SELECT post_id, heard_at FROM heard WHERE heard_at >= ?", heard_from
        ):
            book.heard[PostId(post_id)] = datetime.fromisoformat(heard_at)
        for alert, posted_at in self._rows("SELECT alert, posted_at FROM recent_alerts"):
            book.recent_alerts[alert] = datetime.fromisoformat(posted_at)
        self._load_fills(book)
        for (value,) in self._rows("SELECT value FROM marks WHERE name = 'ib_order_id'"):
            book.high_water_mark = IbOrderId(value)
        for (value,) in self._rows("SELECT value FROM marks WHERE name = 'paused'"):
            book.paused = bool(value)
        for (value,) in self._rows("SELECT value FROM marks WHERE name = 'over_on'"):
            book.over_on = date.fromordinal(value)

    def _load_fills(self, book: Book) -> None:
        for client_order_id in book.orders:
            for exec_id, payload in self._rows(
                "SELECT exec_id, payload FROM fills WHERE client_order_id = ?", client_order_id
            ):
                book.exec_ids.add(execution_of(ExecId(exec_id)))
                book.remember_fill(_fill(payload))

    def _keep_questions(self, changes: Changes) -> None:
        for question_id, question in changes.questions.items():
            if question is None:
                self._store.execute("DELETE FROM questions WHERE question_id = ?", (question_id,))
            else:
                self._put("questions", (question_id, _encode(question)))

    def _keep_facts(self, changes: Changes) -> None:
        for post_id, heard_at in changes.heard.items():
            self._put("heard", (post_id, heard_at.isoformat()))
        for alert, posted_at in changes.recent_alerts.items():
            self._put("recent_alerts", (alert, posted_at.isoformat()))
        for exec_id, fill in changes.fills.items():
            self._put("fills", (exec_id, fill.client_order_id, _encode(fill)))
        for contract, details in changes.contracts.items():
            self._put("contracts", (str(contract), _encode(contract), _encode(details)))
        for command_id, request in changes.requests.items():
            self._put("requests", (command_id, _encode(request)))
        if changes.paused is not None:
            self._put("marks", ("paused", int(changes.paused)))
        if changes.over_on is not None:
            self._put("marks", ("over_on", changes.over_on.toordinal()))
        if changes.high_water_mark is not None:
            self._put("marks", ("ib_order_id", changes.high_water_mark))

    def _put(self, table: str, row: tuple[Any, ...]) -> None:
        places = ", ".join("?" * len(row))
        self._store.execute(f"INSERT OR REPLACE INTO {table} VALUES ({places})", row)

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return self._store.execute(query, values).fetchall()
