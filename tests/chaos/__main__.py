"""``python -m tests.chaos``, started by ``scripts/chaos``."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from tests.chaos import recovery
from tests.chaos.play import Play
from tests.chaos.stack import Stack
from tests.chaos.storm import storm
from tests.chaos.story import story
from tests.chaos.trader import Trader
from tests.chaos.weather import Weather

#: Alerts a second.
_RATE = 2.2
#: Stories that are told of a storm that found faults.
_MOST_STORIES = 5
#: What recovering may take, in milliseconds.
_RECOVERY_MS = {
    "kill_to_trading_ms_p50": 3000.0,
    "gateway_to_trading_ms_p50": 1000.0,
    "gateway_to_trading_ms_p99": 2000.0,
}
SABOTAGES = ("early_orders", "early_cursor", "no_reconciliation")


def main() -> int:
    """Run a storm and return 0 if nothing was found, else 1."""
    arguments = _arguments()
    directory = Path(tempfile.mkdtemp(prefix="chaos-"))
    with Stack(directory, sabotage=arguments.sabotage) as stack:
        is_well = _recover(stack, arguments) if arguments.recovery else _rage(stack, arguments)
    if is_well:
        shutil.rmtree(directory)
    else:
        _say(f"seed {arguments.seed}: everything is kept in {directory}")
    return 0 if is_well else 1


def _rage(stack: Stack, arguments: argparse.Namespace) -> bool:
    seconds = max(arguments.signals / _RATE, 5.0)
    day = Trader(arguments.seed, arguments.signals, seconds).day()
    planned = storm(arguments.seed, arguments.kills, seconds)
    played = Play(stack, day, Weather(stack, planned)).run()
    _show(played.figures, as_json=arguments.json)
    findings = played.verdict.findings
    for finding in findings:
        _say(f"{finding.kind}: {finding.text} post={finding.post_id} trade={finding.trade}")
    for finding in findings[:_MOST_STORIES]:
        _say(story(stack, played.evidence, finding))
    return not findings


def _recover(stack: Stack, arguments: argparse.Namespace) -> bool:
    figures = recovery.measure(stack, kills=20, restarts=50)
    _show(figures, as_json=arguments.json)
    return all(figures[name] <= most for name, most in _RECOVERY_MS.items())


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
    parser.add_argument(
        "--recovery", action="store_true", help="measure how soon it trades again, and no storm"
    )
    return parser.parse_args()


def _show(figures: dict[str, float], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(figures) + "\n")
        return
    for name, value in figures.items():
        sys.stdout.write(f"{name:26} {value:g}\n")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
