import pytest

from autoscalper.domain.marker import marker_of
from autoscalper.domain.settings import AlertSettings, TradingMode, WatchdogSettings


@pytest.mark.parametrize("process", [AlertSettings, WatchdogSettings])
def test_only_real_money_goes_unmarked(process: type[AlertSettings | WatchdogSettings]) -> None:
    assert marker_of(process()) == "DRY RUN"
    assert marker_of(process(trading_mode=TradingMode.LIVE)) == "DRY RUN"
    assert marker_of(process(dry_run=False)) == "PAPER"
    assert marker_of(process(dry_run=False, trading_mode=TradingMode.LIVE)) == ""
