"""What can be said of the client without a server; the rest is in tests/process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from autoscalper.domain.settings import IngestSettings, contradictions
from autoscalper.runtime import config
from autoscalper.runtime.errors import SettingsInvalid
from tests.fakes.discord_listener import Listening
from tests.fakes.discord_server import DiscordServer

TOKEN_AND_ROOM = {"DISCORD_USER_TOKEN": "a.b.c", "DISCORD_CHANNEL_IDS": "11, 12"}


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Listening]:
    listening = Listening(DiscordServer().environment, tmp_path)
    yield listening
    listening.store.close()


def load(**environment: str) -> IngestSettings:
    return config.load(
        IngestSettings, contradictions=contradictions, environment=TOKEN_AND_ROOM | environment
    )


def test_the_first_line_says_that_it_is_against_the_terms_and_what_is_permitted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Listening(DiscordServer().environment, tmp_path).store.close()
    first = caplog.messages[0]
    assert "against Discord's terms of service" in first
    assert "can cost the account" in first
    assert "permitted ways are a bot" in first


def test_before_it_listens_it_is_starting(listening: Listening) -> None:
    assert listening.client.details() == {"discord": "starting"}


def test_a_stand_in_on_this_machine_may_be_named() -> None:
    settings = load(
        DISCORD_API_URL="http://127.0.0.1:8080/api/v9", DISCORD_GATEWAY_URL="ws://127.0.0.1:8080/"
    )
    assert settings.discord_api_url == "http://127.0.0.1:8080/api/v9"
    assert settings.discord_channel_ids == ("11", "12")


@pytest.mark.parametrize(
    "url",
    [
        "https://discord.com/api/v9",
        "http://127.0.0.1.example.test:80/",
        "http://127.0.0.1:80@example.test/",
        "http://127.0.0.1:80/\nx",
        "ftp://127.0.0.1:80/",
        "http://localhost:80/",
        "127.0.0.1:80",
    ],
)
@pytest.mark.parametrize("name", ["DISCORD_API_URL", "DISCORD_GATEWAY_URL"])
def test_the_token_is_sent_nowhere_else(name: str, url: str) -> None:
    with pytest.raises(SettingsInvalid, match="expected an address of this machine"):
        load(**{name: url})


def test_a_token_without_channels_is_refused() -> None:
    with pytest.raises(SettingsInvalid, match="DISCORD_CHANNEL_IDS is empty"):
        load(DISCORD_CHANNEL_IDS="")


def test_a_channels_name_in_place_of_its_id_is_refused() -> None:
    with pytest.raises(SettingsInvalid, match="'#alerts', expected ids"):
        load(DISCORD_CHANNEL_IDS="11,#alerts")
