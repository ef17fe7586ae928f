"""`autoscalper explain ID`: what became of an alert."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from typing import Any

from autoscalper.cli import showing
from autoscalper.cli.outcomes import Outcomes
from autoscalper.cli.surroundings import alert_store, read_settings


def add_to(commands: Any) -> None:
    """Add the command to ``commands``."""
    parser = commands.add_parser("explain", help="what became of an alert, and why")
    parser.add_argument("id", metavar="ID", help="its number, its message's id or its post's id")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Show every outcome that the id may mean; 1 if there is none."""
    with closing(Outcomes(alert_store(read_settings()))) as outcomes:
        found = outcomes.named(arguments.id)
    if not found:
        print(f"autoscalper: no alert {arguments.id} with an outcome", file=sys.stderr)
        return 1
    if arguments.json:
        print("\n".join(showing.as_json(each.decided) for each in found))
    else:
        print("\n\n".join(showing.paragraph(each.decided, each.number) for each in found))
    return 0
