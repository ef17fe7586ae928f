"""When a post passed which point, told from ledgers that are made up."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.bench import stamps
from tests.bench.test_figures import BEGAN


def a_row(reason: str, status: str = "Cancelled", seconds: int = 1) -> dict[str, str | None]:
    done_at = (BEGAN + timedelta(seconds=seconds)).isoformat()
    return {
        "status": status,
        "reason": reason,
        "done_at": None if status == "Submitted" else done_at,
    }


def test_what_the_gateway_was_asked_to_cancel_ends_when_it_reads_that() -> None:
    ledger = [
        a_row("", seconds=2),
        a_row("OCA group was filled"),
        a_row("", "Filled"),
        a_row("", "Submitted"),
        {},
    ]
    assert stamps.canceled_at(ledger) == [datetime.fromisoformat("2026-03-18T14:00:02+00:00")]
