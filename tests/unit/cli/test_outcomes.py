import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from autoscalper.alert import shelf
from autoscalper.alert.shelf import Shelf
from autoscalper.cli.outcomes import Outcomes
from autoscalper.domain.identity import PostId
from autoscalper.links import any_to_alert
from autoscalper.runtime.store import Store
from tests.fakes.posts import an_outcome

FIRST, SECOND = (an_outcome(post_id=PostId(f"101.{version}")) for version in (1, 2))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a folder" / "alert.db"


@pytest.fixture
def outcomes(path: Path) -> Iterator[Outcomes]:
    outcomes = Outcomes(path)
    yield outcomes
    outcomes.close()


def keep(path: Path, *notices: any_to_alert.Message) -> None:
    path.parent.mkdir(exist_ok=True)
    store = Store(path, durable=False, schema=shelf.SCHEMA)
    with store.transaction():
        for notice in notices:
            Shelf(store).take(notice)
    store.close()


def test_a_file_that_is_not_there_yet_has_no_outcomes(outcomes: Outcomes) -> None:
    assert outcomes.all() == []
    assert outcomes.of_post(PostId("101.1")) is None


def test_a_file_without_its_tables_has_no_outcomes(path: Path, outcomes: Outcomes) -> None:
    path.parent.mkdir()
    sqlite3.connect(path).close()
    assert outcomes.all() == []


def test_an_outcome_is_found_as_soon_as_alert_has_kept_it(path: Path, outcomes: Outcomes) -> None:
    keep(path)
    assert outcomes.of_post(PostId("101.1")) is None
    keep(path, FIRST)
    assert outcomes.of_post(PostId("101.1")) == FIRST


def test_an_outcome_that_does_not_come_is_not_waited_for_without_end(
    path: Path, outcomes: Outcomes
) -> None:
    keep(path, FIRST)
    assert outcomes.wait_for(PostId("101.1"), patience_seconds=0) == FIRST
    assert outcomes.wait_for(PostId("101.2"), patience_seconds=0.03) is None


@pytest.mark.parametrize(
    ("name", "found"), [("1", [FIRST]), ("101.2", [SECOND]), ("101", [FIRST, SECOND]), ("7", [])]
)
def test_an_alert_is_named_by_its_number_its_post_or_its_message(
    path: Path, outcomes: Outcomes, name: str, found: list[any_to_alert.OutcomeDecided]
) -> None:
    keep(path, FIRST, SECOND)
    assert [each.decided for each in outcomes.named(name)] == found


def test_all_outcomes_come_in_the_order_in_which_they_were_heard(
    path: Path, outcomes: Outcomes
) -> None:
    keep(path, SECOND, FIRST)
    assert [(each.number, each.decided) for each in outcomes.all()] == [(1, SECOND), (2, FIRST)]


def test_reading_leaves_the_file_as_it_is(path: Path, outcomes: Outcomes) -> None:
    keep(path, FIRST)
    outcomes.all()
    keep(path, SECOND)
    assert len(outcomes.all()) == 2
