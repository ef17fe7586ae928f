from datetime import UTC, datetime

import pytest

from autoscalper.simulator import times


@pytest.mark.parametrize(
    "text",
    [
        "20260318 15:45:00 US/Eastern",
        "20260318 15:45:00",
        "20260318-19:45:00",
        "20260318 19:45:00 UTC",
        "20260318  20:45:00 Europe/Berlin",
    ],
)
def test_every_spelling_of_a_time_is_understood(text: str) -> None:
    assert times.parse(text) == datetime(2026, 3, 18, 19, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "soon", "20260318", "20261318-10:00:00", "20260318 10:00:00 Nowhere/Land"]
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert times.parse(text) is None


def test_times_are_written_with_the_exchange_zone() -> None:
    moment = datetime(2026, 3, 18, 19, 45, tzinfo=UTC)
    assert times.render(moment) == "20260318 15:45:00 US/Eastern"
    assert times.parse(times.render(moment)) == moment
