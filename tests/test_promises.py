"""Every promise has a test that shows it; what is new in the code and has none is found here."""

from __future__ import annotations

import ast
import re
import typing
from functools import cache
from pathlib import Path

import msgspec
import pytest

from autoscalper.domain.instruction import CloseTrade, ExitCause, Instruction, StopRule
from autoscalper.domain.limits import Rule
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.domain.profiles import FORMS
from autoscalper.domain.reading import Abstained, Ignored
from autoscalper.domain.settings import BY_PROCESS
from tests.stack.settings_table import OF_COMPOSE

TESTS = Path(__file__).parent
_ROW = re.compile(r"\| (.+) \| `(\S+)::(\w+)` \|")


def tables() -> dict[str, dict[str, tuple[str, str]]]:
    """Return file and function of the test of each promise, by the heading of its table."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    heading = ""
    for line in (TESTS / "promises.md").read_text().splitlines():
        if line.startswith("## "):
            heading = line.removeprefix("## ")
        elif row := _ROW.fullmatch(line):
            table = found.setdefault(heading, {})
            assert row[1] not in table, f"{row[1]} is there twice"
            table[row[1]] = (row[2], row[3])
    return found


def events() -> set[str]:
    instructions = {each.__name__ for each in typing.get_args(Instruction)}
    close = CloseTrade.__name__
    exits = {f"{close} {cause.value}" for cause in ExitCause}
    return (instructions - {close}) | exits | {Ignored.__name__, Abstained.__name__}


def variables() -> set[str]:
    fields = {
        field.name.upper()
        for settings in BY_PROCESS.values()
        for field in msgspec.structs.fields(settings)
    }
    return fields | set(OF_COMPOSE)


#: What the code has, by the heading of the table that must have all of it.
IN_CODE = {
    "Events": events(),
    "Stops": {each.__name__ for each in typing.get_args(StopRule)},
    "Outcomes": {kind.value for kind in OutcomeKind},
    "Rules": {rule.value for rule in Rule},
    "Settings": variables(),
    "Channels": set(FORMS),
}


@cache
def functions_of(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text())
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    return frozenset(node.name for node in tree.body if isinstance(node, functions))


@pytest.mark.parametrize("heading", IN_CODE)
def test_everything_in_the_code_has_its_story(heading: str) -> None:
    assert set(tables()[heading]) == IN_CODE[heading]


@pytest.mark.parametrize("heading", tables())
def test_every_story_is_there(heading: str) -> None:
    missing = [
        f"{promise}: {file}::{function}"
        for promise, (file, function) in tables()[heading].items()
        if function not in functions_of(TESTS / file)
    ]
    assert missing == []
