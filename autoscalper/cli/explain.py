"""`autoscalper explain ID`: the whole story of an alert."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from typing import Any

from autoscalper.cli import signals, whole_story
from autoscalper.cli.outcomes import Outcomes
from autoscalper.cli.surroundings import alert_store, parser_store, read_settings


def add_to(commands: Any) -> None:
    """Add the command to ``commands``."""
    parser = commands.add_parser("explain", help="the whole story of an alert")
    parser.add_argument("id", metavar="ID", help="its number, its message's id or its post's id")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Show every outcome that the id may mean; 1 if there is none."""
    settings = read_settings()
    with closing(Outcomes(alert_store(settings))) as outcomes:
        found = [
            whole_story.WholeStory(
                number=each.number,
                decided=each.decided,
                signal=signals.signal_of(parser_store(settings), each.decided.post_id),
                told=tuple(outcomes.of_trade(each.decided.trade_id))
                if each.decided.trade_id
                else (),
            )
            for each in outcomes.named(arguments.id)
        ]
    if not found:
        print(f"autoscalper: no alert {arguments.id} with an outcome", file=sys.stderr)
        return 1
    if arguments.json:
        print("\n".join(map(whole_story.as_json, found)))
    else:
        print("\n\n".join(map(whole_story.text, found)))
    return 0
