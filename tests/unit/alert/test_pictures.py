from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from autoscalper.alert import charts, stories
from autoscalper.alert.pictures import Pictures, is_picture, panel_of
from autoscalper.alert.stories import Stories
from autoscalper.domain.identity import TradeId
from autoscalper.runtime.store import Store
from tests.fakes.posts import NINE_FORTY_FIVE, FixedClock
from tests.unit.alert import examples


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Stories]:
    store = Store(tmp_path / "alert.db", durable=False, schema=stories.SCHEMA)
    kept = Stories(store)
    for notice in examples.whole_life():
        kept.take(notice)
    yield kept
    store.close()


def prepared(kept: Stories, name: str, *, days_later: int = 0) -> partial[bytes]:
    clock = FixedClock(NINE_FORTY_FIVE + timedelta(days=days_later))
    drawing: Any = Pictures(kept, clock).prepare(name)
    assert isinstance(drawing, partial)
    return drawing


@pytest.mark.parametrize("name", ["pnl 1", "pnl 366", "trade mutrade234", "summary 2026-03-18"])
def test_there_are_pictures_of_these_names(name: str) -> None:
    assert is_picture(name)


@pytest.mark.parametrize("name", ["pnl", "pnl 0", "pnl x", "pnl 9999", "trade ../x", "", "x 1"])
def test_and_of_no_others(name: str) -> None:
    assert not is_picture(name)


def test_profit_and_loss_shows_the_days_that_were_asked_for(kept: Stories) -> None:
    seen = prepared(kept, "pnl 7", days_later=6)
    assert seen.func is charts.draw_days
    assert [day.day for day, _ in seen.args[0]] == [18]
    assert prepared(kept, "pnl 7", days_later=7).args[0] == []


def test_a_trade_shows_its_fills_and_what_was_posted(kept: Stories) -> None:
    seen = prepared(kept, f"trade {examples.TRADE}")
    panel = seen.args[0]
    assert panel.title == "MU 127.5C Mar 20  +$61.00"
    assert [mark.is_buy for mark in panel.marks] == [True, True, False, False]
    assert panel == panel_of(kept.of_trade(examples.TRADE))


def test_a_trade_that_nobody_knows_is_an_empty_picture(kept: Stories) -> None:
    assert prepared(kept, "trade unknown").args[0].marks == ()
    assert panel_of(kept.of_trade(TradeId("unknown"))).title == "No such trade"


def test_a_summary_ends_with_its_own_day(kept: Stories) -> None:
    seen = prepared(kept, "summary 2026-03-18", days_later=30)
    days, title, panels = seen.args
    assert (len(days), title, len(panels)) == (1, "To Mar 18, $ a day", 1)
    assert prepared(kept, "summary 2026-03-17").args[0] == []


def test_what_is_prepared_is_drawn_without_the_store(kept: Stories) -> None:
    assert prepared(kept, "summary 2026-03-18")().startswith(b"\x89PNG")
