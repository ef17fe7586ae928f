from __future__ import annotations

import errno
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from autoscalper.runtime import store as store_module
from autoscalper.runtime.errors import StorageFailed, StoreUnusable
from autoscalper.runtime.store import Store

#: What "PRAGMA synchronous" calls it.
FULL = 2
SCHEMA = "CREATE TABLE IF NOT EXISTS words (word TEXT PRIMARY KEY) WITHOUT ROWID;"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "words.db"


def open_words(path: Path, *, durable: bool = False, version: int = 1) -> Store:
    return Store(path, durable=durable, schema=SCHEMA, version=version)


def words_in(store: Store) -> list[str]:
    return [word for (word,) in store.execute("SELECT word FROM words ORDER BY word")]


def add(store: Store, word: str) -> None:
    store.execute("INSERT INTO words VALUES (?)", (word,))


def put(store: Store, word: str, *, durable: bool = True) -> None:
    with store.transaction(durable=durable):
        add(store, word)


def test_what_was_kept_is_there_when_the_file_is_opened_again(path: Path) -> None:
    store = open_words(path)
    with store.transaction():
        add(store, "one")
    store.close()
    store = open_words(path)
    assert words_in(store) == ["one"]
    store.close()


def test_a_transaction_that_fails_keeps_nothing_and_wakes_nobody(path: Path) -> None:
    store = open_words(path)
    woken: list[str] = []
    store.after_commit.append(lambda: woken.append("commit"))
    with pytest.raises(ZeroDivisionError), store.transaction():
        add(store, "one")
        raise ZeroDivisionError
    assert words_in(store) == []
    assert woken == []
    with store.transaction():
        add(store, "two")
    assert words_in(store) == ["two"]
    assert woken == ["commit"]
    store.close()


def test_whoever_is_woken_sees_what_was_kept(path: Path) -> None:
    store = open_words(path)
    seen: list[list[str]] = []
    store.after_commit.append(lambda: seen.append(words_in(store)))
    with store.transaction():
        add(store, "one")
    assert seen == [["one"]]
    store.close()


@pytest.mark.parametrize(("durable", "level"), [(True, 2), (False, 1)])
def test_a_durable_store_waits_for_the_disk(path: Path, durable: bool, level: int) -> None:
    store = open_words(path, durable=durable)
    assert store.execute("PRAGMA synchronous").fetchone() == (level,)
    assert store.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    store.close()


def test_a_process_that_is_killed_loses_nothing_that_it_kept(path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from tests.unit.runtime.test_store import open_words, add\n"
        "store = open_words(Path(sys.argv[1]))\n"
        "for number in range(10_000):\n"
        "    with store.transaction(): add(store, f'{number:05}')\n"
        "    print(number, flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        while (told := int(process.stdout.readline())) < 100:
            pass
        process.send_signal(signal.SIGKILL)
        told = max([told, *map(int, process.stdout.read().split())])
    store = open_words(path)
    assert len(words_in(store)) - 1 in (told, told + 1)
    store.close()


def test_a_file_that_another_process_holds_is_refused(path: Path) -> None:
    store = open_words(path)
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path\n"
            "from tests.unit.runtime.test_store import open_words\n"
            "open_words(Path(sys.argv[1]))",
            str(path),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "StoreUnusable" in done.stderr
    assert "in use by another process" in done.stderr
    store.close()


def test_a_file_that_was_closed_may_be_opened_by_another(path: Path) -> None:
    open_words(path).close()
    open_words(path).close()


@pytest.mark.parametrize(
    "damage", [b"this is not a database at all" * 100, b"SQLite format 3\0???"]
)
def test_a_damaged_file_is_refused_and_left_as_it_is(path: Path, damage: bytes) -> None:
    path.write_bytes(damage)
    with pytest.raises(StoreUnusable, match="restore it from a backup or move it away"):
        open_words(path)
    assert path.read_bytes() == damage


def test_a_file_with_a_damaged_page_is_refused(path: Path) -> None:
    store = open_words(path)
    with store.transaction():
        for number in range(2_000):
            add(store, f"a long enough word {number}")
    store.close()
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4096] = b"\xff" * 4096
    path.write_bytes(content)
    with pytest.raises(StoreUnusable, match="is damaged"):
        open_words(path)


