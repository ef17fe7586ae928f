from pathlib import Path

from autoscalper.alert import host


def test_the_machine_has_memory_disk_and_load(tmp_path: Path) -> None:
    seen = host.look(tmp_path)
    assert 0 < seen.memory_available <= seen.memory_total
    assert 0 < seen.disk_free <= seen.disk_total
    assert seen.load >= 0
