import json

import pytest

from autoscalper.alert import shelf
from autoscalper.alert.shelf import Shelf
from autoscalper.cli.__main__ import main
from autoscalper.domain.identity import PostId
from autoscalper.runtime.store import Store
from tests.fakes.home import Home
from tests.fakes.posts import an_outcome


@pytest.fixture(autouse=True)
def two_outcomes(home: Home) -> None:
    store = Store(home.data_dir / "alert.db", durable=False, schema=shelf.SCHEMA)
    with store.transaction():
        for version in (1, 2):
            Shelf(store).take(an_outcome(post_id=PostId(f"101.{version}")))
    store.close()


def test_an_alert_is_told_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "2"]) == 0
    told = capsys.readouterr().out
    assert "alert      2, post 101.2" in told
    assert "outcome    ignored: a greeting" in told


def test_a_message_is_told_with_all_its_versions(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "101", "--json"]) == 0
    versions = [json.loads(line)["post_id"] for line in capsys.readouterr().out.splitlines()]
    assert versions == ["101.1", "101.2"]


def test_an_alert_that_is_not_there_is_a_no(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "77"]) == 1
    assert "no alert 77" in capsys.readouterr().err
