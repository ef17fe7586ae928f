"""The tree is the architecture: what its shape promises, checked."""

from __future__ import annotations

import ast
import configparser
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "autoscalper"
#: The command that people type: a directory with a ``__main__``, and no process.
COMMAND = "cli"
#: Who may stand on a link without being a process: whoever reports, and the command.
OTHER_ENDS = {"any", COMMAND}

#: Programs that are a process once more, under a name of their own: what is on paper is traded by
#: the very program that trades what is real.
AGAIN = {"paper": "broker"}

LONGEST_FUNCTION = 50
LONGEST_MODULE = 400
MEDIAN_FUNCTION = 15
LONGEST_ARCHITECTURE = 250

#: Where everything may be caught, and why.
BROAD_EXCEPTS = {
    # The edge of the process: logs and ends it.
    "runtime/service.py:run",
    # Rolls back and raises again.
    "runtime/store.py:transaction",
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def name_of(module: Path) -> str:
    return module.relative_to(PACKAGE).as_posix()


def processes() -> set[str]:
    return {path.parent.name for path in PACKAGE.glob("*/__main__.py")} - {COMMAND}


def supervised() -> dict[str, str]:
    config = configparser.RawConfigParser(inline_comment_prefixes=(";",))
    config.read(ROOT / "supervisord.conf")
    return {
        section.split(":", 1)[1]: config[section]["command"]
        for section in config.sections()
        if section.startswith(("program:", "eventlistener:"))
    }


def functions(module: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, Function):
            yield node


def lines_without_docstring(function: Function) -> int:
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None and first.end_lineno is not None:
        lines -= first.end_lineno - first.lineno + 1
    return lines


def broad_excepts(module: Path) -> Iterator[str]:
    for function in functions(module):
        for node in ast.walk(function):
            if isinstance(node, ast.ExceptHandler) and _catches_everything(node):
                yield f"{name_of(module)}:{function.name}"


def _catches_everything(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}
    return bool(names & {"Exception", "BaseException"})


def test_every_process_directory_is_a_program_of_supervisord_and_the_reverse() -> None:
    assert processes() | AGAIN.keys() == set(supervised())


def test_supervisord_starts_each_program_as_the_module_of_its_name() -> None:
    for name, command in supervised().items():
        module = f"python -X faulthandler -m autoscalper.{AGAIN.get(name, name)}"
        assert command == (f"{module} {name}" if name in AGAIN else module)


def test_import_linter_knows_every_process() -> None:
    config = configparser.RawConfigParser()
    config.read(ROOT / "setup.cfg")
    top_layer = config["importlinter:contract:layers"]["layers"].strip().splitlines()[0]
    listed = {part.strip().removeprefix("autoscalper.") for part in top_layer.split("|")}
    assert listed == processes() | {COMMAND}


def test_every_link_is_named_sender_to_receiver() -> None:
    ends = processes() | OTHER_ENDS
    for module in (PACKAGE / "links").glob("*.py"):
        if module.name != "__init__.py":
            sender, _, receiver = module.stem.partition("_to_")
            assert sender in ends, module.name
            assert receiver in processes(), module.name


def test_every_module_has_its_mirrored_test() -> None:
    missing = [
        name_of(module)
        for module in modules()
        if module.name not in ("__init__.py", "__main__.py") and not mirrored_test(module).exists()
    ]
    assert missing == []


def mirrored_test(module: Path) -> Path:
    relative = module.relative_to(PACKAGE)
    return ROOT / "tests" / "unit" / relative.parent / f"test_{relative.name}"


def test_every_process_is_really_started_by_a_test() -> None:
    missing = {
        name
        for name in processes() | {COMMAND}
        if not list((ROOT / "tests" / "process").glob(f"test_{name}*.py"))
    }
    assert missing == set()


def test_every_directory_of_tests_is_a_package() -> None:
    directories = {path.parent for path in (ROOT / "tests").rglob("*.py")}
    assert [each for each in directories if not (each / "__init__.py").exists()] == []


@pytest.mark.parametrize("module", modules(), ids=name_of)
def test_module_is_small_and_says_what_it_is(module: Path) -> None:
    text = module.read_text()
    assert len(text.splitlines()) <= LONGEST_MODULE
    too_long = {
        function.name: lines_without_docstring(function)
        for function in functions(module)
        if lines_without_docstring(function) > LONGEST_FUNCTION
    }
    assert too_long == {}
    assert ast.get_docstring(ast.parse(text)) or text == "", "the module has no docstring"


def test_the_median_function_is_short() -> None:
    lengths = [
        lines_without_docstring(function) for module in modules() for function in functions(module)
    ]
    assert statistics.median(lengths) < MEDIAN_FUNCTION


def test_everything_is_caught_only_where_it_is_allowed() -> None:
    found = {place for module in modules() for place in broad_excepts(module)}
    assert found == BROAD_EXCEPTS


def test_the_architecture_is_short_and_every_test_that_it_names_is_there() -> None:
    lines = (ROOT / "ARCHITECTURE.md").read_text().splitlines()
    assert len(lines) <= LONGEST_ARCHITECTURE
    table = lines[lines.index("## 8. Failure table") : lines.index("## 9. Cross-cutting")]
    named = {name for line in table for name in re.findall(r"`([^`]*)` \|$", line)}
    assert len(named) > 5
    assert {name for name in named if not list((ROOT / "tests").glob(f"{name}*"))} == set()


def test_no_path_or_host_of_a_machine_stands_in_the_scripts() -> None:
    for script in [*(ROOT / "scripts").iterdir(), ROOT / "supervisord.conf"]:
        if script.is_file():
            found = re.findall(r"https?://\S+|/home/\S+", script.read_text())
            assert found == [], script.name
