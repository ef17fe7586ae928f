import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from autoscalper.cli import backup
from autoscalper.cli.__main__ import main
from autoscalper.runtime.errors import CannotStart
from autoscalper.runtime.store import Store
from tests.fakes.home import Home
from tests.fakes.posts import NINE_FORTY_FIVE


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Store]:
    """A store that its process has open."""
    with closing(Store(tmp_path / "broker.db", durable=True)) as store:
        yield store


def rows(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as file:
        return [name for (name,) in file.execute("SELECT name FROM meta WHERE name != 'epoch'")]


def test_a_copy_has_what_was_committed_and_nothing_of_what_was_not(
    broker: Store, tmp_path: Path
) -> None:
    broker.execute("INSERT INTO meta VALUES ('committed', '')")
    broker.execute("BEGIN")
    broker.execute("INSERT INTO meta VALUES ('uncommitted', '')")
    made = backup.make(tmp_path, tmp_path / "backups", {}, NINE_FORTY_FIVE)
    broker.execute("COMMIT")
    assert rows(made / "broker.db") == ["committed"]


def test_receivers_are_copied_before_those_whom_they_read(
    broker: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ingest", "simulator", "parser", "alert"):
        (tmp_path / f"{name}.db").touch()
    copied: list[str] = []
    monkeypatch.setattr(backup, "copy_database", lambda source, _: copied.append(source.stem))
    backup.make(tmp_path, tmp_path / "backups", {}, NINE_FORTY_FIVE)
    assert copied == ["alert", "broker", "parser", "ingest", "simulator"]


def test_settings_are_kept_and_secrets_are_not(broker: Store, tmp_path: Path) -> None:
    environment = {
        "MAX_CONTRACTS": "3",
        "DISCORD_USER_TOKEN": "very-secret",
        "TELEGRAM_BOT_TOKEN": "",
        "IB_PASSWORD": "very-secret",
        "PATH": "/bin",
    }
    made = backup.make(tmp_path, tmp_path / "backups", environment, NINE_FORTY_FIVE)
    assert (made / "settings.env").read_text() == "DISCORD_USER_TOKEN=\nMAX_CONTRACTS=3\n"


def test_a_backup_that_was_not_finished_is_none(broker: Store, tmp_path: Path) -> None:
    (tmp_path / "ingest.db").write_text("no database")
    with pytest.raises(sqlite3.DatabaseError):
        backup.make(tmp_path, tmp_path / "backups", {}, NINE_FORTY_FIVE)
    assert [path.suffix for path in (tmp_path / "backups").iterdir()] == [".unfinished"]


def test_nothing_to_keep_is_told(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="holds no data"):
        backup.make(tmp_path, tmp_path / "backups", {}, NINE_FORTY_FIVE)


def test_old_backups_go_and_the_newest_one_stays_however_old(broker: Store, tmp_path: Path) -> None:
    backups = tmp_path / "backups"
    made = [
        backup.make(tmp_path, backups, {}, NINE_FORTY_FIVE - timedelta(days=days))
        for days in (40, 35)
    ]
    (backups / "of somebody else").mkdir()
    assert backup.remove_older(backups, NINE_FORTY_FIVE - timedelta(days=30)) == [made[0]]
    assert sorted(path.name for path in backups.iterdir()) == [made[1].name, "of somebody else"]


def test_the_command_says_where_the_backup_is(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    Store(home.data_dir / "broker.db", durable=True).close()
    assert main(["backup", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (Path(told["backup"]) / "broker.db").exists()
    assert told["removed"] == []
    assert main(["backup", "--to", str(home.run_dir / "elsewhere")]) == 0
    assert Path(capsys.readouterr().out.strip()).parent == home.run_dir / "elsewhere"
