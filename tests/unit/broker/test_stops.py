"""Moving a stop: every way to say it, and never further away."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from autoscalper.broker.stops import first_stop
from autoscalper.domain.instruction import (
    PriceBasis,
    StopAt,
    StopAtBreakEven,
    StopBelow,
    StopRule,
    TrailBy,
)
from autoscalper.domain.order import Purpose
from autoscalper.domain.pricing import Ticks
from tests.unit.broker.model_gateway import PENNIES
from tests.unit.broker.story import CALL, Story, entry, opened


@pytest.mark.parametrize(
    ("rule", "stop"),
    [
        (StopAt(price=Decimal("0.305")), "0.31"),
        (StopAt(price=Decimal(560), basis=PriceBasis.UNDERLYING), None),
        (StopBelow(percent=Decimal(20)), "0.32"),
        (TrailBy(percent=Decimal(30)), "0.28"),
        (TrailBy(amount=Decimal("0.10")), "0.30"),
        (StopAtBreakEven(), None),
        (None, None),
    ],
)
def test_the_first_stop_of_an_entry_is_what_the_post_says(
    rule: StopRule | None, stop: str | None
) -> None:
    found = first_stop(rule, Decimal("0.40"), PENNIES)
    assert found == (None if stop is None else Decimal(stop))


def test_a_stop_in_per_cent_is_measured_from_our_own_average() -> None:
    story = opened()
    post_id = story.move_stop(StopBelow(percent=Decimal(10)))
    assert str(story.outcomes[post_id]) == "traded: stop to 0.36"
    story.wait(2)
    assert story.at_gateway(Purpose.STOP_LOSS).terms.stop_price == Decimal("0.36")


def test_a_stop_in_per_cent_that_would_be_looser_is_refused() -> None:
    story = opened()
    post_id = story.move_stop(StopBelow(percent=Decimal(40)))
    assert str(story.outcomes[post_id]) == ("denied: a stop at 0.24 is looser than the one at 0.33")


def test_a_stop_in_per_cent_of_an_entry_sizes_it() -> None:
    story = opened(stop=StopBelow(percent=Decimal(50)))
    # 0.43 less half of it risks $21 a contract: two of them fit $50.
    assert story.trade.stop_price == Decimal("0.22")
    assert story.held == 2


def test_a_stop_in_per_cent_before_anything_is_filled_is_refused() -> None:
    story = Story()
    story.connect()
    story.post(entry())
    story.wait(1.5)
    post_id = story.move_stop(StopBelow(percent=Decimal(10)))
    assert str(story.outcomes[post_id]).startswith("denied: nothing is filled")


def test_a_trail_is_on_the_grid_of_the_contract() -> None:
    story = opened()
    coarse = replace(story.book.contracts[CALL], ticks=Ticks())
    story.book.put_contract(CALL, coarse)
    story.move_stop(TrailBy(amount=Decimal("0.12")))
    assert story.trade.trail == TrailBy(amount=Decimal("0.10"))
