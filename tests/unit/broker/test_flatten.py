from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import ib_async
from msgspec.structs import replace

from autoscalper.broker import flatten, ib_mapping
from autoscalper.broker.commands import FindContract
from autoscalper.broker.events import ContractFound
from autoscalper.domain.contract import OptionContract
from autoscalper.domain.instruction import AddToTrade, CloseTrade
from autoscalper.domain.order import Purpose
from autoscalper.domain.outcome import OutcomeKind
from tests.unit.broker.story import CALL, PUT, SETTINGS, Story, entry, named, opened

#: A quarter to four in New York on the call's last day.
FLATTEN = datetime(2026, 11, 20, 20, 45, tzinfo=UTC)


def closes(story: Story, contract: OptionContract, closes_at: datetime | None) -> None:
    details = replace(story.book.contracts[contract], closes_at=closes_at)
    story.hear(ContractFound(contract=contract, details=details))
    story.settle()


def test_what_expires_today_is_closed_and_told() -> None:
    story = opened()
    story.now = FLATTEN - timedelta(seconds=1)
    story.wait(0.5)
    assert "X0" not in story.live()
    story.wait(3)
    story.fill(Purpose.EXIT)
    story.wait(1.5)
    assert (story.held, story.live()) == (0, {})
    assert story.reports() == [f"{CALL} expires today: closing 2 at 15:45"]


def test_what_expires_later_stays() -> None:
    story = Story()
    story.connect()
    story.post(entry(PUT))
    story.fill(Purpose.ENTRY)
    story.now = FLATTEN
    story.wait(10)
    assert story.held == 2
    assert story.reports() == []


def test_on_a_half_day_the_contracts_own_hours_count() -> None:
    story = opened()
    closes(story, CALL, FLATTEN - timedelta(hours=2, minutes=45))
    assert flatten.time_of(story.book, CALL, story.book.settings) == FLATTEN - timedelta(hours=3)
    story.now = FLATTEN - timedelta(hours=3)
    story.wait(3)
    assert story.order(Purpose.EXIT).terms.order_qty == 2


def test_what_could_not_be_closed_for_an_outage_is_closed_when_the_gateway_is_back() -> None:
    story = opened()
    story.lose()
    story.now = FLATTEN
    story.wait(60, step=5)
    story.connect()
    story.wait(2)
    assert story.live() == {"X0": 2}


def test_in_the_last_minutes_before_nothing_is_opened_and_nothing_added() -> None:
    story = opened()
    story.now = FLATTEN - timedelta(minutes=5)
    story.quote("0.42", "0.43")
    add = story.post(AddToTrade(price=Decimal("0.42")))
    assert story.outcomes[add].detail.endswith(
        "hours: closed at 15:45 on its last day, no entries after 15:40"
    )


def test_an_entry_that_expires_another_day_is_taken_in_the_last_minutes() -> None:
    story = Story()
    story.connect()
    story.now = FLATTEN
    post_id = story.post(entry(PUT))
    story.fill(Purpose.ENTRY)
    story.wait(1.5)
    assert story.outcomes[post_id].kind is OutcomeKind.TRADED


def test_an_exit_is_never_too_late() -> None:
    story = opened()
    story.now = FLATTEN - timedelta(minutes=1)
    post_id = story.post(CloseTrade(contract=named(CALL)))
    assert story.outcomes[post_id].kind is OutcomeKind.TRADED


def test_hours_that_ibkr_did_not_tell_yet_are_asked_for_on_the_next_connection() -> None:
    story = opened()
    closes(story, CALL, None)
    story.lose()
    story.commands.clear()
    story.connect()
    assert FindContract(contract=CALL) in story.commands
    closes(story, CALL, FLATTEN + timedelta(minutes=15))
    story.lose()
    story.commands.clear()
    story.connect()
    assert FindContract(contract=CALL) not in story.commands


