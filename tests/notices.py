"""What the product can say to its user by itself, read from its code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "autoscalper"
#: Who says something by calling which function, and which of its arguments is the text.
TELLS = {"warn": 1, "_tell": 2, "report": 2}
#: The watchdog's voice: what happened comes first.
WATCHDOG_TELLS = {"_tell": 0}
#: Processes whose functions yield what is told.
YIELDS = ("watchdog",)
#: Functions that return what is told.
RETURNS = {"note"}
#: Stands for what differs from one notice to the next.
GAP = "…"

Function = ast.FunctionDef | ast.AsyncFunctionDef


def notices() -> set[str]:
    """Return the texts of all notices, with a gap for each part that is not constant."""
    found: set[str] = set()
    for process in ("ingest", "parser", "broker", "alert", "watchdog"):
        tells = WATCHDOG_TELLS if process == "watchdog" else TELLS
        for module in (PACKAGE / process).rglob("*.py"):
            for function in ast.walk(ast.parse(module.read_text())):
                if isinstance(function, Function):
                    yields = process in YIELDS
                    found |= set(_said_in(function, tells, yields=yields))
    return found


def _said_in(function: Function, tells: dict[str, int], *, yields: bool) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            text = _text_of(node, tells)
            if text is not None:
                yield from _templates(text, function)
        elif yields and isinstance(node, ast.Yield) and isinstance(node.value, ast.JoinedStr):
            yield from _templates(node.value, function)
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.JoinedStr):
            if function.name in RETURNS:
                yield from _templates(node.value, function)


def _text_of(call: ast.Call, tells: dict[str, int]) -> ast.expr | None:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name == "Reported":
        return next((each.value for each in call.keywords if each.arg == "text"), None)
    if name in tells and len(call.args) > tells[name]:
        return call.args[tells[name]]
    return None


def _templates(text: ast.expr, function: Function) -> Iterator[str]:
    match text:
        case ast.Constant(value=str(value)):
            yield value
        case ast.JoinedStr(values=values):
            yield "".join(
                str(each.value) if isinstance(each, ast.Constant) else GAP for each in values
            )
        case ast.IfExp(body=body, orelse=orelse):
            yield from _templates(body, function)
            yield from _templates(orelse, function)
        case ast.Name(id=name):
            for node in ast.walk(function):
                if isinstance(node, ast.Assign) and name in map(_name_of, node.targets):
                    yield from _templates(node.value, function)
        case _:
            raise AssertionError(f"a notice in {function.name} that cannot be read")


def _name_of(target: ast.expr) -> str:
    return target.id if isinstance(target, ast.Name) else ""
