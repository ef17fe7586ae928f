"""Measures the way from the alert to the order; see scripts/bench."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tests.bench import behind, burst, day, figures, full_path, growth, machine, model_path, paced
from tests.bench.day import Day
from tests.bench.figures import Run
from tests.bench.ground import Contract, Ground, a_ground
from tests.bench.paced import CONTRACTS, Pace

PACES = (
    # Some more than the 2,000 that are to be measured: see what a pace says of its exits.
    Pace(name="20 ms", seconds=0.02, entries=2020),
    Pace(name="200 ms", seconds=0.2, entries=100),
    Pace(name="2 s", seconds=2.0, entries=20),
)
#: With open trades only this pace is measured, with this part of its entries.
HELD_PACE, HELD_PART = "20 ms", 0.5
PARTS = ("paced", "burst", "behind", "discord", "model", "idle", "day", "growth")
#: What stays open during the second half.
HELD = tuple(Contract("SPY", 680 + number) for number in range(20))
_IDLE_SECONDS = 60.0
_BEHIND_EXITS, _DISCORD_ENTRIES, _MODEL_ENTRIES = 5, 50, 40


def measure(options: argparse.Namespace) -> Run:
    """Return what ``options`` ask for."""
    run = Run()
    if "paced" in options.parts or "idle" in options.parts:
        _one_ground(options, run)
    if "burst" in options.parts:
        with a_ground() as ground:
            burst.warm_up(ground)
            run.series += [
                burst.measure(ground, size, max(1, round(options.scale * 200 / size)))
                for size in burst.SIZES
            ]
    if "behind" in options.parts:
        run.series += behind.measure(max(3, round(_BEHIND_EXITS * options.scale)))
    if "discord" in options.parts:
        run.series.append(full_path.measure(max(5, round(_DISCORD_ENTRIES * options.scale))))
    if "model" in options.parts:
        run.series += model_path.measure(max(5, round(_MODEL_ENTRIES * options.scale)))
    if "day" in options.parts:
        entries = max(Day().slices, round(Day().entries * options.scale))
        run.tables["MiB of memory over a day"] = day.measure(Day(entries=entries))
    if "growth" in options.parts:
        run.tables["files of so many days"] = growth.by_days()
        run.tables["so many open trades"] = growth.by_open_trades()
    return run


def _one_ground(options: argparse.Namespace, run: Run) -> None:
    with a_ground() as ground:
        ground.quote(CONTRACTS)
        _warm_up(ground)
        if "idle" in options.parts:
            _look_at_the_machine(ground, run)
        for held in options.open if "paced" in options.parts else ():
            if held:
                ground.hold(HELD[:held], "held")
            for pace in PACES:
                if pace.name in options.pace and (not held or pace.name == HELD_PACE):
                    name = f"{pace.name}, {held} open" if held else pace.name
                    part = HELD_PART if held else 1
                    entries = max(1, round(pace.entries * options.scale * part))
                    scaled = Pace(name=name, seconds=pace.seconds, entries=entries)
                    run.series += paced.measure(ground, scaled)
        if "idle" in options.parts:
            pids = ground.pids()
            del pids["simulator"]
            run.memory_mib["in all, after everything"] = round(
                sum(machine.memory_mib(pids).values()), 1
            )


def _warm_up(ground: Ground) -> None:
    # The first entry of the day in a contract asks the gateway what it is.
    paced.measure(ground, Pace(name="first", seconds=0.1, entries=len(CONTRACTS)))


def _look_at_the_machine(ground: Ground, run: Run) -> None:
    pids = ground.pids()
    simulator = pids.pop("simulator")
    time.sleep(5)
    for found, title in (
        (machine.memory_mib(pids), run.memory_mib),
        (machine.idle_percent(pids, _IDLE_SECONDS), run.idle_cpu_percent),
    ):
        title |= found
        title["in all"] = round(sum(found.values()), 2)
    run.memory_mib |= {"beside them simulator": machine.memory_mib({"": simulator})[""]}


def main(arguments: Sequence[str]) -> int:
    """Measure, print, compare; return 1 if something is worse than before."""
    options = _parser().parse_args(arguments)
    logging.disable(logging.WARNING)
    run = measure(options)
    if options.json:
        sys.stdout.write(msgspec.json.encode(run).decode() + "\n")
    else:
        sys.stdout.write("\n".join(figures.lines(run)) + "\n")
    if options.compare is None:
        return 0
    worse = figures.compared(run, msgspec.json.decode(options.compare.read_bytes(), type=Run))
    sys.stderr.write("".join(f"worse: {each}\n" for each in worse))
    return 1 if worse else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    usual = [part for part in PARTS if part != "growth"]
    names = [pace.name for pace in PACES]
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=usual)
    parser.add_argument("--pace", nargs="+", choices=names, default=names)
    parser.add_argument(
        "--open", nargs="+", type=int, default=[0, 20], help="open trades, at most 20"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="part of the usual posts")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="what --json printed before")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
