"""What the gateway says, handed on as it says it."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import ib_async
import pytest
from ib_async.objects import Execution
from msgspec.structs import replace

from autoscalper.broker import events
from autoscalper.broker.events import Event
from autoscalper.broker.ib_connection import FIRST_REQUEST_ID, IbConnection, Told
from autoscalper.domain.identity import ConId, IbOrderId
from autoscalper.domain.order import OrderStatus
from tests.unit.broker.story import CALL

NOTHING_YET = events.Snapshot(
    open_orders=(), fills=(), completed=None, positions={}, next_order_id=IbOrderId(1), number=3
)


@pytest.fixture
async def heard() -> list[Event]:
    return []


@pytest.fixture
async def ib(heard: list[Event]) -> IbConnection:
    connection = IbConnection(1, 45, heard.append)
    connection.account = "DU1"
    return connection


def status(ib: IbConnection, word: str, *, client_id: int = 1, filled: float = 0) -> None:
    ib.wrapper.orderStatus(5, word, filled, 1, 0.4, 9, 0, 0.4, client_id, "", 0.0)


def option(con_id: int) -> ib_async.Contract:
    return ib_async.Contract(conId=con_id, symbol="IWM", secType="OPT")


async def test_an_error_about_an_order_is_told_with_its_order(
    ib: IbConnection, heard: list[Event]
) -> None:
    ib.wrapper.error(5, 201, "Order rejected", "")
    assert heard == [events.OrderErrored(ib_order_id=IbOrderId(5), code=201, text="Order rejected")]
    assert not ib.ended.done()


@pytest.mark.parametrize("code", [326, 10141, 321])
async def test_a_gateway_that_cannot_be_used_ends_the_connection(
    ib: IbConnection, heard: list[Event], code: int
) -> None:
    ib.wrapper.error(-1, code, "no", "")
    assert await ib.ended == f"{code} no"
    assert heard == []


@pytest.mark.parametrize("code", [2104, 2106, 2158, 2103, 202, 504])
async def test_a_notice_of_the_gateway_ends_nothing(
    ib: IbConnection, heard: list[Event], code: int
) -> None:
    ib.wrapper.error(-1, code, "a farm", "")
    assert heard == []
    assert not ib.ended.done()


async def test_an_invalid_request_is_not_an_unusable_gateway(
    ib: IbConnection, heard: list[Event]
) -> None:
    ib.wrapper.error(FIRST_REQUEST_ID + 4, 321, "Error validating request", "")
    assert heard == []
    assert not ib.ended.done()


async def test_states_of_our_orders_are_told_and_those_of_others_are_not(
    ib: IbConnection, heard: list[Event]
) -> None:
    status(ib, "Submitted", filled=1)
    status(ib, "Submitted", client_id=2)
    (event,) = heard
    assert isinstance(event, events.OrderReported)
    assert event.report.status is OrderStatus.PARTIALLY_FILLED
    assert (event.report.cum_qty, event.report.avg_price) == (1, Decimal("0.4"))


async def test_open_orders_of_others_are_listed_and_not_told(
    ib: IbConnection, heard: list[Event]
) -> None:
    state = ib_async.OrderState(status="Submitted")
    told = ib.told = Told()
    for client_id in (1, 2):
        order = ib_async.Order(orderId=5, clientId=client_id, permId=client_id, totalQuantity=1)
        ib.wrapper.openOrder(5, option(7), order, state)

    assert len(told.open_orders) == 2
    assert len(heard) == 1


async def test_nothing_is_kept_of_orders_and_fills_that_come_by_themselves(
    ib: IbConnection,
) -> None:
    order = ib_async.Order(orderId=5, clientId=1, permId=9, totalQuantity=1)
    execution = Execution(execId="1.1", orderRef="AS1|x|E0", side="BOT", shares=1, price=0.4)
    state = ib_async.OrderState(status="Filled")
    ib.wrapper.openOrder(5, option(7), order, state)
    ib.wrapper.execDetails(-1, option(7), execution)
    ib.wrapper.completedOrder(option(7), order, state)
    assert (ib.trades(), ib.fills(), ib.told) == ([], [], None)


async def test_what_is_asked_for_is_evidence_and_a_fill_that_crosses_it_is_not(
    ib: IbConnection, heard: list[Event]
) -> None:
    told = ib.told = Told()
    for request, exec_id in ((FIRST_REQUEST_ID, "1.1"), (-1, "1.2")):
        execution = Execution(execId=exec_id, orderRef="AS1|x|E0", side="BOT", shares=1, price=0.4)
        ib.wrapper.execDetails(request, option(7), execution)
    ib.wrapper.completedOrder(
        option(7), ib_async.Order(permId=9), ib_async.OrderState(status="Inactive")
    )
    assert [fill.exec_id for fill in told.fills] == ["1.1"]
    assert [report.status for report in told.completed] == [OrderStatus.REJECTED]
    assert len(heard) == 2


@pytest.mark.parametrize(("ref", "told"), [("AS1|x|E0", 1), ("", 0)])
async def test_fills_with_a_reference_are_told(
    ib: IbConnection, heard: list[Event], ref: str, told: int
) -> None:
    execution = Execution(execId="1.1", orderRef=ref, side="BOT", shares=1, price=0.4, clientId=1)
    ib.wrapper.execDetails(-1, option(7), execution)
    assert len(heard) == told


def end_positions(ib: IbConnection) -> None:
    ib.wrapper.positionEnd()  # type: ignore[no-untyped-call]


async def test_positions_of_the_traded_account_complete_a_snapshot(
    ib: IbConnection, heard: list[Event]
) -> None:
    ib.snapshot_in_hand = NOTHING_YET
    ib.wrapper.position("DU1", option(7), 2, 40.0)
    ib.wrapper.position("DU2", option(7), 9, 40.0)
    ib.wrapper.position("DU2", option(8), 9, 40.0)
    end_positions(ib)

    told, event = heard
    assert isinstance(told, events.PositionReported)
    assert (told.con_id, told.position) == (7, 2)
    assert told.holding is not None
    assert told.holding.symbol == "IWM"
    assert isinstance(event, events.SnapshotTaken)
    assert event.snapshot.positions == {ConId(7): 2}
    assert event.snapshot.number == 3
    assert ib.was_ready


async def test_positions_that_nobody_waits_for_make_no_snapshot(
    ib: IbConnection, heard: list[Event]
) -> None:
    end_positions(ib)
    assert heard == []
    assert not ib.was_ready


@pytest.mark.parametrize(
    ("tag", "currency", "value", "told"),
    [
        ("NetLiquidation", "USD", "10250.5", [Decimal("10250.5")]),
        ("NetLiquidation", "EUR", "9000", []),
        ("CashBalance", "USD", "9000", []),
        ("NetLiquidation", "USD", "nan", []),
    ],
)
async def test_the_net_liquidation_value_is_told_in_dollars(
    ib: IbConnection,
    heard: list[Event],
    tag: str,
    currency: str,
    value: str,
    told: list[Decimal],
) -> None:
    ib.wrapper.updateAccountValue(tag, value, currency, "DU1")
    balances = [each.net_liquidation for each in heard if isinstance(each, events.BalanceReported)]
    assert balances == told


async def test_the_first_reason_for_the_end_stands(ib: IbConnection) -> None:
    ib.end("326 in use")
    ib.end("the gateway closed the connection")
    assert await ib.ended == "326 in use"


async def test_a_gateway_that_said_its_version_is_there(ib: IbConnection) -> None:
    before = ib.was_greeted
    ib.wrapper.connectAck()  # type: ignore[no-untyped-call]
    assert (before, ib.was_greeted) == (False, True)


async def test_a_line_that_ibkr_does_not_have_is_told_and_can_be_asked_for_again(
    ib: IbConnection, heard: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(ib.client, "isConnected", lambda: True)
    monkeypatch.setattr(ib.client, "isReady", lambda: True)
    monkeypatch.setattr(ib.client, "sendMsg", sent.append)
    other = replace(CALL, strike=CALL.strike + 1)
    ib.client.updateReqId(FIRST_REQUEST_ID)  # type: ignore[no-untyped-call]
    ib.watch(CALL, option(7))
    ib.watch(other, option(8))
    request_id = int(sent[0].split("\0")[2])
    ib.wrapper.error(request_id, 101, "Max number of tickers has been reached", "")
    ib.wrapper.error(request_id, 101, "Max number of tickers has been reached", "")
    assert heard == [events.QuoteRefused(contract=CALL)]
    assert list(ib.quoted) == [other]
    ib.watch(CALL, option(7))
    assert len(sent) == 3
    # What was refused is over.
    ib.wrapper.error(request_id, 101, "Max number of tickers has been reached", "")
    assert CALL in ib.quoted


async def test_two_who_want_a_market_rule_at_once_both_have_it(
    ib: IbConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(ib.client, "isConnected", lambda: True)
    monkeypatch.setattr(ib.client, "isReady", lambda: True)
    monkeypatch.setattr(ib.client, "sendMsg", sent.append)
    both = asyncio.gather(ib.rule(26), ib.rule(26))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    rule = [ib_async.PriceIncrement(0, 0.05)]
    ib.wrapper.marketRule(26, rule)
    assert list(await both) == [rule, rule]
    assert len(sent) == 1
    assert list(await asyncio.gather(ib.rule(26), answer(ib, rule))) == [rule, None]
    assert len(sent) == 2


async def answer(ib: IbConnection, rule: list[ib_async.PriceIncrement]) -> None:
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    ib.wrapper.marketRule(26, rule)
