from pathlib import Path

import pytest

from tests.stack.conftest import SETTINGS
from tests.stack.engine import ROOT, Stack, wait_until

pytestmark = pytest.mark.timeout(300)


def test_a_gateway_that_does_not_log_in_does_not_keep_the_bot_from_running(
    engine: None, tmp_path: Path
) -> None:
    overrides = [ROOT / "tests" / "stack" / name for name in ("compose.yaml", "mute.yaml")]
    stack = Stack(tmp_path, "autoscalper-mute", *overrides, **SETTINGS)
    stack.compose("build", "--quiet", "autoscalper", seconds=600)
    try:
        stack.compose("up", "--detach")
        assert stack.health("ib-gateway") == "unhealthy"
        wait_until(lambda: stack.health() == "healthy", "the bot to be well all the same")
        assert "degraded: broker is " in stack.inside("health")
        found = stack.inside("autoscalper", "check", check=False)
        assert "does not answer as a gateway does" in found
    finally:
        stack.down()
