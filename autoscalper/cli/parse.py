"""`autoscalper parse TEXT`: how a post is read, from which characters, and what is asked."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from autoscalper.cli import workbench
from autoscalper.cli.table import one_line
from autoscalper.domain.exchange import exchange_day


def add_to(commands: Any) -> None:
    """Add the command to ``commands``."""
    parser = commands.add_parser("parse", help="how a post is read, and why")
    parser.add_argument("text", metavar="TEXT", help="the post")
    parser.add_argument(
        "--on", type=date.fromisoformat, metavar="DATE",
        help="the post's date in New York, as 2026-03-18 (default: today)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Show the reading."""
    day = arguments.on or exchange_day(datetime.now(UTC))
    reply = workbench.ask({"type": "read", "text": arguments.text, "posted_on": day})
    if arguments.json:
        print(msgspec.json.encode(reply).decode())
    else:
        print("\n".join(lines(reply)))
    return 0


def lines(reply: Any) -> Iterator[str]:
    """Yield the lines that tell a reading to people."""
    reading = reply["reading"]
    event = reply["prediction"].get("event")
    yield f"{'read as':<11}{event or 'not sure'}"
    if "reason" in reading:
        yield f"{'because':<11}{reading['reason']}"
    for field, value in reply["prediction"].items():
        if field not in ("event", "abstain") and value is not None:
            yield f"{field:<11}{value}"
    for each in reply["evidence"]:
        place = f"{each['start']}-{each['end']}"
        yield f"{'from':<11}{place:<9}{each['field']}: {one_line(each['characters'])}"
    if reply["would_ask"]:
        yield f"{'the model':<11}would be asked: {msgspec.json.encode(reply['question']).decode()}"
    else:
        yield f"{'the model':<11}would not be asked"
