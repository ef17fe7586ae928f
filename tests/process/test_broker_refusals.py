"""What the broker does about an account or a file that it must not work with."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from autoscalper.cli.stage import usable_port
from autoscalper.runtime import heartbeat
from tests.fakes.home import Home, a_home, wait_until


@pytest.fixture
def home() -> Iterator[Home]:
    with a_home() as home:
        home.environment |= {
            "SIMULATOR_PORT": str(usable_port(0)),
            "CLOCK_FILE": str(home.run_dir / "clock"),
            "DRY_RUN": "true",
        }
        yield home


def state(home: Home) -> str:
    beat = heartbeat.read(home.run_dir, "broker")
    return beat.details["state"] if beat is not None else ""


def becomes(home: Home, wanted: str) -> None:
    wait_until(lambda: state(home) == wanted, f"the broker to be {wanted}")


def test_an_account_that_it_may_not_trade_halts_it(home: Home) -> None:
    home.start("simulator")
    home.start("broker", SIMULATOR_ACCOUNT="DU7654321")
    becomes(home, "halted")
    assert "expected DU7654321" in _notices(home)


def test_a_second_broker_on_the_same_data_does_not_start(home: Home) -> None:
    home.start("broker")
    code, complaint = home.refused("broker")
    assert code == 2
    assert "broker.db is in use by another process" in complaint


@pytest.mark.parametrize("size", [100, 20_000])
def test_a_damaged_file_is_named_and_never_silently_begun_anew(home: Home, size: int) -> None:
    path = home.data_dir / "broker.db"
    path.write_bytes(b"not a database at all" * (size // 21))
    code, complaint = home.refused("broker")
    assert code == 2
    assert "broker.db is damaged" in complaint
    assert "restore it from a backup" in complaint


def test_a_file_that_was_cut_off_is_named(home: Home) -> None:
    home.start("broker")
    assert home.terminate("broker") == 0
    path = home.data_dir / "broker.db"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    code, complaint = home.refused("broker")
    assert code == 2
    assert "broker.db is damaged" in complaint


def test_a_file_of_a_newer_version_is_refused(home: Home) -> None:
    home.start("broker")
    assert home.terminate("broker") == 0
    with closing(sqlite3.connect(home.data_dir / "broker.db")) as connection:
        connection.execute("PRAGMA user_version=99")
    code, complaint = home.refused("broker")
    assert code == 2
    assert "written by a newer AutoScalper" in complaint


def _notices(home: Home) -> str:
    statement = "SELECT payload FROM entries WHERE log = 'broker_to_alert'"
    with closing(sqlite3.connect(home.data_dir / "broker.db")) as connection:
        return " ".join(str(payload) for (payload,) in connection.execute(statement))
