import json

import pytest

from autoscalper.cli.__main__ import main
from tests.fakes.home import Home


def test_what_is_fatal_at_the_start_is_looked_at_without_anybody_else(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--start", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["what"] for each in found] == ["settings", "mode", "logs", "data", "run"]


def test_everybody_else_is_looked_at_before_going_live(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMULATOR_PORT", "1")
    assert main(["check"]) == 0
    lines = capsys.readouterr().out.splitlines()
    told = [line.split()[1] for line in lines if line.startswith("WARNING")]
    assert told == ["gateway", "discord", "telegram", "model"]


@pytest.mark.parametrize("part", [[], ["--start"], ["--login"]])
def test_a_setting_that_makes_no_sense_ends_every_check(
    home: Home, monkeypatch: pytest.MonkeyPatch, part: list[str]
) -> None:
    monkeypatch.setenv("MAX_CONTRACTS", "many")
    assert main(["check", *part]) == 1


def test_a_live_start_without_a_login_is_refused(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DRY_RUN", "false")
    assert main(["check", "--login"]) == 1
    assert "IB_PASSWORD is empty" in capsys.readouterr().out


def test_a_secret_is_never_shown(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SIMULATOR_PORT", "1")
    monkeypatch.setenv("DISCORD_USER_TOKEN", "very-secret")
    monkeypatch.setenv("DISCORD_CHANNEL_IDS", "1")
    main(["check"])
    assert "very-secret" not in capsys.readouterr().out
