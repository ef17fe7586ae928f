from pathlib import Path

import pytest

from autoscalper.cli.signals import signal_of
from autoscalper.domain.identity import PostId
from autoscalper.links import parser_to_broker
from autoscalper.runtime.log import Log
from autoscalper.runtime.store import Store
from tests.fakes.posts import FixedClock
from tests.links.examples import PARSER_TO_BROKER


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "parser.db"


def test_a_signal_is_found_by_its_post(path: Path) -> None:
    store = Store(path, durable=False, schema="")
    signals = Log(store, parser_to_broker.LINK, FixedClock())
    signal = PARSER_TO_BROKER["SignalIssued OpenTrade"]
    with store.transaction():
        signals.append("1201.2", signal)
    assert signal_of(path, PostId("1201.2")) == signal
    assert signal_of(path, PostId("1201.3")) is None
    store.close()


def test_where_there_is_nothing_there_is_no_signal(path: Path) -> None:
    assert signal_of(path, PostId("1.1")) is None
    path.touch()
    assert signal_of(path, PostId("1.1")) is None
