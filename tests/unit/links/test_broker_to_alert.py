from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from autoscalper.links import broker_to_alert
from autoscalper.runtime.errors import StorageFailed
from tests.links.examples import BROKER_TO_ALERT

STATUS: broker_to_alert.Status = BROKER_TO_ALERT["Status"]


def test_what_the_broker_left_is_what_is_read(tmp_path: Path) -> None:
    broker_to_alert.leave(tmp_path, STATUS)
    assert broker_to_alert.read(tmp_path) == STATUS


def test_only_the_newest_counts(tmp_path: Path) -> None:
    broker_to_alert.leave(tmp_path, STATUS)
    broker_to_alert.leave(tmp_path, msgspec.structs.replace(STATUS, phase="down"))
    found = broker_to_alert.read(tmp_path)
    assert found is not None
    assert found.phase == "down"
    assert [path.name for path in tmp_path.iterdir()] == [broker_to_alert.FILE_NAME]


def test_nothing_there_and_nothing_readable_are_none(tmp_path: Path) -> None:
    assert broker_to_alert.read(tmp_path) is None
    (tmp_path / broker_to_alert.FILE_NAME).write_bytes(b'{"phase":')
    assert broker_to_alert.read(tmp_path) is None


def test_a_disk_that_refuses_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match="mend the disk"):
        broker_to_alert.leave(tmp_path / "missing", STATUS)
