"""`autoscalper demo`: everything at once, a simulated gateway and a day of alerts."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from pathlib import Path
from typing import Any

from autoscalper.cli import gateway, verdict
from autoscalper.cli.chat import a_chat
from autoscalper.cli.door import Door
from autoscalper.cli.outcomes import Outcomes
from autoscalper.cli.player import Entrance, Pace, Played, Player
from autoscalper.cli.posts_file import lines_of
from autoscalper.cli.scenes import Scene, read_scenes
from autoscalper.cli.showing import HEADER, as_json
from autoscalper.cli.simulator_control import SimulatorControl
from autoscalper.cli.stage import (
    ROOT,
    Stage,
    make_directory,
    make_environment,
    remove_directory,
    usable_port,
)
from autoscalper.cli.stand_in import a_stand_in, await_listener
from autoscalper.cli.table import table
from autoscalper.links import cli_to_ingest
from autoscalper.runtime.clock import SystemClock
from autoscalper.runtime.errors import CannotStart
from autoscalper.runtime.link import address_of

#: The demo's own day.
DAY = ROOT / "config" / "demo" / "posts.jsonl"
#: Seconds between two posts for somebody who watches.
_PACE_SECONDS = 1.2
#: Posts between two words on how far a long replay is.
_PROGRESS_POSTS = 100

#: Limits and account of the demo's day: small enough that every rule can be seen at work.
_DAY_SETTINGS = {
    "CONFIG_FILE": str(DAY.with_name("autoscalper.toml")),
    "SIMULATOR_MARKET": "walk",
    "SIMULATOR_CASH": "10000",
    "ACCOUNT_BALANCE": "10000",
    "ACCOUNT_BALANCE_CAP": "true",
}
#: Of a file of anybody's posts the prices are unknown and the trades many.
_REPLAY_SETTINGS = {
    "SIMULATOR_MARKET": "anchored",
    "SIMULATOR_CASH": "1000000",
    "ACCOUNT_BALANCE": "1000000",
    "MAX_OPEN_TRADES": "1000",
}
#: Speed matters more there than the latency that is shown.
_REPLAY_PACE = Pace(quiet_seconds=0.1, gap_seconds=0.0)


def add_to(commands: Any) -> None:
    """Add the command to ``commands``."""
    parser = commands.add_parser("demo", help="a day of alerts against a simulated gateway")
    parser.add_argument(
        "--once", action="store_true", help="fast; 0 only if every alert ended as it should"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--replay", type=Path, metavar="FILE", help="play FILE, not the own day")
    what.add_argument(
        "--discord", action="store_true", help="through a stand-in for Discord and the real client"
    )
    parser.add_argument(
        "--telegram",
        action="store_true",
        help="show the conversation, and take commands typed here",
    )
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep data and logs in DIR")
    parser.add_argument("--port", type=int, default=0, help="of the simulated gateway")
    parser.add_argument("--json", action="store_true", help="print JSON, one outcome a line")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Play the day; with ``--once`` 0 if it went as it should, else 1."""
    scenes = _read_day(arguments.replay or DAY)
    port = usable_port(arguments.port)
    with ExitStack() as afterwards:
        directory = make_directory(arguments.keep)
        if arguments.keep is None:
            afterwards.callback(remove_directory, directory)
        code = _stage(directory, port, scenes, arguments)
        if code:
            afterwards.pop_all()
            _tell(arguments, f"data and logs are kept in {directory}")
        return code


def _stage(
    directory: Path, port: int, scenes: Sequence[Scene], arguments: argparse.Namespace
) -> int:
    settings = _REPLAY_SETTINGS if arguments.replay else _DAY_SETTINGS
    # The one place that hands an environment down: the processes read theirs themselves.
    inherited = os.environ  # noqa: TID251
    environment = make_environment(directory, port, settings, inherited)
    with ExitStack() as open_now, Stage(directory, environment) as stage:
        stage.clock.move_to(scenes[0].written_at)
        _tell(arguments, f"starting in {directory}")
        chat: Mapping[str, str] = {}
        if arguments.telegram:
            chat = open_now.enter_context(_a_shown_chat(arguments))
        if not arguments.discord:
            stage.start(chat)
            address = address_of(cli_to_ingest.NAME, stage.run_dir, {})
            return _play(stage, open_now.enter_context(closing(Door(address))), scenes, arguments)
        lines = (scene.line for scene in scenes if scene.has_post)
        stand_in = open_now.enter_context(a_stand_in(ROOT, stage.run_dir, lines))
        stage.start({**stand_in.environment, **chat})
        await_listener(stage.run_dir)
        return _play(stage, stand_in, scenes, arguments)


