"""`autoscalper replay FILE`: put a file of posts in, with its gaps or without."""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO, assert_never

import msgspec

from autoscalper.cli.door import Door
from autoscalper.cli.posts_file import lines_of
from autoscalper.cli.surroundings import door_address, read_settings
from autoscalper.links.cli_to_ingest import LineRefused, PostTaken, TakePost

#: Seconds to wait for an ingest that is away before the replay is given up.
_PATIENCE_SECONDS = 120.0


class Count(msgspec.Struct):
    """What became of the lines of a replay."""

    new: int = 0
    known: int = 0
    refused: int = 0


class _Times(msgspec.Struct, frozen=True):
    posted_at: datetime | None = None
    ts: datetime | None = None


def add_to(commands: Any) -> None:
    """Add the command to ``commands``."""
    parser = commands.add_parser("replay", help="put a file of posts in")
    parser.add_argument(
        "file",
        metavar="FILE",
        help="one JSON object a line, or an exported chat; - for standard input",
    )
    parser.add_argument(
        "--speed", type=_speed, default=1.0, metavar="FACTOR",
        help="how much faster than the posts' own times; 0 for without gaps (default: 1)",
    )  # fmt: skip
    parser.add_argument(
        "--max-gap", type=float, default=float("inf"), metavar="SECONDS",
        help="longest wait between two posts (default: as long as it was)",
    )  # fmt: skip
    parser.add_argument(
        "--as-of-now", action="store_true", help="take every post as written when it is put in"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Put every line in; a line that is no post is reported and skipped."""
    count = Count()
    address = door_address(read_settings())
    lines = _standard_input() if arguments.file == "-" else lines_of(Path(arguments.file))
    with closing(Door(address)) as door:
        for number, line, gap in paced(lines, arguments.speed, arguments.max_gap):
            time.sleep(gap)
            request = TakePost(line=line, number=number, as_of_now=arguments.as_of_now)
            _hand_in(door, request, count)
    if arguments.json:
        print(msgspec.json.encode(count).decode())
    else:
        print(f"{count.new} posts put in, {count.known} known before, {count.refused} refused")
    return 0


def paced(lines: Iterable[str], speed: float, max_gap: float) -> Iterator[tuple[int, str, float]]:
    """Yield number, text and gap in seconds to the post before, for each line that is not blank.

    A line that carries no time of its own, or an earlier one than the post before, follows at
    once.
    """
    before: datetime | None = None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        written_at = time_of(line)
        gap = 0.0
        if speed and before is not None and written_at is not None:
            gap = max(0.0, (written_at - before).total_seconds() / speed)
        before = written_at or before
        yield number, line, min(gap, max_gap)


def time_of(line: str) -> datetime | None:
    """Return when the post in ``line`` was written, None if the line does not say it."""
    try:
        times = msgspec.json.decode(line, type=_Times)
    except msgspec.DecodeError:
        return None
    written_at = times.posted_at or times.ts
    return None if written_at is None or written_at.tzinfo is None else written_at


def _standard_input() -> TextIO:
    return io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="replace")


def _hand_in(door: Door, request: TakePost, count: Count) -> None:
    reply = door.hand_in(request, patience_seconds=_PATIENCE_SECONDS)
    match reply:
        case PostTaken(is_new=True):
            count.new += 1
        case PostTaken():
            count.known += 1
        case LineRefused(reason=reason):
            count.refused += 1
            print(f"autoscalper: {reason}", file=sys.stderr)
        case _:
            assert_never(reply)


def _speed(text: str) -> float:
    speed = float(text)
    if speed < 0:
        raise ValueError(text)
    return speed
