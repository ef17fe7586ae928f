"""The whole story of an alert, as people and programs read it."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from autoscalper.cli.whole_story import WholeStory, as_json, text
from autoscalper.domain.contract import OptionContract, Right
from autoscalper.domain.identity import ClientOrderId, ExecId, MessageId, SignalId, TradeId
from autoscalper.domain.instruction import OpenTrade
from autoscalper.domain.order import OrderStatus, Purpose, Side
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.domain.reading import Reader
from autoscalper.links.any_to_alert import (
    Decision,
    OrderChanged,
    OrderFilled,
    TradeChanged,
    TradeClosed,
)
from autoscalper.links.parser_to_broker import SignalIssued
from tests.fakes.posts import NINE_FORTY_FIVE, a_post, an_outcome

TRADE = TradeId("t1")
CONTRACT = OptionContract(
    underlying="IWM", expiry=date(2026, 3, 18), strike=Decimal(210), right=Right.CALL
)


def after(seconds: float) -> datetime:
    return NINE_FORTY_FIVE + timedelta(seconds=seconds)


def order(seconds: float, status: OrderStatus, cum_qty: int = 0, error: str = "") -> OrderChanged:
    return OrderChanged(
        client_order_id=ClientOrderId("AS1|t1|E0"),
        trade_id=TRADE,
        status=status,
        what="buy 2 limit 0.90 (entry)",
        cum_qty=cum_qty,
        error=error,
        changed_at=after(seconds),
    )


def fill(seconds: float, side: Side, price: str) -> OrderFilled:
    return OrderFilled(
        exec_id=ExecId(f"e{seconds}"),
        client_order_id=ClientOrderId("AS1|t1|E0"),
        trade_id=TRADE,
        contract=CONTRACT,
        side=side,
        purpose=Purpose.ENTRY if side is Side.BUY else Purpose.TAKE_PROFIT,
        last_qty=2,
        last_price=Decimal(price),
        executed_at=after(seconds),
    )


DECISION = Decision(
    decided_at=after(1),
    bid=Decimal("0.89"),
    ask=Decimal("0.90"),
    underlying=Decimal("209.40"),
    quoted_at=after(0.5),
    limit_price=Decimal("0.90"),
    stop_price=Decimal("0.68"),
    measured=("age: 1.0 s, 60 s are allowed", "size: 2"),
)
STANDS = TradeChanged(
    trade_id=TRADE,
    contract=CONTRACT,
    message_id=MessageId("101"),
    author_name="Dana",
    channel_name="iwm-room",
    posted_price=Decimal("0.88"),
    opened_at=after(1),
    limit_price=Decimal("0.90"),
    order_qty=2,
    bought_qty=2,
    held_qty=0,
    hold_qty=0,
    avg_price=Decimal("0.90"),
    stop_price=Decimal("0.68"),
    target_price=Decimal("1.34"),
    changed_at=after(60),
)
STORY = WholeStory(
    number=7,
    decided=an_outcome(
        OutcomeKind.TRADED,
        "bought 2 at 0.90",
        text="BTO IWM 210c 0.88",
        understood="NEW IWM 210C @ 0.88",
        trade_id=TRADE,
        decision=DECISION,
    ),
    signal=SignalIssued(
        signal_id=SignalId("101.1"),
        post=a_post(),
        instruction=OpenTrade(price=Decimal("0.88")),
        read_by=Reader.GRAMMAR,
        read_at=after(0.002),
    ),
    told=(
        order(1, OrderStatus.IN_DOUBT),
        order(1.1, OrderStatus.NEW),
        fill(1, Side.BUY, "0.90"),
        order(1.2, OrderStatus.FILLED, 2),
        fill(60, Side.SELL, "1.34"),
        STANDS,
        TradeClosed(
            trade_id=TRADE,
            contract=CONTRACT,
            bought_qty=2,
            avg_entry_price=Decimal("0.90"),
            avg_exit_price=Decimal("1.34"),
            realized=Decimal(88),
            closed_at=after(61),
        ),
    ),
)


def test_it_is_told_from_the_post_to_the_end_in_the_order_in_which_it_happened() -> None:
    assert text(STORY).splitlines()[5:] == [
        "read by    the grammar, which is certain of it, 2.0 ms after hearing",
        "understood NEW IWM 210C @ 0.88",
        "quote      0.89 bid, 0.90 ask, 0.5 s old; the underlying at 209.40",
        "price      limit 0.90, stop 0.68",
        "limit      age: 1.0 s, 60 s are allowed",
        "limit      size: 2",
        "decided    2026-03-18 09:45:00 New York, 4.0 ms after hearing",
        "outcome    traded: bought 2 at 0.90",
        "trade      t1 IWM 210C 2026-03-18: bought 2 of 2 at 0.90, holding 0, stop 0.68,"
        " target 1.34",
        "09:45:01   buy 2 limit 0.90 (entry): in doubt",
        "09:45:01   buy 2 limit 0.90 (entry): new",
        "09:45:01   bought 2 at 0.90 (entry)",
        "09:45:01   buy 2 limit 0.90 (entry): filled, 2 filled",
        "09:46:00   sold 2 at 1.34 (take profit)",
        "cost       $4.00 more than at the posted 0.88",
        "closed     2 bought at 0.90, sold at 1.34: +$88.00 before commissions",
    ]


@pytest.mark.parametrize(
    ("price", "cost"),
    [
        ("0.88", "as posted, 0.88"),
        ("0.85", "$6.00 less than at the posted 0.88"),
        ("0.90", "$4.00 more than at the posted 0.88"),
    ],
)
def test_the_cost_is_what_was_paid_against_the_posted_price(price: str, cost: str) -> None:
    told = text(replace(STORY, told=(STANDS, fill(1, Side.BUY, price))))
    assert told.splitlines()[-1] == f"cost       {cost}"


def test_what_is_not_known_is_left_out() -> None:
    told = text(WholeStory(number=1, decided=an_outcome()))
    names = [line.split()[0] for line in told.splitlines()]
    assert names == ["alert", "written", "in", "text", "heard", "understood", "decided", "outcome"]


def test_a_decision_without_a_market_says_so() -> None:
    blind = replace(DECISION, bid=None, ask=None, underlying=None, quoted_at=None)
    decided = replace(STORY.decided, decision=blind)
    assert "quote      not known\n" in text(replace(STORY, decided=decided))


def test_an_error_of_the_gateway_is_told_with_its_order() -> None:
    refused = order(1, OrderStatus.REJECTED, error="201 no margin")
    assert text(replace(STORY, told=(refused,))).splitlines()[-1] == (
        "09:45:01   buy 2 limit 0.90 (entry): rejected (201 no margin)"
    )


def test_json_has_all_of_it_in_one_line() -> None:
    told = json.loads(as_json(STORY))
    assert (told["number"], told["post_id"], told["signal"]["read_by"]) == (7, "101.1", "grammar")
    assert told["decision"]["measured"] == list(DECISION.measured)
    assert [each["type"] for each in told["story"]][-2:] == ["TradeChanged", "TradeClosed"]
