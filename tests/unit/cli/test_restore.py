from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from autoscalper.cli import backup
from autoscalper.cli.__main__ import main
from autoscalper.cli.restore import restore
from autoscalper.runtime.errors import CannotStart
from autoscalper.runtime.store import Store
from tests.fakes.home import Home
from tests.fakes.posts import NINE_FORTY_FIVE


def write(data_dir: Path, name: str) -> None:
    with closing(Store(data_dir / "broker.db", durable=True)) as store:
        store.execute("INSERT INTO meta VALUES (?, '')", (name,))


def names(data_dir: Path) -> list[str]:
    with closing(Store(data_dir / "broker.db", durable=True)) as store:
        found = store.execute("SELECT name FROM meta WHERE name != 'epoch' ORDER BY name")
        return [name for (name,) in found]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Path]:
    """A backup, and data in which more has happened since."""
    write(tmp_path, "before")
    made = backup.make(tmp_path, tmp_path / "backups", {}, NINE_FORTY_FIVE)
    write(tmp_path, "since")
    yield made


def test_a_backup_comes_back_and_what_was_there_is_kept_aside(kept: Path, tmp_path: Path) -> None:
    aside = restore(kept, tmp_path)
    assert names(tmp_path) == ["before"]
    assert names(aside) == ["before", "since"]


def test_a_log_of_writes_that_was_left_is_not_taken_for_the_backups(
    kept: Path, tmp_path: Path
) -> None:
    (tmp_path / "broker.db-wal").write_bytes(b"left by a process that was killed")
    restore(kept, tmp_path)
    assert names(tmp_path) == ["before"]


def test_nothing_is_restored_under_a_process_that_runs(kept: Path, tmp_path: Path) -> None:
    with closing(Store(tmp_path / "broker.db", durable=True)):
        with pytest.raises(CannotStart, match="in use"):
            restore(kept, tmp_path)
    assert names(tmp_path) == ["before", "since"]


def test_a_damaged_backup_changes_nothing(kept: Path, tmp_path: Path) -> None:
    (kept / "broker.db").write_bytes(b"SQLite format 3\0 and then rubbish" * 100)
    with pytest.raises(CannotStart, match="damaged"):
        restore(kept, tmp_path)
    assert names(tmp_path) == ["before", "since"]


def test_a_directory_without_a_backup_changes_nothing(kept: Path, tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="holds no data"):
        restore(tmp_path / "backups", tmp_path)
    assert names(tmp_path) == ["before", "since"]


def test_the_command_says_where_the_present_files_went(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    write(home.data_dir, "before")
    main(["backup"])
    made = capsys.readouterr().out.strip()
    assert main(["restore", made]) == 0
    assert "before-restore-" in capsys.readouterr().out