def _a_shown_chat(arguments: argparse.Namespace) -> AbstractContextManager[Mapping[str, str]]:
    typed = None if arguments.once else sys.stdin
    return a_chat(ROOT, lambda line: _tell(arguments, f"telegram | {line}"), typed)


def _play(
    stage: Stage, entrance: Entrance, scenes: Sequence[Scene], arguments: argparse.Namespace
) -> int:
    began = time.monotonic()
    market = SimulatorControl(stage.run_dir)
    with closing(Outcomes(stage.alert_store)) as outcomes:
        pace = _REPLAY_PACE if arguments.replay else Pace()
        player = Player(entrance, outcomes, market, stage.clock, pace, stage.trades_known)
        day = _watched(player, scenes, arguments)
        kept = outcomes.all()
    lasted = time.monotonic() - began
    problems = verdict.problems_of(day, kept, stage.restarted(), gateway.await_protection(market))
    _show(day, arguments)
    _tell(arguments, f"{verdict.summary_of(day)}, played in {lasted:.1f} s")
    for problem in problems:
        print(f"autoscalper: {problem}", file=sys.stderr)
    if not arguments.once:
        _stay(stage, arguments)
    return 1 if problems else 0


def _watched(
    player: Player, scenes: Sequence[Scene], arguments: argparse.Namespace
) -> list[Played]:
    """Return the scenes as they were played; after one that is lost nothing more is."""
    day = []
    for played in _played(player, scenes):
        day.append(played)
        _watch(played, len(day), len(scenes), arguments)
        if played.is_lost:
            break
    return day


def _played(player: Player, scenes: Sequence[Scene]) -> Iterator[Played]:
    """Yield every scene when it is over; those with orders at rest are over with the next."""
    going_on: list[Played] = []
    for scene in scenes:
        going_on.append(player.put_in(scene))
        if scene.rests is None:
            yield from map(player.see_out, going_on)
            going_on = []
    yield from map(player.see_out, going_on)


def _watch(played: Played, number: int, of: int, arguments: argparse.Namespace) -> None:
    if played.refusal:
        print(f"autoscalper: {played.refusal}", file=sys.stderr)
    if arguments.once:
        if number % _PROGRESS_POSTS == 0:
            _tell(arguments, f"{number} of {of}")
        return
    story = verdict.story_of(played)
    if story:
        _tell(arguments, story)
        time.sleep(_PACE_SECONDS)


def _show(day: Sequence[Played], arguments: argparse.Namespace) -> None:
    if arguments.json:
        for each in day:
            if each.decided is not None:
                print(as_json(each.decided))
        return
    width = shutil.get_terminal_size((200, 24)).columns
    if arguments.replay:
        print(table(verdict.ENTRY_HEADER, verdict.entry_rows(day), width))
    else:
        print(table(HEADER, verdict.rows_of(day), width))


def _stay(stage: Stage, arguments: argparse.Namespace) -> None:
    programs = Path(sys.executable).parent
    _tell(
        arguments,
        f"""
Everything goes on running until Ctrl-C. To look in, in another terminal:

  export RUN_DIR={stage.run_dir} DATA_DIR={stage.data_dir} PATH={programs}:$PATH
  autoscalper status
  autoscalper explain 1
  autoscalper post 'BTO SPY 560c 0DTE @ 0.80'
  autoscalper sim ledger
  supervisorctl -c {ROOT / "supervisord.conf"} status
""",
    )
    while True:
        time.sleep(1)


def _tell(arguments: argparse.Namespace, line: str) -> None:
    print(line, file=sys.stderr if arguments.json else sys.stdout, flush=True)


def _read_day(path: Path) -> list[Scene]:
    try:
        scenes = read_scenes(lines_of(path), now=SystemClock().now())
    except OSError as error:
        raise CannotStart(f"{path} cannot be read ({error.strerror}); name a file of posts") from (
            error
        )
    if not scenes:
        raise CannotStart(f"{path} holds no posts; name a file with one JSON object a line")
    return scenes
