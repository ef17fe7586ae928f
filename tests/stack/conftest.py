import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.telegram_server.chat import TOKEN, USER
from tests.stack.engine import ROOT, Stack, is_wanted

#: What a user would set, with limits that are in no test's way.
SETTINGS = {
    "DRY_RUN": "false",
    "TRADING_MODE": "paper",
    "IB_USERNAME": "somebody",
    "IB_PASSWORD": "kept-from-the-bot",
    "DISCORD_CHANNEL_IDS": "1",
    "ANTHROPIC_API_KEY": "key-of-the-parser",
    "PARSER_MODE": "grammar",
    "TELEGRAM_ENABLED": "true",
    "TELEGRAM_API_URL": "http://127.0.0.1:8081/",
    "TELEGRAM_BOT_TOKEN": TOKEN,
    "TELEGRAM_CHAT_ID": str(USER),
    "MAX_OPEN_TRADES": "100",
    "RISK_PER_TRADE_PERCENT": "50",
    "DAILY_MAX_LOSS_PERCENT": "100",
}


@pytest.fixture(scope="session")
def engine() -> None:
    if not is_wanted():
        pytest.skip("needs a container engine: scripts/test-stack")


@pytest.fixture(scope="session")
def stack(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole stack, up and trading, with the simulator as the gateway."""
    override = ROOT / "tests" / "stack" / "compose.yaml"
    stack = Stack(tmp_path_factory.mktemp("stack"), "autoscalper-test", override, **SETTINGS)
    stack.down()
    stack.compose("build", "--quiet", "autoscalper", seconds=600)
    try:
        stack.compose("--profile", "telegram", "up", "--detach", "--wait")
        stack.await_trading()
        yield stack
    finally:
        # pytest shows it when a test failed.
        sys.stdout.write(stack.compose("logs", "--tail", "60", check=False))
        stack.down()


@pytest.fixture(scope="session")
def clone(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A fresh clone without an .env."""
    yield tmp_path_factory.mktemp("clone")
