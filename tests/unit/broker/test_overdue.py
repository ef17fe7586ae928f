from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from autoscalper.broker import overdue
from autoscalper.broker.overdue import PATIENCE
from autoscalper.domain.identity import IbOrderId
from autoscalper.domain.order import Purpose
from tests.unit.broker.model_gateway import ModelGateway
from tests.unit.broker.story import Story, entry

SECONDS = PATIENCE.total_seconds()


class Deaf(ModelGateway):
    """From some moment on it knows nothing of the orders that it shows."""

    deaf = False

    def _cancel(self, ib_order_id: IbOrderId) -> None:
        if self.deaf:
            self._refuse(ib_order_id, 10147, "OrderId that needs to be cancelled is not found")
        else:
            super()._cancel(ib_order_id)


def deaf_story(filled: int = 2) -> tuple[Story, Deaf]:
    gateway = Deaf()
    story = Story(gateway=gateway)
    story.connect()
    story.post(entry())
    story.fill(Purpose.ENTRY, qty=filled)
    story.wait(2)
    gateway.deaf = True
    return story, gateway


def test_an_exit_that_cannot_leave_is_told_once() -> None:
    story, _ = deaf_story()
    story.exit()
    story.wait(SECONDS - 2)
    assert story.reports() == []
    story.wait(60)
    (said,) = story.reports()
    assert said.startswith("2 of IWM") and "should be sold and are not" in said


def test_a_position_that_gets_no_stop_is_told_once() -> None:
    story, gateway = deaf_story(filled=1)
    gateway.end(story.at_gateway(Purpose.STOP_LOSS))
    story.settle()
    story.wait(60)
    naked = [said for said in story.reports() if "have no stop" in said]
    assert len(naked) == 1


def test_what_is_put_right_in_time_is_not_told() -> None:
    story, gateway = deaf_story()
    story.exit()
    story.wait(SECONDS / 2)
    gateway.deaf = False
    story.wait(3)
    assert story.reports() == []
    gateway.deaf = True
    story.wait(SECONDS / 2)
    assert story.reports() == []


def test_without_the_gateway_the_outage_is_told_and_not_this() -> None:
    story, _ = deaf_story()
    story.exit()
    story.lose()
    story.wait(60)
    assert story.reports() == []


def test_a_fault_ends_with_its_trade() -> None:
    story, _ = deaf_story()
    story.exit()
    story.wait(2)
    assert story.book.lookout.overdue_since

    story.book.put_trade(replace(story.trade, closed_at=story.now))
    overdue.tell(story.book, story.now)
    assert not story.book.lookout.overdue_since


def test_a_clock_that_is_set_back_holds_nothing_up() -> None:
    story, _ = deaf_story()
    story.exit()
    story.wait(2)
    story.now -= timedelta(hours=1)
    story.wait(SECONDS + 2)
    (said,) = story.reports()
    assert "should be sold and are not" in said
