from pathlib import Path

import msgspec
import pytest

from autoscalper.cli.finding import Finding, Level
from autoscalper.cli.going_live import check_login, check_mode, check_settings
from autoscalper.domain.settings import BrokerSettings, TradingMode

LIVE = BrokerSettings(dry_run=False, trading_mode=TradingMode.LIVE, ibkr_account="U7654321")
PAPER = BrokerSettings(dry_run=False)
LOGIN = {"IB_USERNAME": "somebody", "IB_PASSWORD": "long and own"}


def failures(findings: list[Finding]) -> list[str]:
    return [each.text for each in findings if each.level is Level.FAILURE]


def test_settings_that_make_sense_are_one_line() -> None:
    (found,) = check_settings({"MAX_CONTRACTS": "3"})
    assert found.level is Level.OK


def test_every_problem_of_every_process_is_told_once() -> None:
    environment = {
        "MAX_CONTRACTS": "many",
        "TELEGRAM_ENABLED": "true",
        "TELEGRAM_CHAT_ID": "1",
        "LOG_LEVL": "INFO",
    }
    told = failures(check_settings(environment))
    assert [text for text in told if "LOG_LEVL" in text] == [
        "LOG_LEVL is not a setting, expected perhaps LOG_LEVEL"
    ]
    assert sum("MAX_CONTRACTS" in text for text in told) == 1


def test_a_contradiction_between_settings_is_told() -> None:
    environment = {"TELEGRAM_ENABLED": "true", "TELEGRAM_CHAT_ID": "1"}
    (told,) = failures(check_settings(environment))
    assert "TELEGRAM_BOT_TOKEN is empty" in told


@pytest.mark.parametrize("settings", [BrokerSettings(), PAPER, LIVE])
def test_a_mode_that_is_meant_is_well(settings: BrokerSettings) -> None:
    (found,) = check_mode(settings)
    assert found.level is Level.OK


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (msgspec.structs.replace(LIVE, dry_run=True), "at odds"),
        (msgspec.structs.replace(LIVE, ibkr_port=4099), "the simulator's"),
        (msgspec.structs.replace(LIVE, ibkr_account="DU7654321"), "a paper account"),
        (msgspec.structs.replace(PAPER, ibkr_account="U7654321"), "a live account"),
    ],
)
def test_a_mode_that_cannot_be_meant_is_refused(settings: BrokerSettings, why: str) -> None:
    (told,) = failures(check_mode(settings))
    assert why in told


def test_a_dry_run_needs_no_login() -> None:
    assert failures(check_login(BrokerSettings(), {})) == []


def test_a_login_of_ones_own_is_well_and_never_shown() -> None:
    (found,) = check_login(LIVE, LOGIN)
    assert found.level is Level.OK
    assert LOGIN["IB_PASSWORD"] not in found.text


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"IB_USERNAME": ""}, "IB_USERNAME is empty"),
        ({"IB_PASSWORD": ""}, "IB_PASSWORD is empty"),
        ({"IB_PASSWORD": "ChangeMe"}, "IB_PASSWORD is an example's"),
        ({"VNC_PASSWORD": "password"}, "VNC_PASSWORD is an example's"),
    ],
)
def test_a_missing_or_an_examples_password_is_refused(change: dict[str, str], why: str) -> None:
    (told,) = failures(check_login(LIVE, LOGIN | change))
    assert why in told


def test_a_vnc_password_of_which_only_a_part_counts_is_told() -> None:
    found = check_login(LIVE, LOGIN | {"VNC_PASSWORD": "nine char"})
    assert [each.what for each in found if each.level is Level.WARNING] == ["vnc"]


def test_what_holds_in_a_channel_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "autoscalper.toml"
    path.write_text("[channels.room]\nmax_contracts = 1\npaper = true\n")
    found = check_settings({"CONFIG_FILE": str(path)})
    assert [each.text for each in found if each.what == "channel"] == [
        "room: paper, max_contracts=1"
    ]


def test_a_channel_that_widens_a_limit_is_told_beside_all_other_problems(tmp_path: Path) -> None:
    path = tmp_path / "autoscalper.toml"
    path.write_text("[channels.room]\nmax_contracts = 5\n")
    (told,) = failures(check_settings({"CONFIG_FILE": str(path)}))
    assert told == (
        f"{path}: room: max_contracts is 5, expected no more than MAX_CONTRACTS, which is 2"
    )
    path.write_text("[channels.room]\nmax_contracts = 0\n")
    both = failures(check_settings({"CONFIG_FILE": str(path), "MAX_LOSS_STREAK": "none"}))
    assert [each.split(" ")[0] for each in both] == ["MAX_LOSS_STREAK", f"{path}:"]


def test_a_channel_on_paper_beside_real_orders_is_said(tmp_path: Path) -> None:
    file = tmp_path / "channels.toml"
    file.write_text("[channels.lab]\npaper = true\n")
    environment = {"CONFIG_FILE": str(file), "IBKR_ACCOUNT": "U7654321"}
    live = check_settings({**environment, "DRY_RUN": "false", "TRADING_MODE": "live"})
    assert "lab: paper; traded at the simulator" in live[-1].text
    assert check_settings(environment)[-1].text == "lab: paper"
