import configparser
import re
from pathlib import Path

import msgspec
import pytest

from autoscalper.domain.settings import BY_PROCESS, BrokerSettings, Secret

ROOT = Path(__file__).parent.parent.parent
SECRETS = {
    field.name.upper()
    for settings in BY_PROCESS.values()
    for field in msgspec.structs.fields(settings)
    if field.type is Secret
}


def taken_away(process: str) -> set[str]:
    config = configparser.RawConfigParser(inline_comment_prefixes=(";",))
    config.read(ROOT / "supervisord.conf")
    kind = "eventlistener" if process == "watchdog" else "program"
    environment = config[f"{kind}:{process}"]["environment"]
    pairs = [pair.split("=") for pair in environment.split(",")]
    assert {value for _, value in pairs} == {'""'}
    return {name for name, _ in pairs}


def bot_of_compose() -> str:
    compose = (ROOT / "compose.yaml").read_text()
    return compose[compose.index("\n  autoscalper:\n") : compose.index("\n  # Once at every `up`")]


@pytest.mark.parametrize("process", BY_PROCESS)
def test_a_process_holds_the_secrets_of_its_own_settings_and_no_others(process: str) -> None:
    own = {field.name.upper() for field in msgspec.structs.fields(BY_PROCESS[process])}
    assert SECRETS - taken_away(process) == SECRETS & own


@pytest.mark.parametrize("process", sorted(BY_PROCESS.keys() - {"broker"}))
def test_the_account_is_known_to_the_broker_alone(process: str) -> None:
    assert "IBKR_ACCOUNT" in taken_away(process)


def test_the_container_gives_the_processes_the_time_that_they_may_take_to_stop() -> None:
    config = configparser.RawConfigParser(inline_comment_prefixes=(";",))
    config.read(ROOT / "supervisord.conf")
    needed = sum(int(config[name].get("stopwaitsecs", "0")) for name in config.sections())
    grace = re.search(r"stop_grace_period: (\d+)s", bot_of_compose())
    assert grace is not None
    assert int(grace[1]) > needed


def test_the_users_own_file_for_channels_counts_without_a_new_image() -> None:
    mounted = re.search(r"- \./config:(\S+):ro\n", bot_of_compose())
    works_in = re.search(r"^WORKDIR (\S+)$", (ROOT / "docker" / "Dockerfile").read_text(), re.M)
    assert mounted is not None and works_in is not None
    assert Path(works_in[1], BrokerSettings().config_file).parent == Path(mounted[1])
    assert (ROOT / BrokerSettings().config_file).parent == ROOT / "config"


def test_the_paper_broker_knows_no_secret_no_account_and_nothing_but_a_dry_run() -> None:
    config = configparser.RawConfigParser(inline_comment_prefixes=(";",))
    config.read(ROOT / "supervisord.conf")
    environment = config["program:paper"]["environment"]
    given = dict(pair.split("=") for pair in environment.split(","))
    assert given.pop("DRY_RUN") == '"true"'
    assert given == dict.fromkeys(SECRETS | {"IBKR_ACCOUNT"}, '""')
