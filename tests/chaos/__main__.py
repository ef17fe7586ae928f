"""``python -m tests.chaos``, started by ``scripts/chaos``."""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.chaos import recovery
from tests.chaos.chat import Chat, a_chat
from tests.chaos.play import SETTLE_SECONDS, Play
from tests.chaos.stack import Stack
from tests.chaos.storm import storm
from tests.chaos.story import story
from tests.chaos.trader import Trader
from tests.chaos.weather import Weather

#: Alerts a second.
_RATE = 2.0
#: Stories that are told of a storm that found faults.
_MOST_STORIES = 5
#: What recovering may take, in milliseconds.
_RECOVERY_MS = {
    "kill_to_trading_ms_p50": 3000.0,
    "gateway_to_trading_ms_p50": 1000.0,
    "gateway_to_trading_ms_p99": 2000.0,
}
#: Seconds after which a product that is broken will not mend itself.
HOPELESS_SECONDS = 15.0
SABOTAGES = ("early_orders", "early_cursor", "no_reconciliation")


def main() -> int:
    """Run a storm and return 0 if nothing was found, else 1."""
    arguments = _arguments()
    directory = Path(tempfile.mkdtemp(prefix="chaos-"))
    with (
        a_chat() as chat,
        Stack(directory, settings=chat.settings, sabotage=arguments.sabotage) as stack,
    ):
        if arguments.recovery:
            is_well = _recover(stack, arguments)
        else:
            is_well = _rage(stack, chat, arguments)
    if is_well:
        shutil.rmtree(directory)
    else:
        _say(f"seed {arguments.seed}: everything is kept in {directory}")
        _say(f"again: scripts/chaos {shlex.join(sys.argv[1:])}")
    return 0 if is_well else 1


def _rage(stack: Stack, chat: Chat, arguments: argparse.Namespace) -> bool:
    seconds = max(arguments.signals / _RATE, 5.0)
    day = Trader(arguments.seed, arguments.signals, seconds).day()
    planned = storm(arguments.seed, arguments.kills, seconds)
    weather = Weather(stack, planned, last_alert_at=day.alerts[-1].arrives_at, chat=chat)
    patience_seconds = HOPELESS_SECONDS if arguments.sabotage else SETTLE_SECONDS
    played = Play(stack, day, weather, chat, patience_seconds=patience_seconds).run()
    _show({**played.figures, **played.made_of}, as_json=arguments.json)
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


def _show(figures: Mapping[str, float | dict[str, int]], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(figures) + "\n")
        return
    for name, value in figures.items():
        shown = f"{value:g}" if isinstance(value, int | float) else json.dumps(value)
        sys.stdout.write(f"{name:26} {shown}\n")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
