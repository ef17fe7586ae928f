"""``python -m tests.chaos``, started by ``scripts/chaos``."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from tests.chaos.play import Play, Played
from tests.chaos.stack import Stack
from tests.chaos.storm import storm
from tests.chaos.story import story
from tests.chaos.trader import Trader
from tests.chaos.weather import Weather

#: Alerts a second.
_RATE = 2.2
#: Stories that are told of a storm that found faults.
_MOST_STORIES = 5
SABOTAGES = ("early_orders", "early_cursor", "no_reconciliation")


def main() -> int:
    """Run a storm and return 0 if nothing was found, else 1."""
    arguments = _arguments()
    directory = Path(tempfile.mkdtemp(prefix="chaos-"))
    with Stack(directory, sabotage=arguments.sabotage) as stack:
        seconds = max(arguments.signals / _RATE, 5.0)
        day = Trader(arguments.seed, arguments.signals, seconds).day()
        planned = storm(arguments.seed, arguments.kills, seconds)
        played = Play(stack, day, Weather(stack, planned, arguments.seed)).run()
        _tell(played, stack, as_json=arguments.json)
    if played.verdict.findings:
        _say(f"seed {arguments.seed}: everything is kept in {directory}")
        return 1
    shutil.rmtree(directory)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/chaos", description="a seeded storm over the real, supervised stack"
    )
    parser.add_argument("--signals", type=int, default=100, help="alerts to hand in")
    parser.add_argument("--kills", type=int, default=50, help="processes to kill")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument(
        "--sabotage", choices=SABOTAGES, default="", help="break the product first: must be found"
    )
    return parser.parse_args()


def _tell(played: Played, stack: Stack, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(played.figures) + "\n")
    else:
        for name, value in played.figures.items():
            sys.stdout.write(f"{name:20} {value:g}\n")
    findings = played.verdict.findings
    for finding in findings:
        _say(f"{finding.kind}: {finding.text} post={finding.post_id} trade={finding.trade}")
    for finding in findings[:_MOST_STORIES]:
        _say(story(stack, played.evidence, finding))


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
