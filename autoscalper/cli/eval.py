"""`autoscalper eval`: how well posts are read that somebody labelled, or how a history would be."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from autoscalper.cli import workbench
from autoscalper.cli.posts_file import lines_of
from autoscalper.cli.table import table
from autoscalper.domain.exchange import EXCHANGE_ZONE

_RATES = (
    "exact_entry_rate", "false_entry_rate", "enter_precision", "exits_recall",
    "fraction_accuracy", "stop_move_recall", "stop_value_accuracy", "event_accuracy",
    "abstain_rate",
)  # fmt: skip
#: Rates that each room has a column for.
_ROOM_RATES = _RATES[:4]


class FileUnusable(Exception):
    """A line of a file is not what it should be; the message says which."""


def add_to(commands: Any) -> None:
    """Add the command to ``commands``."""
    parser = commands.add_parser("eval", help="how well posts are read")
    files = parser.add_mutually_exclusive_group(required=True)
    files.add_argument("file", nargs="?", metavar="FILE", help="labelled posts, one JSON a line")
    files.add_argument(
        "--unlabelled", metavar="EXPORT",
        help="a channel's history (DiscordChatExporter JSON): show what would be read as what",
    )  # fmt: skip
    parser.add_argument(
        "--llm", action="store_true", help="ask the model what the grammar is not sure of; costs"
    )
    parser.add_argument("--predictions", metavar="OUT", help="write the readings, one JSON a line")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Show the figures or the readings."""
    if arguments.unlabelled is not None:
        return _look_through(arguments)
    posts = _records(Path(arguments.file))
    reply = workbench.ask({"type": "score", "posts": posts, "with_model": arguments.llm})
    if arguments.predictions is not None:
        _write(Path(arguments.predictions), reply["predictions"])
    if arguments.json:
        shown = {**reply["figures"], "rooms": reply["rooms"]}
        if arguments.llm:
            shown |= {"asked": reply["asked"], "unread": reply["unread"]}
        print(msgspec.json.encode(shown).decode())
    else:
        print("\n".join(figures(reply)))
    return 0


def figures(reply: Any) -> Iterator[str]:
    """Yield the lines that tell the figures to people."""
    found = reply["figures"]
    yield f"{found['messages']} posts, {found['wrong_contract']} entries in a wrong contract"
    for name in _RATES:
        yield f"{name:<22}{_percent(found[name])}"
    if reply["asked"]:
        yield f"the model was asked {reply['asked']} times, {reply['unread']} without an answer"
    rows = [
        (room, str(each["messages"]), *(_percent(each[name]) for name in _ROOM_RATES))
        for room, each in reply["rooms"].items()
    ]
    yield ""
    yield table(("room", "posts", *_ROOM_RATES), rows, _width())


def _look_through(arguments: argparse.Namespace) -> int:
    posts = _records(Path(arguments.unlabelled))
    readings = workbench.ask({"type": "look_through", "posts": posts})["readings"]
    by_id = {str(each["message_id"]): each for each in posts}
    found = [(by_id[reading["message_id"]], reading) for reading in readings]
    if arguments.predictions is not None:
        _write(
            Path(arguments.predictions),
            [{"id": each["message_id"], **each["prediction"]} for each in readings],
        )
    if arguments.json:
        for post, reading in found:
            print(msgspec.json.encode({**reading, "text": post["text"]}).decode())
    else:
        rows = [_history_row(post, reading) for post, reading in found]
        print(table(("written", "author", "post", "read as", "details"), rows, _width()))
        print(_summary([reading for _, reading in found]))
    return 0


def _history_row(post: Mapping[str, Any], reading: Mapping[str, Any]) -> tuple[str, ...]:
    written = datetime.fromisoformat(post["posted_at"]).astimezone(EXCHANGE_ZONE)
    fields = reading["prediction"]
    details = [
        f"{name}={value}"
        for name, value in fields.items()
        if name not in ("event", "abstain") and value is not None
    ]
    return (
        f"{written:%Y-%m-%d %H:%M}",
        str(post.get("author_name", "")),
        post["text"],
        fields["event"] or "not sure",
        " ".join(details) or reading["reason"],
    )


def _summary(readings: Sequence[Mapping[str, Any]]) -> str:
    events = [each["prediction"]["event"] or "not sure" for each in readings]
    counts = {event: events.count(event) for event in sorted(set(events))}
    told = ", ".join(f"{count} {event}" for event, count in counts.items())
    return f"{len(readings)} posts: {told}"


def _records(path: Path) -> list[Any]:
    records = []
    for number, line in enumerate(lines_of(path), start=1):
        if line.strip():
            try:
                records.append(msgspec.json.decode(line))
            except msgspec.DecodeError as error:
                raise FileUnusable(f"{path}, line {number}: no JSON ({error})") from error
    return records


def _write(path: Path, predictions: Sequence[object]) -> None:
    path.write_bytes(b"".join(msgspec.json.encode(each) + b"\n" for each in predictions))
    print(f"autoscalper: {len(predictions)} readings in {path}", file=sys.stderr)


def _percent(rate: float | None) -> str:
    return "-" if rate is None else f"{100 * rate:.1f} %"


def _width() -> int:
    return shutil.get_terminal_size().columns
