"""docs/operations.md says what to do for everything that the product says, and for nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from autoscalper.alert import outage_cards
from autoscalper.alert.escalation import Rung
from autoscalper.domain.limits import Rule
from autoscalper.domain.outcome import OutcomeKind
from tests.notices import notices

OPERATIONS = Path(__file__).parent.parent / "docs" / "operations.md"


def first_cells(*columns: str) -> set[str]:
    """Return the first cells of the tables whose first column is called one of ``columns``."""
    found = set()
    column = ""
    for line in OPERATIONS.read_text().splitlines():
        if not line.startswith("|"):
            column = ""
        elif not column:
            column = line.split("|")[1].strip()
        elif column in columns and not line.startswith("|---"):
            cell = re.fullmatch(r"\| `(.*?)` \|.*", line)
            assert cell is not None, line
            found.add(cell[1])
    return found


def test_every_notice_has_its_row_and_every_row_its_notice() -> None:
    assert first_cells("it says") == notices()


def test_every_rung_of_an_outage_has_its_row() -> None:
    told = {rung.value for rung in Rung if rung is not Rung.QUIET}
    assert first_cells("title begins with") == told | {"RECOVERED"}


def test_everybody_who_can_be_away_has_a_row() -> None:
    assert first_cells("who") == set(outage_cards._TITLES.values())


def test_every_outcome_and_every_rule_that_denies_has_its_row() -> None:
    assert first_cells("kind") == {kind.value for kind in OutcomeKind}
    assert first_cells("denied by") == {rule.value for rule in Rule}
