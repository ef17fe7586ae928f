"""Where the running AutoScalper is: the settings that every command reads."""

from __future__ import annotations

from pathlib import Path

from autoscalper.domain.settings import BY_PROCESS, Common, contradictions
from autoscalper.links import cli_to_ingest
from autoscalper.runtime import config
from autoscalper.runtime.link import address_of


def read_settings() -> Common:
    """Return the settings that all processes share.

    Raises:
        SettingsInvalid: a variable is misspelt or has the wrong type.
    """
    return config.load(Common, known=BY_PROCESS.values(), contradictions=contradictions)


def door_address(settings: Common) -> str:
    """Return the address of the door through which ingest takes posts."""
    return address_of(cli_to_ingest.NAME, Path(settings.run_dir), settings.link_addresses)


def alert_store(settings: Common) -> Path:
    """Return where alert keeps the outcomes."""
    return Path(settings.data_dir) / "alert.db"


def parser_store(settings: Common) -> Path:
    """Return where parser keeps the signals."""
    return Path(settings.data_dir) / "parser.db"
