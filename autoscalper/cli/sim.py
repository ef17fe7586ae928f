"""`autoscalper sim`: a simulated gateway of your own, and what it holds."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import msgspec

from autoscalper.cli.simulator_control import SimulatorControl
from autoscalper.cli.surroundings import read_settings

_HELP = """\
without COMMAND: start a gateway, and go on until Ctrl-C
with COMMAND: ask the running one, for example

  autoscalper sim ledger
  autoscalper sim positions
  autoscalper sim fault on=placeOrder action=drop-after-accept
  autoscalper sim quote underlying=SPY expiry=2026-03-18 strike=685 right=C bid=0.42 ask=0.43
"""


def add_to(commands: Any) -> None:
    """Add the command to ``commands``."""
    parser = commands.add_parser(
        "sim",
        help="a simulated gateway that speaks the TWS protocol",
        description=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", nargs="?", metavar="COMMAND", help="what to ask")
    parser.add_argument(
        "arguments", nargs="*", type=argument, metavar="NAME=VALUE", help="of the command"
    )
    parser.add_argument("--port", type=int, help="where to listen (default: SIMULATOR_PORT)")
    parser.add_argument("--market", help="walk, anchored or script:FILE")
    parser.add_argument("--seed", type=int, help="of the market's moves")
    parser.add_argument("--json", action="store_true", help="print JSON on one line")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Start a gateway, or show what the running one replies."""
    if arguments.command is None:
        _start(arguments)
    run_dir = Path(read_settings().run_dir)
    given = dict(arguments.arguments)
    reply = msgspec.json.encode(SimulatorControl(run_dir).ask(arguments.command, **given))
    print((reply if arguments.json else msgspec.json.format(reply, indent=2)).decode())
    return 0


def argument(text: str) -> tuple[str, object]:
    """Return name and value of ``NAME=VALUE``; a value that looks like a JSON object is one.

    Raises:
        ArgumentTypeError: there is no value.
    """
    name, sign, value = text.partition("=")
    if not sign:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, was {text}")
    return name, msgspec.json.decode(value) if value.startswith("{") else value


def _start(arguments: argparse.Namespace) -> None:
    chosen = {
        "SIMULATOR_PORT": arguments.port,
        "SIMULATOR_MARKET": arguments.market,
        "SIMULATOR_SEED": arguments.seed,
    }
    given = {name: str(value) for name, value in chosen.items() if value is not None}
    command = (sys.executable, "-m", "autoscalper.simulator")
    # The simulator takes this process's place, and Ctrl-C with it.
    os.execve(sys.executable, command, {**os.environ, **given})  # noqa: TID251
