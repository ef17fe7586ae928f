from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack.conftest import SETTINGS
from tests.stack.engine import ROOT, Stack, wait_until
from tests.stack.test_stack import entries_of, entry, traded_once

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def small(engine: None, tmp_path: Path) -> Iterator[Stack]:
    """The stack with a disk for its data that is soon full."""
    overrides = [ROOT / "tests" / "stack" / name for name in ("compose.yaml", "disk.yaml")]
    stack = Stack(tmp_path, "autoscalper-disk", *overrides, **SETTINGS)
    stack.down()
    stack.compose("build", "--quiet", "autoscalper", seconds=600)
    try:
        stack.compose("--profile", "telegram", "up", "--detach", "--wait")
        stack.await_trading()
        yield stack
    finally:
        stack.down()


def test_a_disk_that_fills_is_told_before_it_is_full_and_when_there_is_room_again(
    small: Stack,
) -> None:
    # Of its 64 MB.
    small.inside("sh", "-c", "head -c 60M /dev/zero >/app/data/filler")
    wait_until(lambda: "disk is scarce for data" in small.inside("health"), "it to be seen")
    assert small.inside("health").startswith("healthy, degraded: ")
    wait_until(lambda: told(small, "The disk for data fills up"), "it to be told")
    small.post(entry(601))
    traded_once(small, 601)
    small.inside("rm", "/app/data/filler")
    wait_until(lambda: small.inside("health").strip() == "healthy", "it to be over")
    wait_until(lambda: told(small, "The disk for data has room again"), "that to be told")


def told(stack: Stack, text: str) -> bool:
    return text in stack.compose("--profile", "telegram", "logs", "--no-log-prefix", "telegram")


def test_a_full_disk_orders_nothing_twice_and_ends_when_there_is_room_again(small: Stack) -> None:
    small.post(entry(601))
    small.inside("sh", "-c", "head -c 100m /dev/zero >/app/data/filler || true")
    small.inside("autoscalper", "post", "--timeout", "8", entry(602), check=False)
    assert entries_of(small, 602) in ([], ["Filled"])
    traded_once(small, 601)
    small.inside("rm", "/app/data/filler")
    wait_until(lambda: small.health() == "healthy", "all to be revived", 200)
    small.await_trading()
    small.post(entry(603))
    traded_once(small, 603)
    traded_once(small, 601)
    assert len(entries_of(small, 602)) <= 1
