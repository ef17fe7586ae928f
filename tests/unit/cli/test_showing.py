from datetime import timedelta

import msgspec
import pytest

from autoscalper.cli.showing import HEADER, as_json, facts_of, latency_ms, row, told_in_lines
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.links.any_to_alert import OutcomeDecided
from tests.fakes.posts import NINE_FORTY_FIVE, an_outcome

TRADED = an_outcome(
    OutcomeKind.TRADED,
    "bought 2 at 0.88",
    text="BTO IWM\n210c 0.88",
    understood="NEW IWM 210C @ 0.88",
    orders=("buy 2 at 0.88", "stop 2 at 0.66"),
    ordered_at=NINE_FORTY_FIVE + timedelta(milliseconds=1.5),
)


def test_a_row_has_a_cell_for_every_head_and_new_yorks_time() -> None:
    cells = dict(zip(HEADER, row(TRADED), strict=True))
    assert cells == {
        "time": "09:45:00",
        "author": "Dana",
        "post": "BTO IWM\n210c 0.88",
        "understood as": "NEW IWM 210C @ 0.88",
        "outcome": "traded: bought 2 at 0.88",
        "orders": "buy 2 at 0.88; stop 2 at 0.66",
        "latency": "1.5 ms",
    }


@pytest.mark.parametrize(("decided", "expected"), [(TRADED, 1.5), (an_outcome(), 4.0)])
def test_latency_ends_with_the_first_order_or_else_with_the_outcome(
    decided: OutcomeDecided, expected: float
) -> None:
    assert latency_ms(decided) == expected


def test_json_holds_everything() -> None:
    assert msgspec.json.decode(as_json(TRADED), type=OutcomeDecided) == TRADED


def test_the_facts_of_an_outcome_are_told_one_to_a_line() -> None:
    assert told_in_lines(facts_of(TRADED, 7)).splitlines() == [
        "alert      7, post 101.1",
        "written    2026-03-18 09:45:00 New York by Dana",
        "in         iwm-room",
        "text       BTO IWM 210c 0.88",
        "heard      2026-03-18 09:45:00 New York",
        "understood NEW IWM 210C @ 0.88",
        "order      buy 2 at 0.88",
        "order      stop 2 at 0.66",
        "decided    2026-03-18 09:45:00 New York, 1.5 ms after hearing",
        "outcome    traded: bought 2 at 0.88",
    ]
