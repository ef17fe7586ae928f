from __future__ import annotations

import enum
from datetime import time
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta

from autoscalper.runtime import config
from autoscalper.runtime.errors import SettingsInvalid


class Mode(enum.Enum):
    FAST = "fast"
    SLOW = "slow"


class Secret(msgspec.Struct, frozen=True):
    """Known to the loader by its name."""

    value: str


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    mode: Mode = Mode.FAST
    dry: bool = True
    count: Annotated[int, Meta(ge=1, description="a whole number, at least 1")] = 2
    whole: int = 5
    percent: Annotated[Decimal, Meta(gt=0, le=100, description="a percentage")] = Decimal("0.5")
    below: Annotated[Decimal, Meta(ge=0, lt=1)] = Decimal(0)
    at: time = time(15, 45)
    names: tuple[str, ...] = ()
    addresses: dict[str, str] = {}
    perhaps: int | None = None
    api_token: Secret = Secret("")


class OtherSettings(msgspec.Struct, frozen=True, kw_only=True):
    max_contracts: int = 1


def load(**environment: str) -> Settings:
    return config.load(Settings, environment=environment)


def problems(**environment: str) -> tuple[str, ...]:
    with pytest.raises(SettingsInvalid) as caught:
        load(**environment)
    return caught.value.problems


def test_what_is_not_set_has_its_default() -> None:
    assert load() == Settings()


def test_what_is_set_empty_has_its_default() -> None:
    assert load(MODE="", COUNT="", AT="", API_TOKEN="") == Settings()


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("MODE", "slow", Mode.SLOW),
        ("DRY", "false", False),
        ("DRY", "No", False),
        ("DRY", "YES", True),
        ("DRY", "0", False),
        ("COUNT", "3", 3),
        ("COUNT", " 3 ", 3),
        ("PERCENT", "100", Decimal(100)),
        ("PERCENT", "0.001", Decimal("0.001")),
        ("BELOW", "0", Decimal(0)),
        ("AT", "09:31", time(9, 31)),
        ("NAMES", "one, two,,three", ("one", "two", "three")),
        ("ADDRESSES", "a=tcp://127.0.0.1:1, b=x=y", {"a": "tcp://127.0.0.1:1", "b": "x=y"}),
        ("PERHAPS", "7", 7),
        ("API_TOKEN", " s p ", Secret(" s p ")),
    ],
)
def test_text_becomes_what_the_setting_is(variable: str, text: str, value: Any) -> None:
    assert getattr(load(**{variable: text}), variable.lower()) == value


@pytest.mark.parametrize(
    ("variable", "text", "expected"),
    [
        ("MODE", "quick", "MODE is 'quick', expected fast or slow"),
        ("DRY", "maybe", "DRY is 'maybe', expected true or false"),
        ("COUNT", "0", "COUNT is '0', expected a whole number, at least 1"),
        ("COUNT", "many", "COUNT is 'many', expected a whole number, at least 1"),
        ("WHOLE", "1.5", "WHOLE is '1.5', expected a whole number"),
        ("PERCENT", "0", "PERCENT is '0', expected a percentage"),
        ("PERCENT", "-1", "PERCENT is '-1', expected a percentage"),
        ("PERCENT", "100.01", "PERCENT is '100.01', expected a percentage"),
        ("PERCENT", "NaN", "PERCENT is 'NaN', expected a percentage"),
        ("PERCENT", "Infinity", "PERCENT is 'Infinity', expected a percentage"),
        ("PERCENT", "5 %", "PERCENT is '5 %', expected a percentage"),
        ("BELOW", "1", "BELOW is '1', expected a number"),
        ("BELOW", "-0.1", "BELOW is '-0.1', expected a number"),
        ("AT", "25:00", "AT is '25:00', expected a time of day such as 15:45"),
        ("AT", "15:45Z", "AT is '15:45Z', expected a time of day such as 15:45"),
        ("ADDRESSES", "a", "ADDRESSES is 'a', expected name=value, separated by commas"),
        ("PERHAPS", "x", "PERHAPS is 'x', expected a whole number"),
    ],
)
def test_what_makes_no_sense_is_refused_with_name_value_and_what_was_expected(
    variable: str, text: str, expected: str
) -> None:
    assert problems(**{variable: text}) == (expected,)


def test_all_problems_are_told_at_once() -> None:
    assert problems(MODE="quick", COUNT="0", ADDRESES="a=b") == (
        "ADDRESES is not a setting, expected perhaps ADDRESSES",
        "MODE is 'quick', expected fast or slow",
        "COUNT is '0', expected a whole number, at least 1",
    )


def test_a_variable_that_looks_like_a_setting_and_is_none_is_refused() -> None:
    assert problems(API_TOKENS="s3cret") == (
        "API_TOKENS is not a setting, expected perhaps API_TOKEN",
    )


def test_other_peoples_variables_are_left_alone() -> None:
    assert (
        load(PATH="/usr/bin", HOME="/root", COUNTRY="NL", XDG_DATA_DIRS="/usr/share") == Settings()
    )


def test_what_another_process_knows_is_nobodys_mistake() -> None:
    environment = {"MAX_CONTRACTS": "2", "MAX_CONTRACT": "2"}
    with pytest.raises(SettingsInvalid) as caught:
        config.load(Settings, known=[OtherSettings], environment=environment)
    assert caught.value.problems == (
        "MAX_CONTRACT is not a setting, expected perhaps MAX_CONTRACTS",
    )


def test_contradictions_are_found_in_what_was_loaded() -> None:
    def contradict(settings: Settings) -> list[str]:
        return [f"COUNT is {settings.count}, expected less"] if settings.count > 4 else []

    with pytest.raises(SettingsInvalid, match="COUNT is 5, expected less"):
        config.load(Settings, contradictions=contradict, environment={"COUNT": "5"})
    assert config.load(Settings, contradictions=contradict, environment={"COUNT": "4"}).count == 4


def test_the_process_environment_is_what_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNT", "9")
    assert config.load(Settings).count == 9


def test_secrets_are_listed_without_the_empty_ones() -> None:
    assert config.secrets_of(load()) == ()
    assert config.secrets_of(load(API_TOKEN="s3cret")) == ("s3cret",)
