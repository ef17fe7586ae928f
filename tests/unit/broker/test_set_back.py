"""A clock that is set back by an hour, in the middle of everything."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from autoscalper.broker import set_back
from autoscalper.broker.records import Quote
from autoscalper.domain.identity import IbOrderId
from autoscalper.domain.instruction import CloseTrade
from autoscalper.domain.order import Purpose
from tests.unit.broker.story import CALL, Story, entry, opened
from tests.unit.broker.test_questions import IWM, closing, two_trades

HOUR = timedelta(hours=1)


def ahead(story: Story) -> list[datetime]:
    """Return the noted moments that have not come yet."""
    noted = [
        at
        for order in story.book.orders.values()
        for at in (order.created_at, order.doubted_at, order.asked_at)
    ]
    noted += [trade.filled_at for trade in story.book.trades.values()]
    return [at for at in noted if at is not None and at > story.now]


def test_an_exit_in_doubt_is_not_held_up() -> None:
    story = opened()
    story.post_and_lose(CloseTrade())
    story.gateway.next_order_id = IbOrderId(story.gateway.next_order_id + 5)
    story.connect()
    story.now -= HOUR
    story.wait(10)
    assert any(order.startswith("X") for order in story.live())


def test_a_stop_that_is_lost_is_placed_anew() -> None:
    story = opened()
    story.wait(5)
    story.now -= HOUR
    for purpose in (Purpose.TAKE_PROFIT, Purpose.STOP_LOSS):
        story.gateway.end(story.at_gateway(purpose))
    story.settle()
    story.wait(10)
    assert story.gateway.stops(story.con_id) == 2


def test_an_entry_that_does_not_fill_is_called_off_in_its_time() -> None:
    story = Story()
    story.connect()
    story.post(entry())
    story.now -= HOUR
    story.wait(60)
    assert story.live() == {}


def test_a_change_that_got_lost_is_asked_for_again() -> None:
    story = opened()
    story.flows = False
    story.move_stop("0.36")
    story.gateway.inbox.clear()
    story.flows = True
    story.now -= HOUR
    story.wait(10)
    stop = story.at_gateway(Purpose.STOP_LOSS)
    assert str(stop.terms.stop_price) == "0.36"


def test_a_question_about_an_exit_runs_out_in_its_time() -> None:
    story = two_trades()
    story.post(CloseTrade(contract=IWM))
    story.now -= HOUR
    story.wait(30)
    assert len(closing(story)) == 2


def test_an_entry_that_waits_gets_no_younger() -> None:
    story = Story()
    post_id = story.post(entry())
    story.now -= HOUR
    story.wait(120)
    assert story.outcomes[post_id].kind.value == "expired"


def test_quotes_are_never_of_later() -> None:
    story = opened()
    story.wait(1)
    story.book.quotes[CALL] = Quote(bid=None, ask=None, at=story.now + HOUR)
    story.now -= HOUR
    story.wait(1)
    assert story.book.quotes[CALL].at <= story.now


def test_after_a_start_too_nothing_is_of_later() -> None:
    story = opened()
    story.now -= HOUR
    assert ahead(story)
    story.book.lookout.looked_at = None
    set_back.notice(story.book, story.now)
    assert ahead(story) == []


def test_a_clock_that_goes_on_changes_nothing() -> None:
    story = opened()
    story.wait(1)
    order = story.order(Purpose.STOP_LOSS)
    story.book.put_order(replace(order, asked_at=story.now + HOUR))
    set_back.notice(story.book, story.now)
    assert story.order(Purpose.STOP_LOSS).asked_at == story.now + HOUR
