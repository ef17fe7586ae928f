from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from autoscalper.domain.reading import Abstained
from autoscalper.parser.grammar import read
from autoscalper.parser.prediction import prediction


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (
            "BTO MSFT 505c 8/14 @ 4.10 SL 3 TP 6",
            {
                "event": "NEW",
                "underlying": "MSFT",
                "direction": "CALL",
                "strike": 505.0,
                "expiry": "2026-08-14",
                "price": 4.1,
                "stop": 3.0,
                "targets": [6.0],
                "abstain": False,
            },
        ),
        ("added @ 3.50", {"event": "ADD", "price": 3.5}),
        ("out half @ 5.20, SL BE", {"event": "TRIM", "fraction": 0.5, "price": 5.2, "stop": "BE"}),
        ("all out @ 5.20", {"event": "EXIT", "price": 5.2}),
        ("stopped out", {"event": "SL"}),
        ("TP hit, all out", {"event": "TP"}),
        ("trailing stop 15%", {"event": "MOVE_STOP", "stop": None}),
        ("PT 510", {"event": "TARGETS", "targets": [510.0]}),
        ("scratch that", {"event": "CANCEL"}),
        ("watching MSFT 505p", {"event": "PLAN", "direction": "PUT"}),
        ("go light", {"event": "RISK_NOTE"}),
        ("hello", {"event": "IGNORE", "abstain": False}),
    ],
)
def test_a_reading_becomes_a_record(text: str, fields: dict[str, Any]) -> None:
    record = prediction(read(text, posted_on=date(2026, 8, 11)))
    assert {key: record[key] for key in fields} == fields


def test_abstaining_has_no_event() -> None:
    assert prediction(Abstained(reason="unsure")) == {"event": None, "abstain": True}
