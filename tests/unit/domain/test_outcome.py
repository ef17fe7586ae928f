from __future__ import annotations

import pytest

from autoscalper.domain.outcome import Outcome, OutcomeKind


@pytest.mark.parametrize(
    ("kind", "detail", "text"),
    [
        (OutcomeKind.DENIED, "open trades: 3 are open", "denied: open trades: 3 are open"),
        (OutcomeKind.TRADED, "", "traded"),
    ],
)
def test_an_outcome_reads_as_kind_and_detail(kind: OutcomeKind, detail: str, text: str) -> None:
    assert str(Outcome(kind=kind, detail=detail)) == text


def test_an_alert_can_end_in_seven_ways() -> None:
    assert {kind.value for kind in OutcomeKind} == {
        "traded",
        "denied",
        "expired",
        "rejected",
        "ignored",
        "asked",
        "duplicate",
    }