def test_a_file_of_a_newer_version_is_refused_and_left_as_it_is(path: Path) -> None:
    Store(path, durable=False, schema="", version=2).close()
    with pytest.raises(StoreUnusable, match="update AutoScalper"):
        open_words(path, version=1)
    with sqlite3.connect(path) as connection:
        found = connection.execute("SELECT name FROM sqlite_master WHERE name = 'words'").fetchall()
    connection.close()
    assert found == []


MIGRATIONS = {
    1: (
        "ALTER TABLE words ADD COLUMN language TEXT NOT NULL DEFAULT ''",
        "UPDATE words SET language = 'en'",
    ),
    2: ("DELETE FROM words WHERE word = 'two'",),
}


def of_version_one(path: Path) -> None:
    with closing(open_words(path, version=1)) as store:
        add(store, "one")
        add(store, "two")


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def test_a_file_of_an_older_version_is_taken_forward_step_by_step(path: Path) -> None:
    of_version_one(path)
    with closing(Store(path, durable=False, version=3, migrations=MIGRATIONS)) as store:
        assert store.execute("SELECT * FROM words").fetchall() == [("one", "en")]
    assert version_of(path) == 3


def test_it_stays_as_it_was_beside_the_new_one(path: Path) -> None:
    of_version_one(path)
    Store(path, durable=False, version=3, migrations=MIGRATIONS).close()
    kept = path.with_name("words.db.version-1")
    assert version_of(kept) == 1
    with closing(Store(kept, durable=False, version=1)) as store:
        assert words_in(store) == ["one", "two"]


def test_a_migration_that_fails_changes_nothing(path: Path) -> None:
    of_version_one(path)
    broken = {**MIGRATIONS, 2: ("DELETE FROM words", "DELETE FROM missing")}
    with pytest.raises(StoreUnusable, match="no such table"):
        Store(path, durable=False, version=3, migrations=broken)
    assert version_of(path) == 1
    with closing(open_words(path, version=1)) as store:
        assert words_in(store) == ["one", "two"]


def test_a_file_of_this_version_is_neither_changed_nor_copied(path: Path) -> None:
    of_version_one(path)
    Store(path, durable=False, version=1, migrations=MIGRATIONS).close()
    assert sorted(each.name for each in path.parent.iterdir()) == ["words.db", "words.db.lock"]


def test_a_directory_that_is_missing_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match=f"create {tmp_path}/missing"):
        open_words(tmp_path / "missing" / "words.db")


def test_a_directory_that_is_none_is_said_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnusable, match="let the process write there"):
        open_words(tmp_path / "file" / "words.db")


def test_a_file_that_was_refused_is_not_held(path: Path) -> None:
    path.write_bytes(b"damaged" * 1000)
    for _ in range(2):
        with pytest.raises(StoreUnusable, match="is damaged"):
            open_words(path)


def test_the_epoch_is_the_files(path: Path, tmp_path: Path) -> None:
    store = open_words(path)
    epoch = store.epoch
    store.close()
    again, other = open_words(path), open_words(tmp_path / "other.db")
    assert again.epoch == epoch
    assert other.epoch != epoch
    again.close()
    other.close()


@pytest.mark.parametrize("durable", [True, False])
def test_a_boot_of_the_host_makes_an_epoch_as_commits_may_be_gone(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, durable: bool
) -> None:
    monkeypatch.setattr(store_module, "_BOOT_ID", tmp_path / "boot_id")
    epochs = []
    for boot in ("first", "first", "second"):
        (tmp_path / "boot_id").write_text(f"{boot}\n")
        store = open_words(path, durable=durable)
        epochs.append(store.epoch)
        store.close()
    assert epochs[0] == epochs[1]
    assert epochs[1] != epochs[2]


