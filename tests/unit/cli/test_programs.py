import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from autoscalper.cli.__main__ import main
from autoscalper.cli.programs import variables
from autoscalper.domain.profiles import Profile, Profiles
from autoscalper.domain.settings import BrokerSettings, TradingMode

ON_PAPER = Profiles(by_channel={"lab": Profile(paper=True), "desk": Profile()})
NONE = Profiles(by_channel={"desk": Profile(off=True)})
PAPER_STARTS = {
    "SIMULATOR_AUTOSTART": "true",
    "PAPER_AUTOSTART": "true",
    "SIMULATOR_MARKET": "upstream",
}


@pytest.fixture
def live(tmp_path: Path) -> BrokerSettings:
    return BrokerSettings(
        dry_run=False, trading_mode=TradingMode.LIVE, data_dir=str(tmp_path), ibkr_account="U1"
    )


def keep(settings: BrokerSettings, closed_at: str | None) -> None:
    with closing(sqlite3.connect(Path(settings.data_dir) / "paper.db")) as store, store:
        store.execute("CREATE TABLE trades (trade_id TEXT, closed_at TEXT)")
        store.execute("INSERT INTO trades VALUES ('t', ?)", (closed_at,))


def test_a_channel_on_paper_beside_real_orders_starts_what_it_needs(live: BrokerSettings) -> None:
    assert variables(live, ON_PAPER) == PAPER_STARTS


def test_without_such_a_channel_nothing_more_runs(live: BrokerSettings) -> None:
    assert variables(live, NONE) == {"SIMULATOR_AUTOSTART": "false", "PAPER_AUTOSTART": "false"}


@pytest.mark.parametrize("channels", [ON_PAPER, NONE])
def test_where_no_money_is_real_the_mark_starts_nothing(
    live: BrokerSettings, channels: Profiles
) -> None:
    dry = variables(replace(live, dry_run=True), channels)
    assert dry == {"SIMULATOR_AUTOSTART": "true", "PAPER_AUTOSTART": "false"}
    paper = variables(replace(live, trading_mode=TradingMode.PAPER), channels)
    assert paper == {"SIMULATOR_AUTOSTART": "false", "PAPER_AUTOSTART": "false"}


def test_a_trade_that_is_open_on_paper_is_followed_to_its_end(live: BrokerSettings) -> None:
    keep(live, None)
    assert variables(live, NONE) == PAPER_STARTS


def test_trades_that_are_over_start_nothing(live: BrokerSettings) -> None:
    keep(live, "2026-03-18T14:00:00+00:00")
    assert variables(live, NONE)["PAPER_AUTOSTART"] == "false"


def test_a_file_that_cannot_be_read_is_left_to_its_owner(live: BrokerSettings) -> None:
    (Path(live.data_dir) / "paper.db").write_bytes(b"not a database, and long enough to be read")
    assert variables(live, NONE) == PAPER_STARTS


def test_the_command_prints_what_a_shell_can_export(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["programs"]) == 0
    assert capsys.readouterr().out == "SIMULATOR_AUTOSTART=true\nPAPER_AUTOSTART=false\n"
    assert main(["programs", "--json"]) == 0
    assert capsys.readouterr().out.startswith("{")
