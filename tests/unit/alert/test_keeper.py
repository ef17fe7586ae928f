from collections.abc import Iterator
from pathlib import Path

import pytest

from autoscalper.alert import shelf, stories
from autoscalper.alert.keeper import Keeper
from autoscalper.alert.shelf import Shelf
from autoscalper.alert.stories import Stories, Story
from autoscalper.links import any_to_alert
from autoscalper.runtime.store import Store
from tests.fakes.posts import an_outcome
from tests.unit.alert import examples


class Ear:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, bool, int]] = []

    def tell(self, notice: any_to_alert.Message, story: Story | None, number: int) -> None:
        self.told.append((type(notice).__name__, story is not None, number))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    schema = shelf.SCHEMA + stories.SCHEMA
    store = Store(tmp_path / "alert.db", durable=False, schema=schema)
    yield store
    store.close()


def test_what_is_new_is_told_with_its_trade_and_its_number(store: Store) -> None:
    keeper, ear = Keeper(store, Shelf(store), Stories(store)), Ear()
    keeper.news = ear
    for notice in (examples.ordered(), an_outcome(post_id="9.1"), examples.traded()):
        keeper.keep(notice)
    assert ear.told == [
        ("TradeChanged", True, 0),
        ("OutcomeDecided", False, 1),
        ("OutcomeDecided", True, 2),
    ]


def test_what_comes_again_is_not_told_again_and_changes_no_story(store: Store) -> None:
    kept = Stories(store)
    keeper, ear = Keeper(store, Shelf(store), kept), Ear()
    keeper.news = ear
    for _ in range(2):
        for notice in examples.whole_life():
            keeper.keep(notice)
    assert len(ear.told) == len(examples.whole_life())
    story = kept.of_trade(examples.TRADE)
    assert story is not None and len(story.fills) == 4


def test_without_a_chat_everything_is_kept_all_the_same(store: Store) -> None:
    kept = Stories(store)
    Keeper(store, Shelf(store), kept).keep(examples.ordered())
    assert kept.of_trade(examples.TRADE) is not None
