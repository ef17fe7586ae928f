import os
import socket
from pathlib import Path

import pytest

from autoscalper.cli.stage import (
    make_directory,
    make_environment,
    remove_directory,
    usable_port,
)
from autoscalper.runtime.errors import CannotStart, SettingsInvalid


def test_the_environment_holds_the_demos_places_and_choices(tmp_path: Path) -> None:
    environment = make_environment(tmp_path, 4555, {"MAX_CONTRACTS": "5"}, {"HOME": "/root"})
    assert environment["RUN_DIR"] == str(tmp_path / "run")
    assert environment["SIMULATOR_PORT"] == "4555"
    assert (environment["MAX_CONTRACTS"], environment["HOME"]) == ("5", "/root")
    assert environment["DRY_RUN"] == "true"


def test_a_persons_own_settings_and_secrets_stay_out_of_a_demo(tmp_path: Path) -> None:
    own = {"DISCORD_USER_TOKEN": "secret", "DRY_RUN": "false", "MAX_CONTRACTS": "50"}
    environment = make_environment(tmp_path, 4555, {}, own)
    assert "DISCORD_USER_TOKEN" not in environment
    assert "MAX_CONTRACTS" not in environment
    assert environment["DRY_RUN"] == "true"


def test_the_programs_beside_this_python_come_first(tmp_path: Path) -> None:
    environment = make_environment(tmp_path, 4555, {}, {"PATH": "/usr/bin"})
    assert environment["PATH"].split(os.pathsep)[1:] == ["/usr/bin"]


def test_a_misspelt_setting_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="RISK_PER_TRADE_PERCEN is not a setting"):
        make_environment(tmp_path, 4555, {}, {"RISK_PER_TRADE_PERCEN": "1"})


def test_a_port_that_is_taken_is_refused_and_a_free_one_found() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=f"port {port} cannot be used"):
            usable_port(port)
        assert usable_port(0) not in (0, port)
    assert usable_port(port) == port


def test_a_directory_of_its_own_is_made_and_removed() -> None:
    directory = make_directory(None)
    assert directory.is_dir()
    remove_directory(directory)
    assert not directory.exists()


def test_a_named_directory_is_made_but_never_one_that_holds_something(tmp_path: Path) -> None:
    kept = make_directory(tmp_path / "new" / "kept")
    assert kept.is_dir()
    (kept / "file").touch()
    with pytest.raises(CannotStart, match="is not empty"):
        make_directory(kept)
