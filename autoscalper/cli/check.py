"""`autoscalper check`: the checklist before going live, one line each."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from autoscalper.cli import going_live, machine, reachable
from autoscalper.cli.finding import Finding, Level, warning
from autoscalper.domain import profiles
from autoscalper.domain.settings import (
    BY_PROCESS,
    AlertSettings,
    BrokerSettings,
    Common,
    IngestSettings,
    ParserSettings,
)
from autoscalper.runtime import config, config_file
from autoscalper.runtime.clock import SystemClock

S = TypeVar("S", bound=Common)

_MARKS = {Level.OK: "ok     ", Level.WARNING: "WARNING", Level.FAILURE: "FAILURE"}


def add_to(commands: Any) -> None:
    """Add the command to ``commands``."""
    parser = commands.add_parser("check", help="the checklist before going live")
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--start", action="store_true", help="only what is fatal at the start")
    part.add_argument("--login", action="store_true", help="only the gateway's user and password")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Show what was found; 1 if something must be mended."""
    # The login is the gateway's and no setting of ours; it is looked at and not kept.
    environment = os.environ  # noqa: TID251
    findings = going_live.check_settings(environment)
    if not _failed(findings):
        findings += _check(arguments, environment)
    if arguments.json:
        print(msgspec.json.encode(findings).decode())
    else:
        for each in findings:
            print(f"{_MARKS[each.level]}  {each.what:<10} {each.text}", flush=True)
    return 1 if _failed(findings) else 0


def _check(arguments: argparse.Namespace, environment: Mapping[str, str]) -> list[Finding]:
    broker = _load(BrokerSettings)
    if arguments.login:
        return going_live.check_login(broker, environment)
    findings = going_live.check_mode(broker) + _check_places(broker)
    if arguments.start:
        # A disk that is nearly full keeps nobody from watching over open positions.
        return findings
    return findings + machine.check_room(Path(broker.data_dir)) + _check_others(broker)


def _check_places(settings: Common) -> list[Finding]:
    return machine.check_places(
        [
            ("logs", Path(settings.log_dir)),
            ("data", Path(settings.data_dir)),
            ("run", Path(settings.run_dir)),
        ]
    )


def _check_others(broker: BrokerSettings) -> list[Finding]:
    tables, _ = config_file.read(Path(broker.config_file), profiles.FORMS, is_wanted=False)
    findings = reachable.check_gateway(broker)
    findings += reachable.check_paper(broker, profiles.profiles_of(tables))
    findings += reachable.check_discord(_load(IngestSettings), Path(broker.run_dir))
    findings += reachable.check_telegram(_load(AlertSettings), SystemClock().now())
    if not _load(ParserSettings).anthropic_api_key.value:
        findings.append(warning("model", "ANTHROPIC_API_KEY is empty: the grammar works alone"))
    return findings


def _load(settings: type[S]) -> S:
    return config.load(settings, known=BY_PROCESS.values())


def _failed(findings: list[Finding]) -> bool:
    return any(each.level is Level.FAILURE for each in findings)
