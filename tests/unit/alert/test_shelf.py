import logging
import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from autoscalper.alert import shelf
from autoscalper.alert.render import render
from autoscalper.alert.shelf import Shelf, key_of, level_of
from autoscalper.domain.contract import OptionContract, Right
from autoscalper.domain.identity import ClientOrderId, ExecId, TradeId
from autoscalper.domain.order import Purpose, Side
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.links import any_to_alert
from autoscalper.links.any_to_alert import (
    GatewayChanged,
    Level,
    OrderFilled,
    OutcomeDecided,
    Reported,
    TradeClosed,
)
from autoscalper.runtime.store import Store
from tests.fakes.posts import NINE_FORTY_FIVE, an_outcome
from tests.unit.alert import examples

CONTRACT = OptionContract(
    underlying="IWM", expiry=date(2026, 3, 18), strike=Decimal(210), right=Right.CALL
)
NOTICES: list[any_to_alert.Message] = [
    an_outcome(),
    OrderFilled(
        exec_id=ExecId("e1"),
        client_order_id=ClientOrderId("o1"),
        trade_id=TradeId("t1"),
        contract=CONTRACT,
        side=Side.BUY,
        purpose=Purpose.ENTRY,
        last_qty=1,
        last_price=Decimal("0.88"),
        executed_at=NINE_FORTY_FIVE,
    ),
    TradeClosed(
        trade_id=TradeId("t1"),
        contract=CONTRACT,
        bought_qty=1,
        avg_entry_price=Decimal("0.88"),
        avg_exit_price=Decimal("1.10"),
        realized=Decimal(22),
        closed_at=NINE_FORTY_FIVE,
    ),
    GatewayChanged(state="trading", reason="", changed_at=NINE_FORTY_FIVE),
    examples.question(),
    Reported(level=Level.WARNING, text="disk is filling", reported_at=NINE_FORTY_FIVE),
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "alert.db", durable=False, schema=shelf.SCHEMA)
    yield store
    store.close()


def take(store: Store, *notices: any_to_alert.Message) -> None:
    kept = Shelf(store)
    with store.transaction():
        for notice in notices:
            kept.take(notice)


def rows(store: Store, table: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(store.path) as reader:
        return reader.execute(f"SELECT * FROM {table} ORDER BY number").fetchall()


def test_an_outcome_is_kept_whole_under_a_number(store: Store) -> None:
    take(store, an_outcome())
    ((number, post_id, message_id, decided),) = rows(store, "outcomes")
    assert (number, post_id, message_id) == (1, "101.1", "101")
    assert isinstance(decided, str)
    assert msgspec.json.decode(decided, type=OutcomeDecided) == an_outcome()


@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: type(notice).__name__)
def test_every_notice_is_kept_and_said_once(
    store: Store, caplog: pytest.LogCaptureFixture, notice: any_to_alert.Message
) -> None:
    with caplog.at_level(logging.INFO):
        take(store, notice, notice)
        take(store, notice)
    assert len(caplog.records) == 1
    assert len(rows(store, "outcomes") + rows(store, "notices")) == 1


def test_a_different_second_outcome_is_a_fault_and_changes_nothing(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    take(store, an_outcome(), an_outcome(OutcomeKind.TRADED, "bought 2"))
    (row,) = rows(store, "outcomes")
    assert "a greeting" in str(row)
    (fault,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert "post_id=101.1 second=traded: bought 2" in fault.getMessage()


def test_the_outcomes_are_counted(store: Store) -> None:
    take(store, an_outcome(), an_outcome(post_id="101.2"))
    assert Shelf(store).outcomes == 2


def test_notices_of_different_causes_have_different_keys() -> None:
    later = GatewayChanged(
        state="trading", reason="", changed_at=NINE_FORTY_FIVE + timedelta(seconds=1)
    )
    assert len({key_of(each) for each in [*NOTICES, later]}) == len(NOTICES) + 1


def test_a_report_sets_its_own_level_and_the_rest_is_the_story_of_a_day() -> None:
    assert [level_of(each) for each in NOTICES] == [logging.INFO] * 5 + [logging.WARNING]


def test_a_notice_on_paper_is_another_one_than_the_real_one() -> None:
    for notice in examples.whole_life():
        if not isinstance(notice, any_to_alert.OutcomeDecided):
            on_paper = replace(notice, is_paper=True)
            assert key_of(on_paper) == f"paper {key_of(notice)}"
            assert render(on_paper) == f"PAPER {render(notice)}"
