"""Money is decimal from end to end: no float is named or written in the domain."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import autoscalper.domain

#: What is about a disk and no money.
NOT_MONEY = {"room"}
MODULES = [
    each
    for each in sorted(Path(autoscalper.domain.__path__[0]).glob("*.py"))
    if each.stem not in NOT_MONEY
]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_a_module_of_the_domain_knows_no_float(module: Path) -> None:
    tree = ast.parse(module.read_text())
    named = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Name)
             and node.id == "float"]  # fmt: skip
    written = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Constant)
               and isinstance(node.value, float)]  # fmt: skip
    assert (named, written) == ([], [])
