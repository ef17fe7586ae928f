from decimal import Decimal
from pathlib import Path

import pytest

from autoscalper.domain.instruction import TrailBy
from autoscalper.links import broker_to_alert
from autoscalper.runtime.errors import StorageFailed
from tests.unit.alert import examples


def test_what_was_left_is_what_is_read(tmp_path: Path) -> None:
    for status in (
        examples.status(missed=(examples.missed(),)),
        examples.status(paused=True),
        examples.status(trades=(examples.open_trade(trail=TrailBy(percent=Decimal(20))),)),
    ):
        broker_to_alert.leave(tmp_path, status)
        assert broker_to_alert.read(tmp_path) == status


def test_nothing_or_nonsense_is_none(tmp_path: Path) -> None:
    assert broker_to_alert.read(tmp_path) is None
    (tmp_path / "broker.status").write_bytes(b'{"phase": "tra')
    assert broker_to_alert.read(tmp_path) is None


def test_a_disk_that_refuses_is_a_storage_failure(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match="free space or mend the disk"):
        broker_to_alert.leave(tmp_path / "gone", examples.status())


def test_each_broker_has_a_status_of_its_own(tmp_path: Path) -> None:
    broker_to_alert.leave(tmp_path, examples.status(), broker_to_alert.PAPER)
    assert broker_to_alert.read(tmp_path) is None
    assert broker_to_alert.read(tmp_path, broker_to_alert.PAPER) == examples.status()