def test_a_commit_that_need_not_last_goes_with_the_power_until_the_next_that_must(
    path: Path, tmp_path: Path
) -> None:
    store = open_words(path, durable=True)
    power = Power(store, path, tmp_path / "after.db")
    put(store, "intent")
    power.note_synced()
    put(store, "report", durable=False)
    assert power.words_after_a_cut() == ["intent"]
    put(store, "next intent")
    power.note_synced()
    assert power.words_after_a_cut() == ["intent", "next intent", "report"]
    store.close()


def test_what_was_not_waited_for_is_on_the_disk_once_it_is_settled(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_words(path, durable=True)
    power = Power(store, path, tmp_path / "after.db")
    monkeypatch.setattr(os, "fdatasync", power.sync)
    settled = [store.is_settled]
    put(store, "report", durable=False)
    settled.append(store.is_settled)
    assert power.words_after_a_cut() == []
    store.settle()
    assert [*settled, store.is_settled] == [True, False, True]
    assert power.words_after_a_cut() == ["report"]
    store.close()


def test_a_disk_that_does_not_settle_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    store = open_words(path, durable=True)
    put(store, "report", durable=False)
    monkeypatch.setattr(os, "fdatasync", fail)
    with pytest.raises(StorageFailed, match="Input/output error"):
        store.settle()
    store.close()


class Power:
    """What a power cut would leave of a store: its log up to where it was last synced."""

    def __init__(self, store: Store, path: Path, copy: Path) -> None:
        self._store = store
        self._path, self._copy = path, copy
        self._log = path.with_name(f"{path.name}-wal")
        self._synced = self._log.stat().st_size

    def note_synced(self) -> None:
        """Believe SQLite's documentation: with FULL a commit syncs the log ("PRAGMA synchronous").

        Fails if the last commit was made with less.
        """
        (level,) = self._store.execute("PRAGMA synchronous").fetchone()
        assert level == FULL
        self._synced = self._log.stat().st_size

    def sync(self, file_number: int) -> None:
        """Stand in for the kernel's."""
        assert os.fstat(file_number).st_ino == self._log.stat().st_ino
        self._synced = self._log.stat().st_size

    def words_after_a_cut(self) -> list[str]:
        shutil.copy(self._path, self._copy)
        log = self._copy.with_name(f"{self._copy.name}-wal")
        log.write_bytes(self._log.read_bytes()[: self._synced])
        with closing(sqlite3.connect(self._copy)) as left:
            return [word for (word,) in left.execute("SELECT word FROM words ORDER BY word")]


#: Runs in a process whose files may not grow beyond so many bytes: the kernel then refuses a
#: write as it does when the disk is full, only with another number.
FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from autoscalper.runtime.errors import AutoScalperError
from tests.unit.runtime.test_store import add, open_words, words_in

path, limit = Path(sys.argv[1]), int(sys.argv[2])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    if limit < 10_000:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    store = open_words(path)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    for number in range(1_000_000):
        with store.transaction():
            add(store, f"first {number}")
            add(store, f"second {number}")
except AutoScalperError as error:
    print(type(error).__name__, str(error).replace(str(path), "FILE"))
if limit >= 10_000:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(len(words_in(store)))
    with store.transaction():
        add(store, "space again")
    print(words_in(store)[-1])
"""


def run_on_full_disk(path: Path, limit: int) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path), str(limit)],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_a_full_disk_while_running_keeps_nothing_of_the_transaction_and_heals(path: Path) -> None:
    said, kept, last = run_on_full_disk(path, 300_000)
    assert said.startswith("StorageFailed FILE: ")
    assert said.endswith("; free space or mend the disk")
    assert int(kept) > 0
    assert int(kept) % 2 == 0
    assert last == "space again"


def test_a_full_disk_at_the_start_is_said_with_what_to_do(path: Path) -> None:
    (said,) = run_on_full_disk(path, 100)
    assert said.startswith("StoreUnusable FILE cannot be used")
    assert said.endswith("; free space or mend the disk")
