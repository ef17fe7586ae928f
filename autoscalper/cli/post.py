"""`autoscalper post TEXT`: put an alert in by hand."""

from __future__ import annotations

import argparse
import sys
import uuid
from contextlib import closing
from typing import Any

import msgspec

from autoscalper.cli import showing
from autoscalper.cli.door import Door
from autoscalper.cli.outcomes import Outcomes
from autoscalper.cli.surroundings import alert_store, door_address, read_settings
from autoscalper.links.cli_to_ingest import LineRefused, TakePost


def add_to(commands: Any) -> None:
    """Add the command to ``commands``."""
    parser = commands.add_parser("post", help="put an alert in by hand and show what came of it")
    parser.add_argument("text", metavar="TEXT", help="what the post says; - for standard input")
    parser.add_argument("--author", metavar="NAME", help="who says it (default: the operator)")
    parser.add_argument("--channel", metavar="NAME", help="where (default: the operator's own)")
    parser.add_argument("--reply-to", metavar="ID", help="the message that it replies to")
    parser.add_argument("--edits", metavar="ID", help="the message that it is the new text of")
    parser.add_argument("--no-wait", action="store_true", help="do not wait for the outcome")
    parser.add_argument("--timeout", type=float, default=60.0, metavar="SECONDS")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Hand the post in and show its outcome; 1 if it was refused or has no outcome in time."""
    settings = read_settings()
    request = TakePost(line=_line(arguments), number=1)
    with closing(Door(door_address(settings))) as door:
        reply = door.hand_in(request, patience_seconds=arguments.timeout)
    if isinstance(reply, LineRefused):
        print(f"autoscalper: the post was refused: {reply.reason}", file=sys.stderr)
        return 1
    if arguments.no_wait or not reply.is_new:
        print(msgspec.json.encode(reply).decode() if arguments.json else reply.post_id)
        return 0
    with closing(Outcomes(alert_store(settings))) as outcomes:
        decided = outcomes.wait_for(reply.post_id, patience_seconds=arguments.timeout)
    if decided is None:
        print(f"autoscalper: {reply.post_id} has no outcome yet", file=sys.stderr)
        return 1
    print(showing.as_json(decided) if arguments.json else decided.outcome)
    return 0


def _line(arguments: argparse.Namespace) -> str:
    text = sys.stdin.read() if arguments.text == "-" else arguments.text
    line = {
        "message_id": f"by-hand-{uuid.uuid4().hex[:12]}",
        "text": text,
        "author_id": arguments.author,
        "channel_id": arguments.channel,
        "reply_to": arguments.reply_to,
        "edits": arguments.edits,
    }
    return msgspec.json.encode({name: value for name, value in line.items() if value}).decode()
