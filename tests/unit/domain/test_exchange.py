from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from autoscalper.domain.exchange import EXCHANGE_ZONE


@pytest.mark.parametrize(
    ("moment", "hours"),
    [(datetime(2026, 1, 14, 15, tzinfo=UTC), -5), (datetime(2026, 7, 15, 15, tzinfo=UTC), -4)],
)
def test_the_exchange_follows_daylight_saving(moment: datetime, hours: int) -> None:
    assert moment.astimezone(EXCHANGE_ZONE).utcoffset() == timedelta(hours=hours)
