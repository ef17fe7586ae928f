from pathlib import Path

import pytest

from autoscalper.cli.surroundings import alert_store, door_address, read_settings
from autoscalper.runtime.errors import SettingsInvalid


def test_commands_look_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUN_DIR", "/tmp/here")
    monkeypatch.setenv("DATA_DIR", "/tmp/there")
    settings = read_settings()
    assert door_address(settings) == "ipc:///tmp/here/cli_to_ingest.ipc"
    assert alert_store(settings) == Path("/tmp/there/alert.db")


def test_an_address_of_its_own_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINK_ADDRESSES", "cli_to_ingest=tcp://127.0.0.1:5999")
    assert door_address(read_settings()) == "tcp://127.0.0.1:5999"


def test_a_misspelt_setting_is_refused_whoever_it_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_CONTRACT", "3")
    with pytest.raises(SettingsInvalid, match="MAX_CONTRACTS"):
        read_settings()
