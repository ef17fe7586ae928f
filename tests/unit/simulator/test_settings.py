import pytest

from autoscalper.domain.settings import BY_PROCESS, contradictions
from autoscalper.runtime import config
from autoscalper.runtime.errors import SettingsInvalid
from autoscalper.simulator.settings import SimulatorSettings, TradingHours


def load(**environment: str) -> SimulatorSettings:
    return config.load(
        SimulatorSettings,
        known=BY_PROCESS.values(),
        contradictions=contradictions,
        environment=environment,
    )


def test_settings_are_read_from_the_environment() -> None:
    settings = load(
        SIMULATOR_PORT="0",
        SIMULATOR_HOURS="exchange",
        SIMULATOR_READ_ONLY="yes",
        SIMULATOR_SEED="7",
    )
    assert settings.simulator_hours is TradingHours.EXCHANGE
    assert (settings.simulator_read_only, settings.simulator_seed) == (True, 7)


def test_everything_has_a_default() -> None:
    assert load().simulator_max_messages == 50


@pytest.mark.parametrize(
    ("name", "value"),
    [("SIMULATOR_HOURS", "never"), ("SIMULATOR_STEP_SECONDS", "-1"), ("SIMULATOR_PORT", "70000")],
)
def test_a_wrong_value_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsInvalid, match=name):
        load(**{name: value})


def test_another_gateways_market_has_the_exchanges_hours_unless_told_otherwise() -> None:
    followed = load(SIMULATOR_MARKET="upstream", DRY_RUN="false")
    assert (followed.follows_gateway, followed.is_always_open) == (True, False)
    told = load(SIMULATOR_MARKET="upstream", DRY_RUN="false", SIMULATOR_HOURS="always")
    assert told.is_always_open
    assert load().is_always_open


def test_a_dry_run_follows_no_gateway() -> None:
    with pytest.raises(SettingsInvalid, match="SIMULATOR_MARKET is upstream"):
        load(SIMULATOR_MARKET="upstream")


def test_the_simulator_is_another_client_than_the_broker() -> None:
    assert load(IBKR_CLIENT_ID="4").upstream_client_id == 5
