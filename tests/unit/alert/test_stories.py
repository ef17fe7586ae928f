from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from autoscalper.alert import stories
from autoscalper.alert.stories import Stories, Story, fold
from autoscalper.domain.identity import TradeId
from autoscalper.links import any_to_alert
from autoscalper.links.any_to_alert import GatewayChanged
from autoscalper.runtime.store import Store
from tests.fakes.posts import NINE_FORTY_FIVE, an_outcome
from tests.unit.alert import examples


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Stories]:
    store = Store(tmp_path / "alert.db", durable=False, schema=stories.SCHEMA)
    yield Stories(store)
    store.close()


def whole() -> Story:
    story = Story(trade_id=examples.TRADE)
    for notice in examples.whole_life():
        story = fold(story, notice)
    return story


def test_a_story_has_everything_that_was_told_of_the_trade() -> None:
    story = whole()
    assert [fill.last_price for fill in story.fills] == [
        Decimal(price) for price in ("1.22", "1.24", "1.52", "1.55")
    ]
    assert len(story.outcomes) == 2
    assert story.closed == examples.closed()


def test_fills_that_come_late_stand_in_the_order_of_their_time() -> None:
    story = Story(trade_id=examples.TRADE)
    for seconds in (9, 3, 6):
        story = fold(story, examples.fill(seconds, 1, "1.20", seconds=seconds))
    assert [fill.exec_id for fill in story.fills] == ["x3.01", "x6.01", "x9.01"]


def test_the_cost_against_the_post_counts_every_contract_that_was_bought() -> None:
    assert whole().cost_against_post == Decimal("6.00")


def test_without_a_posted_price_or_a_fill_there_is_no_such_cost() -> None:
    unposted = fold(whole(), examples.changed(posted_price=None))
    unfilled = fold(Story(trade_id=examples.TRADE), examples.ordered())
    assert (unposted.cost_against_post, unfilled.cost_against_post) == (None, None)


def test_a_trade_is_open_from_its_order_until_it_is_flat() -> None:
    story = Story(trade_id=examples.TRADE)
    assert not story.is_open
    story = fold(story, examples.ordered())
    assert story.is_open
    assert not fold(story, examples.closed()).is_open
    assert not fold(story, examples.changed(hold_qty=0, held_qty=0)).is_open
    assert fold(story, examples.changed(hold_qty=0)).is_open


def test_notices_of_one_trade_make_one_story_on_disk(kept: Stories) -> None:
    for notice in examples.whole_life():
        kept.take(notice)
    assert kept.of_trade(examples.TRADE) == whole()


@pytest.mark.parametrize(
    "notice",
    [an_outcome(), GatewayChanged(state="down", reason="", changed_at=NINE_FORTY_FIVE)],
    ids=["alert without a trade", "gateway"],
)
def test_what_is_about_no_trade_is_in_no_story(kept: Stories, notice: any_to_alert.Message) -> None:
    assert kept.take(notice) is None


def test_todays_trades_are_those_opened_today_and_those_still_open(kept: Stories) -> None:
    yesterday = NINE_FORTY_FIVE - timedelta(days=1)
    names = {"done": 0, "open": 2, "today": 0}
    for name, held in names.items():
        opened_at = NINE_FORTY_FIVE if name == "today" else yesterday
        kept.take(
            examples.changed(
                trade_id=TradeId(name), opened_at=opened_at, held_qty=held, hold_qty=held
            )
        )
    today = kept.since(NINE_FORTY_FIVE - timedelta(hours=1))
    assert [story.trade_id for story in today] == ["open", "today"]


def test_what_ended_is_found_by_the_time_of_its_end(kept: Stories) -> None:
    kept.take(examples.ordered())
    kept.take(examples.closed("61", seconds=1500))
    assert kept.closed_since(examples.after(1500)) == [examples.closed("61", seconds=1500)]
    assert kept.closed_since(examples.after(1501)) == []


def test_what_is_on_paper_is_a_ledger_of_its_own(kept: Stories) -> None:
    on_paper = TradeId("paper")
    for notice in (examples.changed(), examples.closed("61")):
        kept.take(notice)
        kept.take(replace(notice, trade_id=on_paper, is_paper=True))
    began = examples.after(-86400)
    assert [each.trade_id for each in kept.since(began)] == [examples.TRADE]
    assert [each.trade_id for each in kept.since(began, is_paper=True)] == [on_paper]
    assert [each.is_paper for each in kept.closed_since(began)] == [False]
    assert [each.is_paper for each in kept.closed_since(began, is_paper=True)] == [True]
