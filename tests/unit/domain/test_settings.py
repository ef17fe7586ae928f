from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from decimal import Decimal

import msgspec
import pytest

from autoscalper.domain.settings import (
    BY_PROCESS,
    BrokerSettings,
    Common,
    IngestSettings,
    ParserSettings,
    Secret,
    TradingMode,
    contradictions,
)
from autoscalper.runtime import config
from autoscalper.runtime.errors import SettingsInvalid

TOKEN = "x1.y2.z3"


def load(process: str, **environment: str) -> Common:
    return config.load(
        BY_PROCESS[process],
        known=BY_PROCESS.values(),
        contradictions=contradictions,
        environment=environment,
    )


def problem(process: str, environment: Mapping[str, str]) -> str:
    with pytest.raises(SettingsInvalid) as caught:
        load(process, **environment)
    (told,) = caught.value.problems
    return told


@pytest.mark.parametrize("process", BY_PROCESS)
def test_every_process_starts_with_nothing_set(process: str) -> None:
    assert load(process).dry_run


@pytest.mark.parametrize("process", BY_PROCESS)
def test_every_default_is_a_value_that_could_be_set(process: str) -> None:
    settings = load(process)
    for field in msgspec.structs.fields(settings):
        value = getattr(settings, field.name)
        if isinstance(value, int | Decimal | str) and value != "":
            text = str(value).lower() if isinstance(value, bool) else str(value)
            assert load(process, **{field.name.upper(): text}) == settings


def test_the_limits_are_those_that_are_documented() -> None:
    settings = BrokerSettings()
    assert settings.account_balance == 10_000
    assert settings.risk_per_trade_percent == Decimal("0.5")
    assert settings.daily_max_loss_percent == 2
    assert settings.max_loss_streak == 3
    assert settings.max_contracts == 2
    assert settings.max_adds_per_trade == 1
    assert settings.max_open_trades == 3
    assert settings.entry_max_age_seconds == 60
    assert settings.entry_timeout_seconds == 30
    assert settings.flatten_at == time(15, 45)
    assert not settings.allow_looser_stops


def test_a_secret_never_shows_itself() -> None:
    secret = Secret(TOKEN)
    assert TOKEN not in f"{secret} {secret!r} {IngestSettings(discord_user_token=secret)}"
    assert str(Secret("")) == ""


@pytest.mark.parametrize(
    ("process", "environment", "told"),
    [
        ("parser", {"CLOCK_FILE": "/tmp/c", "DRY_RUN": "false"}, "CLOCK_FILE"),
        ("broker", {"IBKR_PORT": "4001"}, "IBKR_PORT is 4001, which is the other mode's port"),
        ("broker", {"IBKR_PORT": "4002", "TRADING_MODE": "live"}, "expected one for TRADING_MODE"),
        ("broker", {"TRADING_MODE": "live", "DRY_RUN": "false"}, "IBKR_ACCOUNT is empty"),
        ("broker", {"INITIAL_CONTRACTS": "3"}, "INITIAL_CONTRACTS is 3, expected at most"),
        ("broker", {"RISK_PER_TRADE_PERCENT": "101"}, "RISK_PER_TRADE_PERCENT is '101'"),
        ("broker", {"RISK_PER_TRADE_PERCENT": "0"}, "RISK_PER_TRADE_PERCENT is '0'"),
        ("broker", {"MAX_CONTRACTS": "0"}, "MAX_CONTRACTS is '0'"),
        ("broker", {"IBKR_MAX_MESSAGES": "0", "DRY_RUN": "false"}, "IBKR_MAX_MESSAGES is 0"),
        ("broker", {"FLATTEN_AT": "quarter to four"}, "FLATTEN_AT is 'quarter to four'"),
        (
            "alert",
            {"TELEGRAM_ENABLED": "true", "TELEGRAM_BOT_TOKEN": TOKEN},
            "TELEGRAM_CHAT_ID is empty",
        ),
        (
            "alert",
            {"TELEGRAM_ENABLED": "true", "TELEGRAM_CHAT_ID": "12"},
            "TELEGRAM_BOT_TOKEN is empty",
        ),
        ("ingest", {"DISCORD_USER_TOKEN": TOKEN}, "DISCORD_CHANNEL_IDS is empty"),
        ("ingest", {"DISCORD_CHANNEL_IDS": "general"}, "DISCORD_CHANNEL_IDS has 'general'"),
    ],
)
def test_what_cannot_be_meant_is_refused_without_showing_a_secret(
    process: str, environment: dict[str, str], told: str
) -> None:
    found = problem(process, environment)
    assert told in found
    assert TOKEN not in found


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/api",
        "http://127.0.0.1.example.org:80/",
        "http://127.0.0.1:80@example.org/",
        "http://user@127.0.0.1:80/",
        "http://localhost:80/",
    ],
)
def test_a_token_is_sent_nowhere_but_to_discord_or_this_machine(url: str) -> None:
    assert "expected an address of this machine" in problem("ingest", {"DISCORD_API_URL": url})
    ours = "http://127.0.0.1:8080/api"
    settings = load("ingest", DISCORD_API_URL=ours)
    assert isinstance(settings, IngestSettings)
    assert settings.discord_api_url == ours


@pytest.mark.parametrize(("mode", "port"), [(TradingMode.PAPER, 4002), (TradingMode.LIVE, 4001)])
def test_the_port_follows_the_mode_unless_it_is_set(mode: TradingMode, port: int) -> None:
    settings = BrokerSettings(trading_mode=mode, dry_run=False)
    assert settings.port == port
    assert BrokerSettings(trading_mode=mode, dry_run=False, ibkr_port=4999).port == 4999


def test_a_dry_run_never_reaches_a_gateway_whatever_port_is_set() -> None:
    for port in (0, 4001, 4002, 4999):
        settings = BrokerSettings(ibkr_port=port, simulator_port=4500)
        assert settings.port == 4500


def test_a_process_does_not_mind_what_another_one_is_told() -> None:
    assert load("ingest", MAX_CONTRACTS="0", TELEGRAM_ENABLED="true") == IngestSettings()


@pytest.mark.parametrize("url", ["https://api.example.com/", "http://127.0.0.1@evil.com/", "x"])
def test_the_models_key_never_goes_to_another_machine(url: str) -> None:
    assert "expected an address of this machine" in problem("parser", {"ANTHROPIC_API_URL": url})


def test_a_stand_in_for_the_model_on_this_machine_is_allowed() -> None:
    ours = "http://127.0.0.1:4010/anthropic/"
    assert load("parser", ANTHROPIC_API_URL=ours) == ParserSettings(anthropic_api_url=ours)


def test_two_readings_need_a_key_for_the_second() -> None:
    assert "ANTHROPIC_API_KEY is empty" in problem("parser", {"PARSER_MODE": "agree"})
    assert load("parser", PARSER_MODE="agree", ANTHROPIC_API_KEY="k") is not None


def test_the_host_is_the_one_that_is_set_unless_it_is_a_dry_run() -> None:
    assert BrokerSettings(ibkr_host="10.1.2.3", dry_run=False).host == "10.1.2.3"
    assert BrokerSettings(ibkr_host="10.1.2.3").host == "127.0.0.1"