def test_from_the_entry_on_a_sale_rests_at_the_broker_for_a_minute_later() -> None:
    story = opened()
    assert story.last_sales() == {"F0": 2}
    resting = story.order(Purpose.FLATTEN)
    assert resting.active_at == FLATTEN + timedelta(minutes=1)
    assert resting.parent == story.order(Purpose.ENTRY).client_order_id
    sent = ib_mapping.order_of(resting, resting.terms, "DU1234567", transmit=True)
    (condition,) = sent.conditions
    assert isinstance(condition, ib_async.TimeCondition)
    assert (condition.isMore, condition.time) == (True, "20261120 15:46:00 US/Eastern")
    assert (sent.orderType, sent.tif, sent.ocaGroup) == ("MKT", "GTC", resting.oca_group)


def test_with_the_broker_off_the_resting_sale_ends_the_trade() -> None:
    story = opened()
    story.lose()
    story.now = FLATTEN + timedelta(minutes=1)
    story.gateway.now = story.now
    story.gateway.fill(story.at_gateway(Purpose.FLATTEN), 2, Decimal("0.20"))
    story.gateway.outbox.clear()
    story.connect()
    story.wait(5)
    assert (story.held, story.live(), story.last_sales()) == (0, {}, {})
    assert not story.book.open_trades()
    assert story.book.count(story.trade, Purpose.EXIT) == 0


def test_a_resting_sale_that_fills_in_part_leaves_the_rest_to_be_closed_from_here() -> None:
    story = opened()
    story.lose()
    story.now = FLATTEN + timedelta(minutes=1)
    story.gateway.fill(story.at_gateway(Purpose.FLATTEN), 1, Decimal("0.20"))
    story.connect()
    story.wait(2)
    assert story.live() == {"X0": 1}
    story.fill(Purpose.EXIT)
    story.wait(1)
    assert (story.held, story.live(), story.last_sales()) == (0, {}, {})


def test_the_resting_sale_follows_a_trim_and_an_add_has_its_own() -> None:
    story = opened(replace(SETTINGS, max_contracts=4, initial_contracts=2))
    story.trim(1)
    story.fill(Purpose.EXIT)
    story.wait(2)
    assert story.last_sales() == {"F0": 1}
    story.post(AddToTrade(price=Decimal("0.38")))
    story.fill(Purpose.ADD)
    story.wait(2)
    assert sum(story.last_sales().values()) == story.held
    assert story.gateway.working_sells(story.con_id) == story.held


def test_what_is_closed_in_time_leaves_nothing_to_rest() -> None:
    story = opened()
    story.now = FLATTEN
    story.wait(2)
    assert (story.live(), story.last_sales()) == ({"X0": 2}, {})


def test_the_resting_sale_moves_to_the_contracts_own_hours_once_they_are_known() -> None:
    story = opened()
    one_o_clock = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
    closes(story, CALL, one_o_clock)
    story.wait(3)
    assert story.last_sales() == {"F1": 2}
    assert story.order(Purpose.FLATTEN).active_at == one_o_clock - timedelta(minutes=14)


def test_a_resting_sale_that_could_not_come_back_stays_where_it_is() -> None:
    story = opened()
    story.fill(Purpose.TAKE_PROFIT, qty=1, price="0.63")
    closes(story, CALL, datetime(2026, 11, 20, 18, 0, tzinfo=UTC))
    story.wait(3)
    assert story.last_sales() == {"F0": 1}


def test_a_resting_sale_that_is_refused_leaves_stop_and_target_alone() -> None:
    story = opened()
    story.gateway.rejects = 99
    story.gateway.end(story.at_gateway(Purpose.FLATTEN))
    story.settle()
    story.wait(30)
    assert (story.live(), story.last_sales()) == ({"T0": 2, "S0": 2}, {})
    assert ["sale for the last day" in each for each in story.reports()] == [True]


def test_no_sale_rests_for_a_time_that_is_over() -> None:
    story = opened()
    for held in story.gateway.live():
        story.gateway.end(held)
    story.now = FLATTEN + timedelta(minutes=2)
    story.settle()
    story.wait(2)
    assert story.last_sales() == {}
    assert story.live() == {"X0": 2}
