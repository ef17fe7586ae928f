"""A process's own SQLite file: one writer, transactions, a version, an epoch."""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import IO

from autoscalper.runtime.errors import StorageFailed, StoreUnusable

logger = logging.getLogger(__name__)

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entries (
    log TEXT NOT NULL, position INTEGER NOT NULL, key TEXT NOT NULL,
    logged_at TEXT NOT NULL, payload BLOB NOT NULL,
    PRIMARY KEY (log, position), UNIQUE (log, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cursors (
    log TEXT PRIMARY KEY, epoch TEXT NOT NULL, position INTEGER NOT NULL) WITHOUT ROWID;
"""


#: For each version the statements that make the next one of it.
Migrations = Mapping[int, Sequence[str]]


class Store:
    """One SQLite file in WAL mode with one writer, this process.

    ``durable`` means ``synchronous=FULL``: a commit survives a power cut unless it says that it
    need not. Otherwise a commit survives the death of the process only. The epoch changes with
    every boot of the host, because the last commits may be gone and their positions be given out
    again.
    """

    def __init__(
        self,
        path: Path,
        *,
        durable: bool,
        schema: str = "",
        version: int = 1,
        migrations: Migrations = MappingProxyType({}),
    ) -> None:
        """Open ``path`` or make it, with the tables of ``schema`` at ``version``.

        A file of an older version is taken forward by ``migrations``, wholly or not at all. As it
        was it stays beside the new one, under its name and its version.

        Raises:
            StoreUnusable: the file is damaged, newer, held by another process or on a bad disk.
        """
        self.path = path
        #: Called after every commit, for those who wait for new rows.
        self.after_commit: list[Callable[[], None]] = []
        #: Whether the disk has every commit of a durable store.
        self.is_settled = True
        self._is_durable = self._waits_for_disk = durable
        with ExitStack() as undo, _explained(path):
            self._lock = undo.enter_context(_lock(path))
            self._connection = undo.enter_context(
                closing(sqlite3.connect(path, isolation_level=None))
            )
            self._prepare(durable)
            self._take_forward(version, migrations)
            self._connection.executescript(_SCHEMA + schema)
            self.epoch = self._current_epoch()
            undo.pop_all()

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[None]:
        """Keep everything that is executed inside, or nothing of it.

        In a durable store ``durable=False`` spares the wait for the disk: a power cut may take the
        commit. ``settle`` brings it to the disk, and so does the next durable one.

        Raises:
            StorageFailed: the disk refused; nothing was kept.
        """
        if self._is_durable and durable != self._waits_for_disk:
            self.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._waits_for_disk = durable
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        if not durable:
            self.is_settled = False
        for wake in self.after_commit:
            wake()

    def settle(self) -> None:
        """Wait for the disk to have every commit so far; other threads may commit meanwhile.

        Raises:
            StorageFailed: the disk refused.
        """
        self.is_settled = True
        try:
            # The kernel keeps what was written by file, whoever asks for it to be brought out.
            with self.path.with_name(f"{self.path.name}-wal").open("rb") as log:
                os.fdatasync(log.fileno())
        except OSError as error:
            raise StorageFailed(f"{self.path}: {error}; free space or mend the disk") from error

    def execute(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        """Run one statement.

        Raises:
            StorageFailed: the disk refused.
        """
        try:
            return self._connection.execute(statement, values)
        except sqlite3.OperationalError as error:
            raise StorageFailed(f"{self.path}: {error}; free space or mend the disk") from error

    def close(self) -> None:
        """Close the file and let another process have it."""
        self._connection.close()
        self._lock.close()

    def _prepare(self, durable: bool) -> None:
        connection = self._connection
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        (damage,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if damage != "ok":
            raise sqlite3.DatabaseError(damage)

    def _take_forward(self, version: int, migrations: Migrations) -> None:
        (found,) = self._connection.execute("PRAGMA user_version").fetchone()
        if found > version:
            raise StoreUnusable(
                f"{self.path} was written by a newer AutoScalper"
                f" (data version {found}, this one knows {version}); update AutoScalper"
            )
        if 0 < found < version:
            self._migrate(found, version, migrations)
        else:
            self._connection.execute(f"PRAGMA user_version={version}")

    def _migrate(self, found: int, version: int, migrations: Migrations) -> None:
        self._copy_to(self.path.with_name(f"{self.path.name}.version-{found}"))
        # Whoever fails here is closed, which takes the beginning back.
        self._connection.execute("BEGIN IMMEDIATE")
        for step in range(found, version):
            for statement in migrations.get(step, ()):
                self._connection.execute(statement)
        self._connection.execute(f"PRAGMA user_version={version}")
        self._connection.execute("COMMIT")
        logger.warning("store taken forward path=%s from=%d to=%d", self.path, found, version)

    def _copy_to(self, copy: Path) -> None:
        unfinished = copy.with_name(f"{copy.name}.unfinished")
        unfinished.unlink(missing_ok=True)
        with closing(sqlite3.connect(unfinished)) as there:
            self._connection.backup(there)
        unfinished.replace(copy)

    def _current_epoch(self) -> str:
        boot = _boot_id()
        with self.transaction():
            row = self.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()
            if row is not None and row[0].endswith(boot):
                return str(row[0])
            epoch = f"{uuid.uuid4().hex[:12]}.{boot}"
            self.execute("INSERT OR REPLACE INTO meta VALUES ('epoch', ?)", (epoch,))
        return epoch


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StoreUnusable(
            f"{path} cannot be used ({error}); free space or mend the disk"
        ) from error
    except sqlite3.DatabaseError as error:
        raise StoreUnusable(
            f"{path} is damaged ({error}); restore it from a backup or move it away"
        ) from error


def _lock(path: Path) -> IO[bytes]:
    lock_path = path.with_suffix(path.suffix + ".lock")
    try:
        lock = lock_path.open("wb")
    except OSError as error:
        raise StoreUnusable(
            f"{lock_path} cannot be made ({error.strerror}); create {path.parent} and let the"
            " process write there"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise StoreUnusable(
            f"{path} is in use by another process; stop the one that runs already"
        ) from error
    return lock


def _boot_id() -> str:
    return _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""
