from datetime import date
from decimal import Decimal

import pytest

from autoscalper.alert.render import render, shortened
from autoscalper.domain.contract import OptionContract, Right
from autoscalper.domain.identity import ClientOrderId, ExecId, TradeId
from autoscalper.domain.order import Purpose, Side
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.links.any_to_alert import (
    GatewayChanged,
    Level,
    OrderFilled,
    Reported,
    TradeClosed,
)
from tests.fakes.posts import NINE_FORTY_FIVE, an_outcome
from tests.unit.alert import examples

CONTRACT = OptionContract(
    underlying="IWM", expiry=date(2026, 3, 18), strike=Decimal(210), right=Right.CALL
)


def closed(realized: str) -> TradeClosed:
    return TradeClosed(
        trade_id=TradeId("t1"),
        contract=CONTRACT,
        bought_qty=2,
        avg_entry_price=Decimal("0.88"),
        avg_exit_price=Decimal("1.10"),
        realized=Decimal(realized),
        closed_at=NINE_FORTY_FIVE,
    )


def test_an_outcome_says_how_it_ended_and_who_wrote_what_where() -> None:
    line = render(an_outcome(OutcomeKind.IGNORED, "a greeting"))
    assert line == 'ignored: a greeting - Dana in iwm-room: "morning all"'


def test_an_outcome_with_orders_lists_them() -> None:
    decided = an_outcome(OutcomeKind.TRADED, "bought 2 at 0.88", orders=("buy 2", "stop 2 at 0.66"))
    assert render(decided).startswith("traded: bought 2 at 0.88 [buy 2; stop 2 at 0.66] - ")


def test_a_fill_says_side_purpose_count_contract_and_price() -> None:
    fill = OrderFilled(
        exec_id=ExecId("e1"),
        client_order_id=ClientOrderId("o1"),
        trade_id=TradeId("t1"),
        contract=CONTRACT,
        side=Side.SELL,
        purpose=Purpose.STOP_LOSS,
        last_qty=1,
        last_price=Decimal("0.66"),
        executed_at=NINE_FORTY_FIVE,
    )
    assert render(fill) == "sell stop loss filled 1 IWM 210C 2026-03-18 at 0.66"


@pytest.mark.parametrize(("realized", "shown"), [("44", "+$44.00"), ("-12.5", "-$12.50")])
def test_a_closed_trade_says_what_it_made(realized: str, shown: str) -> None:
    assert render(closed(realized)) == (
        f"trade closed IWM 210C 2026-03-18: 2 bought at 0.88, sold at 1.10, {shown}"
    )


@pytest.mark.parametrize(
    ("reason", "line"), [("", "gateway trading"), ("code 1100", "gateway trading (code 1100)")]
)
def test_the_gateways_state_comes_with_its_reason(reason: str, line: str) -> None:
    changed = GatewayChanged(state="trading", reason=reason, changed_at=NINE_FORTY_FIVE)
    assert render(changed) == line


def test_a_post_cannot_break_the_line_or_write_a_line_of_its_own() -> None:
    text = "hi\r\n2026-03-18 INFO broker fake\x1b[31m\u2028\u202e end"
    for line in (
        render(an_outcome(text=text)),
        render(Reported(level=Level.INFO, text=text, reported_at=NINE_FORTY_FIVE)),
    ):
        assert line.isprintable()


@pytest.mark.parametrize(
    ("text", "shown"), [("abcd", "abcd"), ("abcde", "abc…"), (" a\n b ", "a b")]
)
def test_a_long_text_is_cut_and_shows_that_it_was(text: str, shown: str) -> None:
    assert shortened(text, 4) == shown


def test_a_question_names_what_may_be_meant() -> None:
    assert render(examples.question()) == (
        "which trade is meant, MU 127.5C 2026-03-20 or MU 127.5C 2026-03-27?"
        ' Dana in chips-room: "out of MU"'
    )
