"""The connection's phases, and what each event may bring about in them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from msgspec.structs import replace

from autoscalper.broker.commands import (
    CancelOrder,
    FindContract,
    PlaceOrders,
    TakeSnapshot,
    WatchQuote,
)
from autoscalper.broker.core import decide, decide_signals
from autoscalper.broker.events import (
    BalanceReported,
    ClockTicked,
    GatewayConnected,
    GatewayConnecting,
    GatewayLost,
    GatewayRefused,
    LinkDegraded,
    LinkRestored,
    QuoteChanged,
    SignalArrived,
    SnapshotTaken,
)
from autoscalper.broker.records import Phase
from autoscalper.domain.identity import ConId
from autoscalper.domain.instruction import CloseTrade
from autoscalper.domain.order import OrderStatus, Purpose
from autoscalper.domain.outcome import OutcomeKind
from autoscalper.links import any_to_alert
from autoscalper.links.any_to_alert import OrderChanged, TradeChanged
from tests.unit.broker.story import CALL, PUT, Story, entry, opened


def phases(story: Story) -> list[str]:
    return [
        notice.state for notice in story.notices if isinstance(notice, any_to_alert.GatewayChanged)
    ]


def phase_of(story: Story) -> Phase:
    return story.book.phase


def test_a_connection_is_reconciled_before_anything_is_traded() -> None:
    story = Story()
    story.hear(GatewayConnecting(reason="test"))
    (asked, *_) = story.hear(GatewayConnected(account="DU1234567"))

    assert phase_of(story) is Phase.RECONCILING
    assert isinstance(asked, TakeSnapshot)

    story.hear(SnapshotTaken(snapshot=story.gateway.snapshot(asked.number)))
    assert phase_of(story) is Phase.TRADING


def test_an_entry_waits_until_the_broker_trades_and_is_then_ordered() -> None:
    story = Story()
    post_id = story.post(entry())
    assert not story.gateway.accepted
    assert post_id not in story.outcomes

    story.wait(5)
    story.connect()
    story.wait(1)

    assert story.live() == {"E0": 2, "T0": 2, "S0": 2}


def test_an_entry_is_looked_up_again_on_every_connection() -> None:
    story = Story()
    story.connect()
    story.flows = False
    story.post(entry())
    story.lose()

    wanted = story.hear(GatewayConnecting(reason="test"), GatewayConnected(account="DU1234567"))

    assert FindContract(contract=CALL) in wanted


def test_quotes_of_what_is_held_are_asked_for_again_on_every_connection() -> None:
    story = opened()
    story.lose()

    wanted = story.hear(GatewayConnecting(reason="test"), GatewayConnected(account="DU1234567"))

    assert [each.contract for each in wanted if isinstance(each, WatchQuote)] == [CALL]


def test_quotes_are_asked_for_again_when_the_gateway_lost_them() -> None:
    story = opened()
    story.hear(LinkDegraded())

    wanted = story.hear(LinkRestored())

    assert [each.contract for each in wanted if isinstance(each, WatchQuote)] == [CALL]


def test_nothing_is_ordered_or_changed_while_the_gateway_has_lost_its_servers() -> None:
    story = opened()
    story.hear(LinkDegraded())

    story.move_stop("0.36")
    story.trim()
    story.wait(3)

    assert phase_of(story) is Phase.RECONCILING
    assert story.live() == {"T0": 2, "S0": 2}

    story.hear(LinkRestored())
    story.settle()
    story.wait(3)
    assert story.live() == {"T0": 1, "S0": 1, "X0": 1}
    assert story.order(Purpose.STOP_LOSS).terms.stop_price == Decimal("0.36")


def test_a_link_that_was_lost_before_the_login_was_complete_stays_lost() -> None:
    story = Story()
    story.hear(GatewayConnecting(reason="test"), LinkDegraded())
    story.is_connected = True
    story.hear(GatewayConnected(account="DU1234567"))
    story.settle()

    assert story.book.degraded
    assert phase_of(story) is Phase.RECONCILING


def test_a_new_connection_knows_nothing_of_the_link_that_the_last_one_lost() -> None:
    story = opened()
    story.hear(LinkDegraded())
    story.lose()
    story.connect()

    assert phase_of(story) is Phase.TRADING


def test_the_answer_to_an_older_question_is_no_evidence() -> None:
    story = opened()
    old = story.gateway.snapshot(story.book.snapshot_number)
    story.hear(LinkDegraded(), LinkRestored())

    story.hear(SnapshotTaken(snapshot=old))
    assert phase_of(story) is Phase.RECONCILING

    story.hear(SnapshotTaken(snapshot=story.gateway.snapshot(story.book.snapshot_number)))
    assert phase_of(story) is Phase.TRADING


def test_what_was_asked_before_the_link_was_lost_proves_nothing_after_it() -> None:
    story = opened()
    story.lose()
    story.flows = False
    story.connect()
    asked = story.gateway.snapshot(story.book.snapshot_number)

    story.hear(LinkDegraded(), SnapshotTaken(snapshot=asked))

    assert phase_of(story) is Phase.RECONCILING
    assert story.book.order_by_ib_id(story.order(Purpose.STOP_LOSS).ib_order_id) is not None
    assert story.order(Purpose.STOP_LOSS).status is OrderStatus.NEW


def test_only_one_question_is_under_way_at_a_time() -> None:
    story = opened()
    story.flows = False
    story.move_stop("0.36")
    story.gateway.inbox.clear()
    story.hear(GatewayLost(reason="test"))
    story.hear(GatewayConnected(account="DU1234567"))

    story.wait(30)

    assert len([each for each in story.gateway.inbox if isinstance(each, TakeSnapshot)]) == 1


def test_a_signal_that_comes_twice_is_decided_once() -> None:
    story = opened()
    again = [each for each in story.notices if isinstance(each, any_to_alert.OutcomeDecided)]

    story.post(entry(), message_id="m1")

    assert len(story.gateway.accepted) == 4
    assert [
        each for each in story.notices if isinstance(each, any_to_alert.OutcomeDecided)
    ] == again


def test_a_refused_account_halts_until_another_one_answers() -> None:
    story = Story()
    for _ in range(3):
        story.hear(GatewayConnecting(reason="test"), GatewayRefused(reason="a live account"))
    post_id = story.post(entry())
    story.wait(70)

    assert phase_of(story) is Phase.HALTED
    assert story.outcomes[post_id].kind is OutcomeKind.EXPIRED

    story.connect()
    assert phase_of(story) is Phase.TRADING


def test_only_news_of_the_connection_are_told() -> None:
    story = Story()
    for _ in range(5):
        story.hear(GatewayConnecting(reason="test"), GatewayLost(reason="refused"))
    story.connect()
    story.lose()
    for _ in range(5):
        story.hear(GatewayConnecting(reason="test"), GatewayLost(reason="refused"))

    assert phases(story) == ["down", "reconciling", "trading", "down"]


def test_a_quote_alone_decides_nothing_when_nobody_waits_for_it() -> None:
    story = opened()
    quote = QuoteChanged(contract=CALL, bid=Decimal("0.50"), ask=Decimal("0.51"))

    assert decide(story.book, quote, story.now) == []
    assert story.book.changes.is_empty


def test_time_alone_decides_nothing_when_all_is_as_it_should_be() -> None:
    story = opened()
    story.wait(10)

    assert decide(story.book, ClockTicked(), story.now) == []
    assert story.book.changes.is_empty


def test_risk_is_measured_by_the_balance_that_the_gateway_told() -> None:
    story = Story()
    story.connect()
    story.hear(BalanceReported(net_liquidation=Decimal(3000)))

    story.post(entry())

    (placed,) = [each for each in story.commands if isinstance(each, PlaceOrders)]
    assert placed.orders[0].terms.order_qty == 1


def test_of_what_came_together_the_exit_leaves_before_the_entry() -> None:
    story = opened()
    details = replace(story.book.contracts[CALL], con_id=ConId(99))
    story.book.put_contract(PUT, details)
    story.quote("0.54", "0.55", PUT)
    came = (story.signal(entry(PUT, price="0.55"), author="ben"), story.signal(CloseTrade()))
    signals = [SignalArrived(message=each) for each in came]
    left = [type(each) for each in decide_signals(story.book, signals, story.now)]
    assert left.index(CancelOrder) < left.index(PlaceOrders)


def test_an_order_leaves_before_the_question_for_its_quote_and_before_it_is_told_of() -> None:
    story = opened()
    story.book.put_contract(PUT, replace(story.book.contracts[CALL], con_id=ConId(99)))
    story.quote("0.54", "0.55", PUT)
    signals = [SignalArrived(message=story.signal(entry(PUT, price="0.55"), author="ben"))]
    story.book.take_changes()
    left = [type(each) for each in decide_signals(story.book, signals, story.now)]
    assert left == [PlaceOrders, WatchQuote]
    assert story.book.take_changes().notices == []
    decide(story.book, ClockTicked(), story.now)
    told = [type(message) for _, message in story.book.take_changes().notices]
    assert told == [OrderChanged] * 4 + [TradeChanged]


def test_what_sends_no_order_is_told_of_with_what_changed() -> None:
    story = opened()
    details = replace(story.book.contracts[CALL], con_id=ConId(99))
    story.book.put_contract(PUT, details)
    signals = [SignalArrived(message=story.signal(entry(PUT, price="0.55"), author="ben"))]
    story.book.put_trade(replace(story.trade, target_price=Decimal(9)))
    story.book.at_hand.take_unsettled()
    left = decide_signals(story.book, signals, story.now)
    assert [type(each) for each in left] == [WatchQuote]
    told = [message for _, message in story.book.take_changes().notices]
    assert any(isinstance(each, TradeChanged) for each in told)


def test_a_signal_leaves_the_other_trades_to_the_clock() -> None:
    story = opened()
    story.wait(2)
    story.book.put_trade(replace(story.trade, hold=0))
    story.book.at_hand.take_unsettled()
    signal = SignalArrived(message=story.signal(entry(PUT, price="0.55"), author="ben"))
    looked_at = decide_signals(story.book, [signal], story.now)
    assert not any(isinstance(each, CancelOrder) for each in looked_at)
    by_the_clock = decide(story.book, ClockTicked(), story.now)
    assert any(isinstance(each, CancelOrder) for each in by_the_clock)


def test_what_is_told_of_one_trade_leaves_the_others_to_the_clock() -> None:
    story = opened()
    story.wait(2)
    story.book.put_trade(replace(story.trade, hold=0))
    story.book.at_hand.take_unsettled()
    other = BalanceReported(net_liquidation=Decimal(9000))
    assert decide(story.book, other, story.now) == []
    # What changed a trade is about that trade, whoever told it.
    story.book.put_trade(story.trade)
    told = decide(story.book, other, story.now)
    assert any(isinstance(each, CancelOrder) for each in told)
    story.book.put_trade(replace(story.trade, hold=0))
    story.book.at_hand.take_unsettled()
    story.now += timedelta(seconds=5)
    assert decide(story.book, ClockTicked(), story.now)
