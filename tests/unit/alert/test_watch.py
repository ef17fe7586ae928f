from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from autoscalper.alert import confirmations, outbox, shelf, stories, watch
from autoscalper.alert.confirmations import CloseAll, Confirmations
from autoscalper.alert.news import News
from autoscalper.alert.outbox import Outbox
from autoscalper.alert.replies import EditText, Reply
from autoscalper.alert.shelf import Shelf
from autoscalper.alert.stories import Stories
from autoscalper.alert.view import View
from autoscalper.alert.watch import Watch
from autoscalper.domain.order import Purpose
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.domain.settings import AlertSettings
from autoscalper.links import any_to_alert
from autoscalper.links.alert_to_broker import Scope
from autoscalper.links.any_to_alert import GatewayChanged
from autoscalper.runtime.store import Store
from tests.fakes.posts import FixedClock
from tests.fakes.telegram_server.markup import plain_text
from tests.unit.alert import examples
from tests.unit.alert.examples import after


class Tower:
    """A watch that looks when the test says so, at a time and a view that the test makes."""

    def __init__(self, store: Store, **notices: str) -> None:
        self.store = store
        self.clock = FixedClock()
        self.shelf, self.stories = Shelf(store), Stories(store)
        self.outbox = Outbox(store)
        self.confirmations = Confirmations(store)
        self.given: list[Reply] = []
        self.exposed = False
        self.beating = True
        self.unheard = ""
        settings = AlertSettings(telegram_notices=notices)
        self.watch = Watch(
            store,
            settings=settings,
            shelf=self.shelf,
            stories=self.stories,
            outbox=self.outbox,
            news=News(self.outbox, settings),
            confirmations=self.confirmations,
            see=self.view,
            give=self.given.extend,
            unheard=lambda: self.unheard,
            clock=self.clock,
        )

    def view(self) -> View:
        trades = (examples.open_trade(),) if self.exposed else ()
        seen = examples.view(told=examples.status(trades=trades))
        monotonic = seen.monotonic if self.beating else seen.monotonic + 60
        return msgspec.structs.replace(seen, now=self.clock.now(), monotonic=monotonic)

    def hear(self, *notices: any_to_alert.Message) -> None:
        with self.store.transaction():
            for notice in notices:
                self.shelf.take(notice)
                self.stories.take(notice)

    def gateway(self, state: str, seconds: float) -> None:
        changed_at = after(seconds)
        self.hear(GatewayChanged(state=state, reason="refused", changed_at=changed_at))

    def look(self, seconds: float) -> list[str]:
        """Look so many seconds after a quarter to ten; return what became due."""
        self.clock.present = after(seconds)
        self.watch.look_once()
        said = []
        while (due := self.outbox.next()) is not None:
            said.append(plain_text(due.card.html))
            with self.store.transaction():
                self.outbox.shown(due, 7)
        return said


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    schemas = (shelf, stories, outbox, confirmations, watch)
    schema = "".join(module.SCHEMA for module in schemas)
    store = Store(tmp_path / "alert.db", durable=False, schema=schema)
    yield store
    store.close()


@pytest.fixture
def tower(store: Store) -> Tower:
    return Tower(store)


def test_a_gateway_that_stays_away_is_told_and_its_return_too(tower: Tower) -> None:
    tower.gateway("down", 0)
    assert tower.look(299) == []
    (warning,) = tower.look(300)
    assert "WARNING: IB Gateway away for 5 min" in warning
    assert tower.look(301) == []
    tower.gateway("reconciling", 400)
    tower.gateway("trading", 401)
    (recovered,) = tower.look(402)
    assert "RECOVERED: IB Gateway is back after 6 min" in recovered


def test_while_it_is_only_reconciling_it_is_not_back(tower: Tower) -> None:
    tower.gateway("down", 0)
    tower.look(300)
    tower.gateway("reconciling", 301)
    assert tower.look(302) == []


def test_with_a_position_open_the_first_word_comes_early(tower: Tower) -> None:
    tower.exposed = True
    tower.gateway("down", 0)
    tower.look(1)
    (warning,) = tower.look(60)
    assert "stop 0.94 rests at IBKR" in warning


