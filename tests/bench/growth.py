"""What it costs to have run for long: files of many days, and many open trades.

A day is made once, by the real processes, and then copied in their files under other names and
dates, as if as many days had passed. What is kept in the files for days that are over is real in
size and shape; nobody trades it any more.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import msgspec
from msgspec.structs import replace

from autoscalper.broker.events import ContractDetails
from autoscalper.domain.contract import OptionContract
from autoscalper.domain.identity import ConId
from tests.bench import machine, paced, stamps
from tests.bench.figures import Series
from tests.bench.ground import Contract, Ground, Written, a_ground, entry, exit_of
from tests.bench.paced import CONTRACTS, Pace

DAYS = (1, 10, 100, 1000)
OPEN_TRADES = (1, 10, 100)
HELD = tuple(
    Contract(underlying, first + number)
    for underlying, first in (("QQQ", 575), ("IWM", 225))
    for number in range(50)
)
#: Everything is kept, however old.
_SETTINGS = {"KEEP_DATA_DAYS": "100000", "KEEP_LOGS_DAYS": "100000"}
#: Trades and other posts of one day.
_TRADES, _CHATTER = 15, 70
_PACE = Pace(name="", seconds=0.1, entries=60)
_PAUSE_SECONDS = 0.03

#: The columns of each table that make a row another one, and those that hold its time.
_TABLES: dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "ingest": {"messages": (("message_id",), ("posted_at",))},
    "parser": {
        "heard": (("message_id",), ()),
        "conversations": (("author_id",), ()),
        "last_words": (("author_id",), ()),
        "model_answers": (("key",), ("answered_at",)),
    },
    "broker": {
        "orders": (("client_order_id", "trade_id"), ()),
        "trades": (("trade_id",), ("closed_at",)),
        "heard": (("post_id",), ("heard_at",)),
        "recent_alerts": (("alert",), ("posted_at",)),
        "fills": (("exec_id", "client_order_id"), ()),
        "requests": (("command_id",), ()),
    },
    "alert": {
        "outcomes": (("post_id", "message_id"), ()),
        "notices": (("key",), ()),
        "stories": (("trade_id",), ("opened_at", "ended_at")),
    },
}
#: Tables that more days do not make longer, and those of every store, which are seen to apart.
_AS_THEY_ARE = {
    "ingest": {"discord_watermarks", "discord_logins"},
    "parser": {"waiting"},
    # Contracts have their days in them.
    "broker": {"waiting", "missed", "questions", "marks", "contracts"},
    # Without Telegram there are no cards.
    "alert": {"cards", "confirmations", "outages"},
}
_OF_EVERY_STORE = {"meta", "entries", "cursors"}
#: Between the id of a contract and that of the one a day older.
_CON_IDS = 10**10


def by_days(days: Sequence[int] = DAYS) -> dict[str, dict[str, float]]:
    """Return figures for files of so many days: latency, start, sizes, memory."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="bench-day-") as made:
        _make_a_day(Path(made))
        for count in days:
            with _multiplied(Path(made), count) as data_dir:
                size = sum(path.stat().st_size for path in data_dir.iterdir())
                began = time.monotonic()
                with a_ground(_SETTINGS, data_from=data_dir) as ground:
                    started = time.monotonic() - began
                    row = _latency(ground, f"days{count}")
                    pids = ground.pids()
                    del pids["simulator"]
                    row["files MiB"] = size / 2**20
                    row["start s"] = started
                    row["memory MiB"] = sum(machine.memory_mib(pids).values())
                found[f"{count} days"] = row
    return found


def by_open_trades(counts: Sequence[int] = OPEN_TRADES) -> dict[str, dict[str, float]]:
    """Return the latency beside so many open trades."""
    found = {}
    with a_ground() as ground:
        held = 0
        for count in counts:
            ground.hold(HELD[held:count], f"held{count}.")
            held = count
            found[f"{count} open trades"] = _latency(ground, f"open{count}")
    return found


def _latency(ground: Ground, prefix: str) -> dict[str, float]:
    ground.quote(CONTRACTS)
    paced.measure(ground, Pace(name=f"{prefix}w", seconds=0.1, entries=len(CONTRACTS)))
    entries, exits, _ = paced.measure(
        ground, Pace(name=prefix, seconds=_PACE.seconds, entries=_PACE.entries)
    )
    return {
        "entry ms": entries.order.p50,
        "exit ms": exits.order.p50,
        "floor ms": _floor(entries),
        "ratio": entries.ratio or 0.0,
    }


def _floor(series: Series) -> float:
    return series.floor.p50 if series.floor else 0.0


