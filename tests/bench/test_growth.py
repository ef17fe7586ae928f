"""Days that are copied: every table is known, and what is in them is read as so many days."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from autoscalper.alert.__main__ import _SCHEMA as ALERT
from autoscalper.broker import journal
from autoscalper.broker.events import ContractDetails
from autoscalper.domain.contract import OptionContract, Right
from autoscalper.domain.identity import ConId
from autoscalper.domain.pricing import Ticks
from autoscalper.ingest.__main__ import _SCHEMA as INGEST
from autoscalper.parser import line, memory
from autoscalper.runtime.store import Store
from tests.bench import growth

EXPIRY = date(2026, 3, 20)
CONTRACT = OptionContract(underlying="QQQ", expiry=EXPIRY, strike=Decimal(575), right=Right.CALL)
DETAILS = ContractDetails(
    con_id=ConId(7001), trading_class="QQQ", multiplier=Decimal(100), ticks=Ticks()
)
SCHEMAS = {
    "ingest": INGEST,
    "parser": memory.SCHEMA + line.SCHEMA,
    "broker": journal.SCHEMA,
    "alert": ALERT,
}


@contextmanager
def a_store(path: Path, process: str, *statements: str) -> Iterator[sqlite3.Connection]:
    Store(path, durable=False, schema=SCHEMAS[process]).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as store:
        for statement in statements:
            store.execute(statement)
        yield store


@pytest.mark.parametrize("process", SCHEMAS)
def test_every_table_of_the_processes_is_known(tmp_path: Path, process: str) -> None:
    with a_store(tmp_path / "made.db", process) as store:
        growth.multiply(store, process, 3)
        store.execute("CREATE TABLE novel (name TEXT)")
        with pytest.raises(AssertionError, match="novel"):
            growth.multiply(store, process, 3)


def test_older_days_are_in_front_in_a_log(tmp_path: Path) -> None:
    made = [
        f"INSERT INTO entries VALUES ('log', {place}, 'k{place}', '2026-03-18T14:00:00+00:00', '')"
        for place in (1, 2)
    ]
    read = "INSERT INTO cursors VALUES ('log', 'epoch', 2)"
    with a_store(tmp_path / "made.db", "parser", *made, read) as store:
        growth.multiply(store, "parser", 3)
        found = store.execute("SELECT key, logged_at FROM entries ORDER BY position").fetchall()
        assert [key for key, _ in found] == ["k1~2", "k2~2", "k1~1", "k2~1", "k1", "k2"]
        assert [at[8:10] for _, at in found] == ["16", "16", "17", "17", "18", "18"]
        assert store.execute("SELECT position FROM cursors").fetchone() == (6,)


def test_contracts_of_older_days_ended_earlier_and_have_ids_of_their_own(tmp_path: Path) -> None:
    with a_store(tmp_path / "made.db", "broker") as store:
        row = (str(CONTRACT), *map(msgspec.msgpack.encode, (CONTRACT, DETAILS)))
        store.execute("INSERT INTO contracts VALUES (?, ?, ?)", row)
        growth.multiply(store, "broker", 3)
        rows = store.execute("SELECT contract, named, details FROM contracts").fetchall()
    contracts = [msgspec.msgpack.decode(named, type=OptionContract) for _, named, _ in rows]
    ids = {msgspec.msgpack.decode(known, type=ContractDetails).con_id for _, _, known in rows}
    assert {each.expiry for each in contracts} == {EXPIRY - timedelta(days=n) for n in range(3)}
    assert [str(each) for each in contracts] == [name for name, _, _ in rows]
    assert len(ids) == 3
