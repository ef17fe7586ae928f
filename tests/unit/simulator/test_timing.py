from datetime import timedelta

import pytest

from autoscalper.simulator.orders import OrderTerms, TimeCondition, TimeInForce
from autoscalper.simulator.sessions import Hours
from autoscalper.simulator.timing import Timing
from tests.unit.simulator.stand import WEDNESDAY, terms

LATER = WEDNESDAY + timedelta(hours=1)


@pytest.fixture
def timing() -> Timing:
    return Timing(Hours(always_open=False), lambda con_id: False)


@pytest.mark.parametrize(
    "wanted",
    [
        terms(good_after=LATER),
        terms(conditions=(TimeCondition(at=LATER, is_after=True),)),
    ],
)
def test_an_order_waits_for_its_time(timing: Timing, wanted: OrderTerms) -> None:
    assert not timing.may_work(wanted, WEDNESDAY)
    assert timing.may_work(wanted, LATER)


def test_no_order_works_while_the_market_is_closed(timing: Timing) -> None:
    assert not timing.may_work(terms(), WEDNESDAY - timedelta(hours=1))


def test_a_condition_can_cancel_instead_of_releasing(timing: Timing) -> None:
    condition = TimeCondition(at=LATER, is_after=True)
    wanted = terms(conditions=(condition,), conditions_cancel_order=True)
    assert timing.may_work(wanted, WEDNESDAY)
    assert not timing.is_cancelled_by_condition(wanted, WEDNESDAY)
    assert timing.is_cancelled_by_condition(wanted, LATER)
    assert not timing.is_cancelled_by_condition(terms(), LATER)


def test_each_time_in_force_has_its_end(timing: Timing) -> None:
    def end(tif: TimeInForce) -> object:
        return timing.ends_at(terms(time_in_force=tif, good_till=LATER), WEDNESDAY)

    close = WEDNESDAY.replace(hour=20)
    assert end(TimeInForce.DAY) == end(TimeInForce.IOC) == end(TimeInForce.FOK) == close
    assert end(TimeInForce.GTD) == LATER
    assert end(TimeInForce.GTC) is None


def test_the_day_of_an_order_that_starts_later_is_the_day_it_starts(timing: Timing) -> None:
    tomorrow = WEDNESDAY + timedelta(days=1)
    assert timing.ends_at(terms(good_after=tomorrow), WEDNESDAY) == tomorrow.replace(hour=20)