def _make_a_day(made: Path) -> None:
    with a_ground(_SETTINGS) as ground:
        ground.quote(CONTRACTS)
        posts: list[Written] = []
        for number in range(_TRADES):
            bought = entry(f"day.{number}", CONTRACTS[number])
            posts += (bought, exit_of(bought, CONTRACTS[number]))
        posts += (
            Written(message_id=f"talk.{number}", author=f"t{number % 9}", text="good morning all")
            for number in range(_CHATTER)
        )
        for post in posts:
            ground.hand_in([post])
            time.sleep(_PAUSE_SECONDS)
        ground.await_taken()
        wanted = {f"{post.message_id}.1" for post in posts}
        ground.until(lambda: wanted <= stamps.outcomes(ground.data_dir).keys(), "the last outcome")
        ground.stage.stop()
        for path in ground.data_dir.glob("*.db"):
            with closing(sqlite3.connect(path)) as store:
                store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            if path.stem != "simulator":
                shutil.copy(path, made)


@contextmanager
def _multiplied(made: Path, days: int) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bench-days-") as directory:
        for path in made.glob("*.db"):
            copied = Path(shutil.copy(path, directory))
            with closing(sqlite3.connect(copied, isolation_level=None)) as store:
                store.execute("PRAGMA synchronous=OFF")
                multiply(store, copied.stem, days)
        yield Path(directory)


def multiply(store: sqlite3.Connection, process: str, days: int) -> None:
    """Make of the one day in the open file of ``process`` as many as ``days``."""
    _check_tables(store, process)
    store.execute("BEGIN")
    # Older days are in front: their entries get the lower positions.
    store.execute("CREATE TEMP TABLE days (day INTEGER)")
    store.executemany("INSERT INTO days VALUES (?)", [(day,) for day in range(1, days)])
    store.execute(
        "CREATE TEMP TABLE heads AS SELECT log, MAX(position) AS head FROM entries GROUP BY log"
    )
    store.execute("CREATE TEMP TABLE old AS SELECT * FROM entries")
    store.execute("DELETE FROM entries")
    store.execute(
        "INSERT INTO entries SELECT log, position + head * (? - 1), key, logged_at, payload"
        " FROM old JOIN heads USING (log)",
        (days,),
    )
    store.execute(
        "INSERT INTO entries SELECT log, position + head * (? - 1 - day), key || '~' || day,"
        " strftime('%Y-%m-%dT%H:%M:%S+00:00', logged_at, '-' || day || ' days'), payload"
        " FROM old JOIN heads USING (log) CROSS JOIN days",
        (days,),
    )
    store.execute("UPDATE cursors SET position = position * ?", (days,))
    for table, (names, times) in _TABLES[process].items():
        _multiply_rows(store, table, names, times)
    if process == "broker":
        _multiply_contracts(store, days)
    store.execute("COMMIT")
    store.execute("VACUUM")


def _check_tables(store: sqlite3.Connection, process: str) -> None:
    found = store.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    known = _OF_EVERY_STORE | _AS_THEY_ARE[process] | _TABLES[process].keys()
    unknown = {name for (name,) in found} - known
    assert not unknown, f"say how {sorted(unknown)} of {process} grow with the days"


def _multiply_contracts(store: sqlite3.Connection, days: int) -> None:
    kept = store.execute("SELECT named, details FROM contracts").fetchall()
    for named, details in kept:
        contract = msgspec.msgpack.decode(named, type=OptionContract)
        known = msgspec.msgpack.decode(details, type=ContractDetails)
        for day in range(1, days):
            older = replace(contract, expiry=contract.expiry - timedelta(days=day))
            its_own = replace(known, con_id=ConId(known.con_id + day * _CON_IDS))
            row = (str(older), msgspec.msgpack.encode(older), msgspec.msgpack.encode(its_own))
            store.execute("INSERT INTO contracts VALUES (?, ?, ?)", row)


def _multiply_rows(
    store: sqlite3.Connection, table: str, names: Sequence[str], times: Sequence[str]
) -> None:
    columns = [row[1] for row in store.execute(f"PRAGMA table_info({table})")]
    values = []
    for column in columns:
        if column in names:
            values.append(f"{column} || '~' || day")
        elif column in times:
            moved = f"strftime('%Y-%m-%dT%H:%M:%S+00:00', {column}, '-' || day || ' days')"
            values.append(moved)
        elif column in ("ib_order_id", "number"):
            # Below every id that is used.
            values.append(f"-{column} - 1000 * day")
        else:
            values.append(column)
    store.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)}"
        f" FROM (SELECT * FROM {table}) CROSS JOIN days"
    )