def test_a_gateway_with_the_wrong_account_is_told_at_once(tower: Tower) -> None:
    tower.gateway("halted", 0)
    (alarm,) = tower.look(1)
    assert "CRITICAL" in alarm


def test_an_outage_that_was_told_is_not_told_again_after_a_restart(
    tower: Tower, store: Store
) -> None:
    tower.gateway("down", 0)
    tower.look(300)
    successor = Tower(store)
    assert successor.look(310) == []
    assert len(successor.look(1020)) == 1


def test_the_return_tells_what_filled_and_what_was_skipped_meanwhile_and_no_more(
    tower: Tower,
) -> None:
    tower.hear(examples.fill(1, 2, "1.23", seconds=-60))
    tower.gateway("down", 0)
    tower.look(300)
    tower.hear(
        examples.fill(2, 2, "0.93", seconds=200, purpose=Purpose.STOP_LOSS),
        examples.skipped(OutcomeKind.EXPIRED, "90 s old", decided_at=after(250)),
    )
    tower.gateway("trading", 400)
    (text,) = tower.look(401)
    assert "sold 2 MU 127.5C Mar 20 at 0.93 (stop loss)" in text
    assert "NEW MU 127.5C 2026-03-20 @ 1.20: expired" in text
    assert "bought" not in text


def test_processes_that_are_silent_for_long_are_told(tower: Tower) -> None:
    tower.look(0)
    tower.beating = False
    tower.look(1)
    alarms = tower.look(400)
    assert {alarm.split(" away")[0].rpartition(" ")[2] for alarm in alarms} == {
        "ingest",
        "parser",
        "broker",
    }


def test_a_second_program_with_our_token_is_told_when_it_stays(tower: Tower) -> None:
    tower.unheard = "another program uses this bot's token"
    tower.look(0)
    assert tower.look(299) == []
    (warning,) = tower.look(300)
    assert "WARNING: Telegram's commands away for 5 min" in warning
    assert "Stop the other program" in warning


def test_whoever_wants_no_word_of_outages_gets_none(store: Store) -> None:
    tower = Tower(store, outage="off")
    tower.gateway("down", 0)
    assert tower.look(300) == []


def test_a_question_that_nobody_answered_loses_its_buttons_once(tower: Tower) -> None:
    with tower.store.transaction():
        nonce = tower.confirmations.offer(CloseAll(scope=Scope.OURS), after(0))
        tower.confirmations.bind(nonce, 55, after(0))
    tower.look(30)
    assert tower.given == []
    tower.look(31)
    tower.look(32)
    (edit,) = tower.given
    assert isinstance(edit, EditText)
    assert (edit.message_id, "nothing was done" in edit.html) == (55, True)


#: Twenty past four in New York, in seconds after a quarter to ten.
SUMMARY = 6 * 3600 + 35 * 60


def test_after_the_close_the_day_is_summed_up_once_with_a_picture(tower: Tower) -> None:
    tower.hear(*examples.whole_life())
    assert tower.look(SUMMARY - 1) == []
    tower.clock.present = after(SUMMARY)
    tower.watch.look_once()
    due = tower.outbox.next()
    assert due is not None
    assert due.card.picture == "summary 2026-03-18"
    assert "Wednesday, March 18" in due.card.html
    assert len(tower.look(SUMMARY + 1)) == 1
    assert tower.look(SUMMARY + 2) == []


def test_a_day_on_which_nothing_happened_is_not_summed_up(tower: Tower) -> None:
    assert tower.look(SUMMARY) == []


def test_a_weekend_is_not_summed_up(tower: Tower) -> None:
    saturday = datetime(2026, 3, 21, 14, tzinfo=UTC)
    tower.hear(examples.skipped(OutcomeKind.DENIED, "no", posted_at=saturday))
    assert tower.look(SUMMARY + timedelta(days=3).total_seconds()) == []


def test_whoever_wants_no_summary_gets_none(store: Store) -> None:
    tower = Tower(store, summary="off")
    tower.hear(*examples.whole_life())
    assert tower.look(SUMMARY) == []
