"""Start the `autoscalper` command."""

from __future__ import annotations

import argparse
import sqlite3
import sys
from collections.abc import Sequence

from autoscalper import __version__
from autoscalper.cli import (
    backup,
    check,
    demo,
    eval,
    explain,
    parse,
    post,
    programs,
    replay,
    restore,
    sim,
    status,
)
from autoscalper.cli.door import IngestSilent
from autoscalper.cli.eval import FileUnusable
from autoscalper.cli.simulator_control import SimulatorSilent
from autoscalper.cli.workbench import WorkbenchFailed
from autoscalper.runtime.errors import CannotStart
from autoscalper.runtime.service import EXIT_BROKEN, EXIT_CANNOT_START
from autoscalper.runtime.supervisord import SupervisorFailed

#: Exit code of a command that was interrupted, as shells count it.
EXIT_INTERRUPTED = 130

_COMMANDS = (
    post, replay, parse, eval, status, explain, check, backup, restore, sim, demo, programs,
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 for a no, 2 for what a person must mend."""
    parsed = _parser().parse_args(arguments)
    try:
        code: int = parsed.run(parsed)
    except (CannotStart, FileUnusable, OSError, sqlite3.DatabaseError) as error:
        return _fail(error, EXIT_CANNOT_START)
    except (IngestSilent, SimulatorSilent, SupervisorFailed, WorkbenchFailed) as error:
        return _fail(error, EXIT_BROKEN)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="autoscalper", description="Look into a running AutoScalper, and put posts in."
    )
    parser.add_argument("--version", action="version", version=f"autoscalper {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in _COMMANDS:
        command.add_to(commands)
    return parser


def _fail(error: Exception, code: int) -> int:
    print(f"autoscalper: {error}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
