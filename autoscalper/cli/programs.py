"""`autoscalper programs`: which programs start besides those that always do.

Printed as variables for supervisord.conf. It follows from the settings and from what is open: a
channel that is on paper while orders are real needs the paper broker, and so does a trade that
this broker still has.
"""

from __future__ import annotations

import argparse
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from autoscalper.domain import profiles
from autoscalper.domain.profiles import Profiles
from autoscalper.domain.settings import BY_PROCESS, BrokerSettings, contradictions
from autoscalper.links.broker_to_alert import PAPER
from autoscalper.runtime import config_file


def add_to(commands: Any) -> None:
    """Add the command to ``commands``."""
    parser = commands.add_parser("programs", help="which programs start, for supervisord")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Show the variables."""
    settings, tables = config_file.load(
        BrokerSettings,
        profiles.FORMS,
        known=BY_PROCESS.values(),
        contradictions=contradictions,
        table_contradictions=profiles.problems,
    )
    started = variables(settings, profiles.profiles_of(tables))
    if arguments.json:
        print(msgspec.json.encode(started).decode())
    else:
        print("\n".join(f"{name}={value}" for name, value in started.items()))
    return 0


def variables(settings: BrokerSettings, channels: Profiles) -> dict[str, str]:
    """Return the variables of supervisord.conf by their names."""
    is_wanted = wants_paper(settings, channels)
    started = {
        "SIMULATOR_AUTOSTART": _word(settings.dry_run or is_wanted),
        "PAPER_AUTOSTART": _word(is_wanted),
    }
    return started | ({"SIMULATOR_MARKET": "upstream"} if is_wanted else {})


def wants_paper(settings: BrokerSettings, channels: Profiles) -> bool:
    """Return whether something is, or has to be, traded on paper beside real orders."""
    marked = any(each.paper for each in channels.by_channel.values())
    return settings.is_real and (marked or has_open_trades(settings))


def has_open_trades(settings: BrokerSettings) -> bool:
    """Return whether the paper broker has trades that are not over."""
    path = Path(settings.data_dir) / f"{PAPER}.db"
    if not path.exists():
        return False
    query = "SELECT 1 FROM trades WHERE closed_at IS NULL LIMIT 1"
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as store:
            return store.execute(query).fetchone() is not None
    except sqlite3.Error:
        # What is wrong with the file its owner says.
        return True


def _word(value: bool) -> str:
    return str(value).lower()
